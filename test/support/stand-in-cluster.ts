import { readFileSync } from 'node:fs';
import { startCluster } from '../../examples/targets/kubernetes.ts';
import { answerCall } from '../../examples/targets/kubernetes-calls.ts';
import { localCertificate } from '../../local/certificates.ts';
import { scratchDir } from '../infra/scratch-dir.ts';
import {
  administrator,
  CLUSTER,
  type ClusterScene,
  clusterResource,
  ENTRIES,
  REGION,
  TARGET_ROLE,
} from './cluster-scene.ts';
import { startSts } from './sts-server.ts';

/** The stand-in that the local stack runs, set up by the file that an infra team applies. */
export const startStandInCluster = async (): Promise<ClusterScene> => {
  const environment = { ...process.env };
  const sts = await startSts(TARGET_ROLE);
  process.env.AWS_ENDPOINT_URL_STS = sts.url;
  process.env.AWS_REGION = REGION;
  const { sessions } = sts;
  const certificate = await localCertificate(scratchDir());
  const cluster = await startCluster({
    certificate,
    cluster: CLUSTER,
    region: REGION,
    sessions: () => sessions,
    entries: ENTRIES,
  });
  cluster.apply(readFileSync('docs/targets/eks.yaml', 'utf8'));
  const resource = clusterResource(cluster.endpoint, certificate.certPem);
  const { target, signInOwn } = administrator(sessions);
  return {
    resource,
    target,
    sessions,
    certificate,
    adminToken: () => signInOwn(resource),
    async asMaster({ method = 'GET', path, body, contentType = 'application/json' }) {
      const { status, body: told } = answerCall(cluster.store, {
        method,
        url: new URL(path, cluster.endpoint),
        contentType: body && contentType,
        text: body ? JSON.stringify(body) : '',
        asker: { user: 'master', groups: [], isMaster: true },
      });
      return { status, body: typeof told === 'string' ? told : JSON.stringify(told) };
    },
    async stop() {
      await cluster.stop();
      await sts.close();
      process.env = environment;
    },
  };
};
