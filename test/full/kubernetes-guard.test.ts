import assert from 'node:assert/strict';
import { request } from 'node:https';
import { after, before, test } from 'node:test';
import { bindingName, emptyBinding, RBAC_GROUP, subjectOf } from '../../lambdas/core/eks/binding.ts';
import type { ActivatingGrant } from '../../lambdas/core/grant/grant.ts';
import {
  type ClusterCall,
  type ClusterScene,
  callCluster,
  endedOf,
  newGrant,
  tokenOf,
} from '../support/cluster-scene.ts';
import { startKubernetes } from './start-kubernetes.ts';

/** What only a whole API server can show: the guard of `docs/targets/eks.yaml`, other sources of rights, and streams. */
let scene: ClusterScene;
before(async () => {
  scene = await startKubernetes();
  // An API server takes up a new policy some moments after it was stored.
  const { id } = newGrant();
  const guarded = { ...emptyBinding(id, PROFILE), subjects: [subjectOf(id)] };
  while ((await scene.asMaster(create(guarded))).status !== 422)
    await scene.asMaster({ method: 'DELETE', path: `${BINDINGS}/${bindingName(id)}` });
});
after(() => scene.stop());

const RBAC = `/apis/${RBAC_GROUP}/v1`;
const BINDINGS = `${RBAC}/namespaces/shop/rolebindings`;
const PODS = '/api/v1/namespaces/shop/pods';
const GUARD = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/latchkey-bindings';
const PROFILE = { description: 'x', namespace: 'shop', role: { kind: 'Role', name: 'logs-reader' } } as const;
const MERGE = 'application/merge-patch+json';

const asAdmin = async (call: ClusterCall) => callCluster(scene.resource, await scene.adminToken(), call);
const create = (body: object) => ({ method: 'POST', path: BINDINGS, body });
const open = (grant: ActivatingGrant) =>
  scene.target.open({ resource: scene.resource, grant, isStillWanted: async () => true });
const close = (grant: ActivatingGrant) =>
  scene.target.close({
    resource: scene.resource,
    grantId: grant.id,
    grant: endedOf(grant),
    since: Date.now(),
  });

test('the administrator itself cannot bind anybody but the user of a grant, nor under another name', async () => {
  const { id } = newGrant();
  const whole = { ...emptyBinding(id, PROFILE), subjects: [subjectOf(id)] };
  const named = (name: string) => ({ ...whole, metadata: { ...whole.metadata, name } });
  for (const bent of [
    named('mine'),
    named('latchkey-admin-2'),
    { ...whole, subjects: [subjectOf(newGrant().id)] },
    { ...whole, subjects: [{ ...subjectOf(id), name: 'mallory' }] },
    { ...whole, subjects: [{ ...subjectOf(id), kind: 'Group', name: 'system:authenticated' }] },
    { ...whole, subjects: [subjectOf(id), { ...subjectOf(id), name: 'mallory' }] },
    { ...whole, subjects: [{ kind: 'ServiceAccount', namespace: 'shop', name: 'default' }] },
  ])
    assert.equal((await asAdmin(create(bent))).status, 422, JSON.stringify(bent));
  assert.equal((await asAdmin(create(whole))).status, 201);
  const path = `${BINDINGS}/${bindingName(id)}`;
  const body = { subjects: [{ ...subjectOf(id), name: 'mallory' }] };
  assert.equal((await asAdmin({ method: 'PATCH', path, body, contentType: MERGE })).status, 422);
  assert.equal((await asAdmin({ method: 'DELETE', path })).status, 200);
});

test('nobody else names the user of a grant, and others go on as before', async () => {
  const { id } = newGrant();
  const whole = { ...emptyBinding(id, PROFILE), subjects: [subjectOf(id)] };
  assert.equal((await scene.asMaster(create(whole))).status, 422);
  const people = {
    ...whole,
    metadata: { name: 'people', namespace: 'shop' },
    subjects: [{ ...subjectOf(id), kind: 'Group', name: 'people' }],
  };
  assert.equal((await scene.asMaster(create(people))).status, 201);
  assert.equal((await scene.asMaster({ method: 'DELETE', path: `${BINDINGS}/people` })).status, 200);
});

test('an open watch outlives the end of its binding, which is why no role of ours gives one', async () => {
  const grant = newGrant();
  const path = `${RBAC}/namespaces/shop/roles/logs-reader`;
  const { rules } = JSON.parse((await scene.asMaster({ path })).body);
  assert.equal(await open(grant), 'opened');
  const watching = [...rules, { apiGroups: [''], resources: ['pods'], verbs: ['watch'] }];
  const write = (changed: object[]) =>
    scene.asMaster({ method: 'PATCH', path, body: { rules: changed }, contentType: MERGE });
  await write(watching);
  const token = await tokenOf(scene.resource, grant);
  while ((await callCluster(scene.resource, token, { path: PODS })).status === 403);
  const stream = await watch(token);
  assert.equal((await close(grant)).dead, true);
  await scene.asMaster({ method: 'POST', path: PODS, body: POD });
  assert.match(await stream.next(), /"after-the-end"/);
  stream.stop();
  await write(rules);
  await assert.doesNotReject(open(newGrant()));
});

const POD = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'after-the-end' },
  spec: { containers: [{ name: 'one', image: 'one' }] },
};

/** Opens a watch on pods; `next` waits for what it tells next. */
const watch = (token: string): Promise<{ next(): Promise<string>; stop(): void }> =>
  new Promise((resolve, reject) => {
    const { endpoint, caPem } = scene.resource.target;
    const headers = { authorization: `Bearer ${token}` };
    const sent = request(new URL(`${PODS}?watch=true`, endpoint), { ca: caPem, headers }, (answer) => {
      if (answer.statusCode !== 200) return reject(new Error(`refused with ${answer.statusCode}`));
      resolve({
        next: () => new Promise((told) => answer.once('data', (chunk) => told(String(chunk)))),
        stop: () => sent.destroy(),
      });
    });
    sent.on('error', reject).end();
  });

test('a right that comes from where we cannot look is seen by the cluster’s own decision', async () => {
  const grant = newGrant();
  await scene.asMaster({ method: 'DELETE', path: GUARD });
  const role = {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRole',
    metadata: { name: 'reads-pods' },
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list'] }],
  };
  await scene.asMaster({ method: 'POST', path: `${RBAC}/clusterroles`, body: role });
  const hidden = {
    apiVersion: `${RBAC_GROUP}/v1`,
    kind: 'ClusterRoleBinding',
    metadata: { name: 'hidden' },
    roleRef: { apiGroup: RBAC_GROUP, kind: 'ClusterRole', name: 'reads-pods' },
    subjects: [subjectOf(grant.id)],
  };
  const path = `${RBAC}/clusterrolebindings`;
  // The guard was taken away a moment ago.
  while ((await scene.asMaster({ method: 'POST', path, body: hidden })).status === 422);
  const { dead, error } = await close(grant);
  assert.deepEqual([dead, error], [false, 'probe:got_in']);
  await scene.asMaster({ method: 'DELETE', path: `${path}/hidden` });
  assert.equal((await close(grant)).dead, true);
});
