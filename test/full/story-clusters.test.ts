import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { LocalCluster } from '../../examples/targets/kubernetes.ts';
import { bindingName } from '../../lambdas/core/eks/binding.ts';
import { EksCredentialView, ExecCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { GrantView } from '../../lambdas/http/schemas.ts';
import {
  endTask,
  idOf,
  newActive,
  newTask,
  readGrant,
  release,
  requestAccess,
  until,
  vend,
} from '../e2e/asks.ts';
import { assertProblem } from '../e2e/problems.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';
import { type ClusterCall, callCluster, clusterResource } from '../support/cluster-scene.ts';

/** Clusters through the whole product: gateway, functions with their roles, workflow, sweeper. */
let running: RunningStack;
let crew: Caller;
let cluster: LocalCluster;

before(async () => {
  running = await runStack();
  crew = await running.caller('sales-crew');
  const found = running.stack().clusters.get('shop-cluster');
  assert.ok(found);
  cluster = found;
});
after(() => running.remove());

const READ = {
  resource: 'shop-cluster',
  action: 'eks:connect',
  profile: 'logs-reader',
  durationSeconds: 600,
};
const PODS = { path: '/api/v1/namespaces/shop/pods' };

const tokenFor = async (grant: string): Promise<string> => {
  const answer = await crew.ask(vend(grant));
  assert.equal(answer.status, 201, answer.text);
  return EksCredentialView.parse(answer.json).eks.token;
};
const as = async (token: string, call: ClusterCall = PODS): Promise<number> =>
  (await callCluster(clusterResource(cluster.endpoint, running.stack().certPem), token, call)).status;
const bindings = (): string[] =>
  cluster.store
    .list('rbac.authorization.k8s.io/rolebindings', 'shop')
    .map(({ metadata }) => metadata.name)
    .filter((name) => name !== 'latchkey-admin');

test('a grant opens one role in one namespace, and its end takes that away from the token that is out', async () => {
  const { grant } = await newActive(running, crew, READ);
  const token = await tokenFor(grant);
  assert.equal(await as(token), 200);
  assert.equal(await as(token, { path: '/api/v1/namespaces/shop/secrets' }), 403);
  assert.equal(await as(token, { path: '/api/v1/namespaces/default/pods' }), 403);
  assert.equal(await as(token, { path: '/api/v1/namespaces/shop/configmaps' }), 403);
  const { ending } = GrantView.parse((await crew.ask(release(grant))).json);
  assert.deepEqual(
    [ending?.status, ending?.steps?.map(({ name }) => name)],
    ['dead', ['unbind', 'strays', 'probe']],
  );
  assert.equal(await as(token), 403);
  assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
  assert.deepEqual(bindings(), []);
});

test('a credential comes in the form that kubectl, a kubeconfig or a shell takes', async () => {
  const { grant } = await newActive(running, crew, READ);
  const asked = (accept: string) => crew.ask({ ...vend(grant), headers: { accept } });
  const exec = await asked('application/vnd.latchkey.exec-credential+json');
  assert.equal(await as(ExecCredentialView.parse(exec.json).status.token), 200);
  const config = await asked('application/yaml');
  assert.match(config.headers['content-type'] ?? '', /^application\/yaml/);
  const [, token = ''] = /^ {6}token: (\S+)$/m.exec(config.text) ?? [];
  assert.equal(await as(token), 200);
  assert.match(
    (await asked('text/x-shellscript')).text,
    /^KUBECONFIG="\$\(umask 077; mktemp\)"; export KUBECONFIG$/m,
  );
  assert.equal((await asked('application/vnd.latchkey.credential-process+json')).status, 201);
  await crew.ask(release(grant));
});

test('a profile has to be named where there are several, and policy decides on it', async () => {
  const task = await newTask(crew);
  const { profile: _, ...unnamed } = READ;
  assertProblem(await crew.ask(requestAccess(task, unnamed)), 422, 'unknown_profile');
  assertProblem(await crew.ask(requestAccess(task, { ...READ, profile: 'raeder' })), 422, 'unknown_profile');
  const waiting = await crew.ask(requestAccess(task, { ...READ, profile: 'config-editor' }, {}));
  assert.equal(waiting.status, 202);
  assert.equal(GrantView.parse(waiting.json).state, 'pending_approval');
  const other = await running.caller('other-crew');
  assertProblem(await other.ask(requestAccess(await newTask(other), READ)), 403, 'policy_denied');
  await crew.ask(endTask(task));
});

test('no two grants are the same user, and what is recorded of a token is its fingerprint', async () => {
  const [one, two] = [await newActive(running, crew, READ), await newActive(running, crew, READ)];
  const tokens = [await tokenFor(one.grant), await tokenFor(two.grant)];
  await crew.ask(release(one.grant));
  assert.deepEqual([await as(tokens[0] ?? ''), await as(tokens[1] ?? '')], [403, 200]);
  await crew.ask(release(two.grant));
  const told = JSON.stringify([await running.trail(), running.logs, await running.items('grants')]);
  for (const token of tokens) assert.ok(token.length > 300 && !told.includes(token.slice(20, 120)));
  const issued = (await running.trail()).flatMap(({ event }) =>
    event.type === 'credential.issued' && event.kind === 'eks' ? [event.target.user] : [],
  );
  assert.ok(issued.includes(`latchkey:${one.grant}`) && issued.includes(`latchkey:${two.grant}`));
});

test('a binding that nobody has a grant for is found by the sweeper, and gone', async () => {
  const { grant, task } = await newActive(running, crew, READ);
  const token = await tokenFor(grant);
  const name = bindingName(grant);
  const kept = cluster.store.get('rbac.authorization.k8s.io/rolebindings', 'shop', name);
  assert.ok(kept);
  await crew.ask(endTask(task));
  assert.equal(await as(token), 403);
  cluster.store.put('rbac.authorization.k8s.io/rolebindings', 'shop', kept);
  assert.equal(await as(token), 200);
  await running.stack().sweep();
  assert.equal(await as(token), 403);
  assert.deepEqual(bindings(), []);
});

test('a role that was changed to give more ends the grants that have it', async () => {
  const { grant } = await newActive(running, crew, READ);
  const token = await tokenFor(grant);
  const role = cluster.store.get('rbac.authorization.k8s.io/roles', 'shop', 'logs-reader');
  assert.ok(role && Array.isArray(role.rules));
  const rules = [...role.rules, { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }];
  cluster.store.put('rbac.authorization.k8s.io/roles', 'shop', { ...role, rules });
  await running.stack().sweep();
  const { state, ending } = GrantView.parse((await crew.ask(readGrant(grant))).json);
  assert.deepEqual([state, ending?.status], ['revoked', 'dead']);
  assert.equal(await as(token), 403);
  const task = await newTask(crew);
  const refused = idOf(await crew.ask(requestAccess(task, READ, {})));
  const over = await until(async () => {
    const seen = GrantView.parse((await crew.ask(readGrant(refused))).json);
    return seen.state === 'failed' ? seen : undefined;
  });
  assert.equal(over.state, 'failed');
  cluster.store.put('rbac.authorization.k8s.io/roles', 'shop', role);
  await crew.ask(endTask(task));
});

test('a cluster that is away is retried, and nothing is taken for dead meanwhile', async () => {
  const { grant } = await newActive(running, crew, READ);
  const token = await tokenFor(grant);
  const name = bindingName(grant);
  const role = cluster.store.get('rbac.authorization.k8s.io/roles', 'shop', 'latchkey-admin');
  assert.ok(role);
  // The administrator is locked out: every answer to it is a no that says nothing of the grant.
  cluster.store.delete('rbac.authorization.k8s.io/roles', 'shop', 'latchkey-admin');
  const ended = GrantView.parse((await crew.ask(release(grant))).json);
  assert.equal(ended.state, 'released');
  assert.notEqual(ended.ending?.status, 'dead');
  assertProblem(await crew.ask(vend(grant)), 410, 'grant_over');
  cluster.store.put('rbac.authorization.k8s.io/roles', 'shop', role);
  await until(async () => {
    await running.stack().sweep();
    const { ending } = GrantView.parse((await crew.ask(readGrant(grant))).json);
    return ending?.status === 'dead' ? ending : undefined;
  }, 60);
  assert.equal(await as(token), 403);
  assert.equal(bindings().includes(name), false);
});

test('whoever reaches the cluster asked for no session, and no function asked for what it may not', () => {
  const asking = running.awsCalls.filter(({ action }) => action === 'sts:AssumeRole').map(({ role }) => role);
  // `revoker` has sessions of its own, for the kind `aws`.
  assert.deepEqual(
    [...new Set(asking)].filter((role) => role !== 'revoker'),
    ['vend'],
  );
  assert.deepEqual(running.refusals(), []);
});

test('the trail of all this is whole', async () => {
  const report = await running.verifyTrail();
  assert.deepEqual(report.flaws, []);
});
