import { generateKeyPairSync } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { freePort, startChildServer } from '../../examples/targets/child-server.ts';
import { verifyIdentityUrl } from '../../examples/targets/eks-token.ts';
import { localCertificate } from '../../local/certificates.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import type { Sessions } from '../../local/sessions.ts';
import { scratchDir } from '../infra/scratch-dir.ts';
import {
  administrator,
  CLUSTER,
  type ClusterAnswer,
  type ClusterCall,
  type ClusterScene,
  callCluster,
  clusterResource,
  ENTRIES,
  REGION,
  TARGET_ROLE,
} from '../support/cluster-scene.ts';
import { startSts } from '../support/sts-server.ts';
import { KUBERNETES } from './tools.ts';

const START_TIMEOUT_MS = 60_000;
/** Of whoever made the cluster: a member of `system:masters`. It lives as long as this server. */
const MASTER = 'token-of-the-master';

/**
 * Kubernetes' own API server with RBAC, its store, and the verifier that EKS's authenticator is made from, which asks an STS of ours
 * whose session signed a token. Set up by `docs/targets/eks.yaml`.
 */
export const startKubernetes = async (): Promise<ClusterScene & { output(): string }> => {
  if (!existsSync(KUBERNETES))
    throw new Error('Kubernetes is not built: run these tests with `npm run test:full`');
  const environment = { ...process.env };
  const sts = await startSts(TARGET_ROLE);
  process.env.AWS_ENDPOINT_URL_STS = sts.url;
  process.env.AWS_REGION = REGION;
  const { sessions } = sts;
  const dir = scratchDir();
  const certificate = await localCertificate(dir);
  const identity = identityServer(sessions);
  const port = await freePort();
  const settings = await settingsIn(dir, {
    port,
    stsUrl: `http://127.0.0.1:${await listenOnLoopback(identity)}`,
  });
  const resource = clusterResource(`https://localhost:${port}`, certificate.certPem);
  const asMaster = (call: ClusterCall): Promise<ClusterAnswer> => callCluster(resource, MASTER, call);
  const server = await startChildServer({
    command: KUBERNETES,
    args: [settings],
    cwd: dir,
    env: { HOME: dir, PATH: '' },
    isUp: async () => (await asMaster({ path: '/readyz' })).status === 200,
    startTimeoutMs: START_TIMEOUT_MS,
  });
  const { target, signInOwn } = administrator(sessions);
  await apply(asMaster, readFileSync('docs/targets/eks.yaml', 'utf8'));
  return {
    resource,
    target,
    sessions,
    certificate,
    adminToken: () => signInOwn(resource),
    asMaster,
    output: server.output,
    async stop() {
      await server.stop();
      await closeServer(identity);
      await sts.close();
      process.env = environment;
    },
  };
};

/** `GET` of a presigned identity, as the authenticator sends it: whoever signed it is told, as JSON. */
const identityServer = (sessions: Sessions) =>
  createServer((request, response) => {
    const session = verifyIdentityUrl(`https://${request.headers.host}${request.url}`, {
      cluster: String(request.headers['x-k8s-aws-id']),
      region: REGION,
      lookup: (id) => sessions.lookup(id),
      now: Date.now(),
    });
    if (!session) return response.writeHead(403).end('{}');
    const { arn } = session;
    const name = arn.split('/').at(-1);
    const result = { Account: arn.split(':')[4], Arn: arn, UserId: `AROALOCAL:${name}` };
    response
      .writeHead(200, { 'content-type': 'application/json' })
      .end(JSON.stringify({ GetCallerIdentityResponse: { GetCallerIdentityResult: result } }));
  });

const settingsIn = async (
  dir: string,
  { port, stsUrl }: { readonly port: number; readonly stsUrl: string },
): Promise<string> => {
  const [etcd, peer, webhook] = [await freePort(), await freePort(), await freePort()];
  const file = (name: string) => join(dir, name);
  const { privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2_048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  writeFileSync(file('accounts.key'), privateKey, { mode: 0o600 });
  writeFileSync(file('tokens.csv'), `${MASTER},master,master,system:masters\n`, { mode: 0o600 });
  const place = (name: string, value: object) => [{ name, ...value }];
  const server = `http://127.0.0.1:${webhook}/`;
  const webhookConfig = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: place('authenticator', { cluster: { server } }),
    users: place('server', {}),
    contexts: place('server', { context: { cluster: 'authenticator', user: 'server' } }),
    'current-context': 'server',
  };
  writeFileSync(file('webhook.json'), JSON.stringify(webhookConfig));
  const settings = {
    EtcdDir: file('etcd'),
    EtcdURL: `http://127.0.0.1:${etcd}`,
    EtcdPeerURL: `http://127.0.0.1:${peer}`,
    WebhookAddress: `127.0.0.1:${webhook}`,
    StsURL: stsUrl,
    Cluster: CLUSTER,
    Region: REGION,
    Entries: Object.fromEntries(ENTRIES.map(({ roleArn, username }) => [roleArn, username])),
    Flags: [
      `--etcd-servers=http://127.0.0.1:${etcd}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${port}`,
      `--tls-cert-file=${file('ca.pem')}`,
      `--tls-private-key-file=${file('ca.key')}`,
      '--authorization-mode=RBAC',
      '--authentication-token-webhook-version=v1',
      `--authentication-token-webhook-config-file=${file('webhook.json')}`,
      `--token-auth-file=${file('tokens.csv')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${file('accounts.key')}`,
      `--service-account-signing-key-file=${file('accounts.key')}`,
      // Nothing makes service accounts here, and pods of these tests need none.
      '--disable-admission-plugins=ServiceAccount',
      '--service-cluster-ip-range=10.0.0.0/24',
    ],
  };
  writeFileSync(file('settings.json'), JSON.stringify(settings), { mode: 0o600 });
  return file('settings.json');
};

/** As `kubectl apply` would: each document at its place. */
const apply = async (asMaster: ClusterScene['asMaster'], yaml: string): Promise<void> => {
  const base = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } };
  const documents: Record<string, unknown>[] = parseAllDocuments(yaml).map((document) => document.toJS());
  for (const document of [base, ...documents]) {
    const { status, body } = await asMaster({ method: 'POST', path: pathOf(document), body: document });
    if (status !== 201) throw new Error(`not applied: ${status} ${body}`);
  }
};

const pathOf = (document: Readonly<Record<string, unknown>>): string => {
  const { apiVersion, kind, metadata } = document as { apiVersion: string; kind: string; metadata: object };
  const base = apiVersion === 'v1' ? '/api/v1' : `/apis/${apiVersion}`;
  const namespace = 'namespace' in metadata ? `/namespaces/${metadata.namespace}` : '';
  const plural = kind.toLowerCase().replace(/y$/, 'ie');
  return `${base}${namespace}/${plural}s`;
};
