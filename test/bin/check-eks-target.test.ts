import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { checkEksTarget } from '../../bin/check-eks-target.ts';
import { Mistakes } from '../../bin/mistakes.ts';
import type { ClusterCall, ClusterScene } from '../support/cluster-scene.ts';
import { startStandInCluster } from '../support/stand-in-cluster.ts';

let scene: ClusterScene;
before(async () => {
  scene = await startStandInCluster();
});
after(() => scene.stop());

const ROLES = '/apis/rbac.authorization.k8s.io/v1/namespaces/shop/roles';
const MERGE = 'application/merge-patch+json';

const lacking = async () => {
  const checks = await checkEksTarget(scene.resource, () => scene.adminToken());
  assert.ok(checks.length >= 7);
  return checks.filter(({ ok }) => !ok).map(({ item, mend }) => `${item}: ${mend}`);
};

/** With the rules of a role changed, and back again. */
const withRules = async (role: string, change: (rules: readonly object[]) => readonly object[]) => {
  const path = `${ROLES}/${role}`;
  const { rules } = JSON.parse((await scene.asMaster({ path })).body);
  const write = (body: object) => scene.asMaster({ method: 'PATCH', path, body, contentType: MERGE });
  await write({ rules: change(rules) });
  try {
    return await lacking();
  } finally {
    await write({ rules });
  }
};

test('a cluster that the file has prepared lacks nothing', async () => {
  assert.deepEqual(await lacking(), []);
});

test('what is missing is said with what to apply, and what is too much with what to take away', async () => {
  const named = await withRules('latchkey-admin', (rules) =>
    rules.map((rule) => ('resourceNames' in rule ? { ...rule, resourceNames: ['logs-reader'] } : rule)),
  );
  assert.deepEqual(
    named.map((one) => one.split(':')[0]),
    [
      'latchkey-admin may bind Role config-editor',
      'the role of config-editor gives nothing that outlives a grant',
    ],
  );
  const secrets = { apiGroups: [''], resources: ['secrets'], verbs: ['get'] };
  const [beyond] = await withRules('latchkey-admin', (rules) => [...rules, secrets]);
  assert.match(beyond ?? '', /can do nothing else in shop: Take every other role/);
});

test('a role that leaks is named by its profile, with the reason', async () => {
  const exec = { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] };
  assert.deepEqual(await withRules('logs-reader', (rules) => [...rules, exec]), [
    'the role of logs-reader gives nothing that outlives a grant: It gives a subresource such as exec, portforward or proxy.',
  ]);
});

test('a role that is not there is missed', async () => {
  const call = (change: Partial<ClusterCall>) =>
    scene.asMaster({ path: `${ROLES}/config-editor`, ...change });
  const kept = JSON.parse((await call({})).body);
  await call({ method: 'DELETE' });
  assert.deepEqual(await lacking(), [
    'the role of config-editor gives nothing that outlives a grant: Apply parts 1 and 2 of docs/targets/eks.yaml.',
  ]);
  const { apiVersion, kind, rules } = kept;
  const body = { apiVersion, kind, metadata: { name: 'config-editor', namespace: 'shop' }, rules };
  await scene.asMaster({ method: 'POST', path: ROLES, body });
});

test('whoever cannot ask is told what to mend', async () => {
  const refused = (message: RegExp, change: object, signIn = () => scene.adminToken()) =>
    assert.rejects(
      checkEksTarget({ ...scene.resource, target: { ...scene.resource.target, ...change } }, signIn),
      (error) => error instanceof Mistakes && message.test(error.message),
    );
  await refused(/cannot be reached from here/, { endpoint: 'https://localhost:1' });
  await refused(/does not know your identity/, {}, async () => 'not a token');
});
