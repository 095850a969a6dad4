import type { ApiClient, Wire } from './api-client.ts';
import { callCluster } from './call-cluster.ts';
import { expect } from './expect-status.ts';
import type { Narrator } from './narrator.ts';

export interface ClusterScene {
  readonly crew: ApiClient;
  readonly task: string;
  readonly narrator: Narrator;
}

type Token = Wire['EksCredentialView']['eks'];

/** A cluster: a token for one role in one namespace, what it opens and what it does not, and its end under way. */
export const tellCluster = async (scene: ClusterScene): Promise<void> => {
  const grant = await askForLogs(scene);
  const token = await useToken(scene, grant);
  await endGrant(scene, { grant, token });
};

const askForLogs = async ({ crew, task, narrator }: ClusterScene): Promise<string> => {
  const asked = {
    task,
    resource: 'shop-cluster',
    action: 'eks:connect',
    profile: 'logs-reader',
    durationSeconds: 600,
    reason: 'Orders that were not paid',
  };
  const grant = expect(await crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }), 201);
  narrator.step(
    'It asks for the logs of what runs in the shop',
    ['A binding was made in the namespace shop, for a user that is this grant and nobody else.'],
    grant,
  );
  return grant.body.id;
};

const useToken = async ({ crew, narrator }: ClusterScene, grant: string): Promise<Token> => {
  const vended = expect(await crew.post<Wire['EksCredentialView']>(`/v1/grants/${grant}/credentials`), 201);
  const token = vended.body.eks;
  const { status, body } = await callCluster(token, '/api/v1/namespaces/shop/pods');
  if (status !== 200) throw new Error(`the cluster answered ${status}`);
  const pods: { metadata: { name: string } }[] = JSON.parse(body).items;
  const [pod = ''] = pods.map(({ metadata }) => metadata.name);
  const log = await callCluster(token, `/api/v1/namespaces/shop/pods/${pod}/log`);
  const secrets = await callCluster(token, '/api/v1/namespaces/shop/secrets');
  const shell = await callCluster(token, `/api/v1/namespaces/shop/pods/${pod}/exec?command=sh`, 'POST');
  if (secrets.status !== 403 || shell.status !== 403) throw new Error('a reader of logs got further');
  narrator.step(
    `It calls the cluster as ${token.user}`,
    [
      `${pods.length} pods run; the log of ${pod} says:`,
      ...log.body.trim().split('\n'),
      `Secrets: ${secrets.status}. A shell in the pod: ${shell.status}.`,
    ],
    vended,
  );
  return token;
};

const endGrant = async (
  { crew, narrator }: ClusterScene,
  { grant, token }: { readonly grant: string; readonly token: Token },
): Promise<void> => {
  const ended = expect(await crew.end<Wire['GrantView']>(`/v1/grants/${grant}`), 200);
  const { status } = await callCluster(token, '/api/v1/namespaces/shop/pods');
  if (status !== 403) throw new Error(`the token of an ended grant was answered with ${status}`);
  const { ending } = ended.body;
  narrator.step(
    'It gives the cluster back. The token itself cannot be recalled, so what it opens is taken away',
    [
      ...(ending?.steps ?? []).map((step) => `${step.name}: ${step.outcome} (after ${step.atMs} ms)`),
      `Proved dead ${ending?.deadAfterMs} ms after the end; the same token gets ${status}.`,
    ],
    ended,
  );
};
