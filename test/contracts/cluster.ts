import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { ForeignBinding } from '../../lambdas/adapters/eks/open-binding.ts';
import { TemplateLeaks } from '../../lambdas/app/ports-of-targets.ts';
import { bindingName, emptyBinding, subjectOf } from '../../lambdas/core/eks/binding.ts';
import type { ActivatingGrant } from '../../lambdas/core/grant/grant.ts';
import {
  type ClusterCall,
  type ClusterScene,
  callCluster,
  endedOf,
  newGrant,
  tokenOf,
} from '../support/cluster-scene.ts';

export const RBAC = '/apis/rbac.authorization.k8s.io/v1/namespaces';
export const PODS = '/api/v1/namespaces/shop/pods';

const wanted = async () => true;
const unwanted = async () => false;

/** What holds of the target `eks` whichever API server stands behind it. */
export const clusterContract = (start: () => Promise<ClusterScene>): void => {
  let scene: ClusterScene;
  before(async () => {
    scene = await start();
    for (const namespace of ['shop', 'other'])
      await master({
        method: 'POST',
        path: '/api/v1/namespaces',
        body: manifest('v1', 'Namespace', namespace),
      });
  });
  after(() => scene.stop());

  const master = (call: ClusterCall) => scene.asMaster(call);
  const open = (grant: ActivatingGrant, isStillWanted = wanted) =>
    scene.target.open({ resource: scene.resource, grant, isStillWanted });
  const close = (grant: ActivatingGrant) =>
    scene.target.close({
      resource: scene.resource,
      grantId: grant.id,
      grant: endedOf(grant),
      since: Date.now(),
    });
  const token = (grant: ActivatingGrant) => tokenOf(scene.resource, grant);
  const as = async (shown: string, call: ClusterCall) =>
    (await callCluster(scene.resource, shown, call)).status;
  const bindingsOf = async (grant: ActivatingGrant) =>
    (await master({ path: `${RBAC}/shop/rolebindings/${bindingName(grant.id)}` })).status;
  /** An API server hears of a new binding a moment after it was stored. */
  const opened = async (profile?: string): Promise<{ grant: ActivatingGrant; shown: string }> => {
    const grant = newGrant(profile);
    assert.equal(await open(grant), 'opened');
    const shown = await token(grant);
    const path = profile === 'config-editor' ? '/api/v1/namespaces/shop/configmaps' : PODS;
    while ((await as(shown, { path })) === 403);
    return { grant, shown };
  };

  test('a grant reads what its profile gives, in its namespace, and nothing else', async () => {
    const { grant, shown } = await opened();
    assert.equal(await as(shown, { path: PODS }), 200);
    for (const call of [
      { path: '/api/v1/namespaces/other/pods' },
      { path: '/api/v1/namespaces/kube-system/pods' },
      { path: '/api/v1/namespaces/shop/secrets' },
      { path: '/api/v1/namespaces/shop/configmaps' },
      { path: `${PODS}?watch=true` },
      { path: `${PODS}/one/exec?command=sh`, method: 'POST' },
      { path: `${PODS}/one/portforward`, method: 'POST' },
      { path: PODS, method: 'DELETE' },
      { path: `${PODS}/one`, method: 'DELETE' },
      { path: `${RBAC}/shop/rolebindings` },
      { path: `${RBAC}/shop/rolebindings`, method: 'POST', body: {} },
    ])
      assert.equal(await as(shown, call), 403, JSON.stringify(call));
    await close(grant);
  });

  test('an end is proved, and the same token is refused from then on', async () => {
    const { grant, shown } = await opened();
    const { dead, steps, error } = await close(grant);
    assert.deepEqual({ dead, error }, { dead: true, error: undefined });
    assert.deepEqual(
      steps.map(({ name, outcome }) => [name, outcome]),
      [
        ['unbind', 'done'],
        ['strays', 'none'],
        ['probe', 'refused'],
      ],
    );
    assert.equal(await as(shown, { path: PODS }), 403);
    assert.equal(await as(await token(grant), { path: PODS }), 403, 'nor a token of after the end');
    assert.equal(await bindingsOf(grant), 404);
  });

  test('ending twice, or what never was, is as dead', async () => {
    const { grant } = await opened();
    await close(grant);
    for (const ended of [grant, newGrant()]) {
      const { dead, steps } = await close(ended);
      assert.deepEqual([dead, steps[0]?.outcome], [true, 'absent']);
    }
  });

  test('no two grants share a user, and the end of one is none of another’s', async () => {
    const one = await opened();
    const other = newGrant('logs-reader', one.grant.task);
    await open(other);
    const theirs = await token(other);
    while ((await as(theirs, { path: PODS })) === 403);
    assert.equal((await close(other)).dead, true);
    assert.equal(await as(theirs, { path: PODS }), 403);
    assert.equal(await as(one.shown, { path: PODS }), 200);
    await close(one.grant);
  });

  test('a profile gives its own role only', async () => {
    const { grant, shown } = await opened('config-editor');
    const settings = '/api/v1/namespaces/shop/configmaps';
    const body = manifest('v1', 'ConfigMap', `settings-${grant.id.slice(-12)}`);
    assert.equal(await as(shown, { method: 'POST', path: settings, body }), 201);
    assert.equal(await as(shown, { path: PODS }), 403);
    assert.equal((await close(grant)).dead, true);
    assert.equal(await as(shown, { path: settings }), 403);
  });

  test('opening twice makes one binding', async () => {
    const { grant } = await opened();
    assert.equal(await open(grant), 'opened');
    assert.deepEqual(await scene.target.inventory(scene.resource), [grant.id]);
    await close(grant);
    assert.deepEqual(await scene.target.inventory(scene.resource), []);
  });

  test('what is not wanted any more leaves nothing, also when it was there already', async () => {
    const grant = newGrant();
    assert.equal(await open(grant, unwanted), 'unwanted');
    assert.equal(await bindingsOf(grant), 404);
    await open(grant);
    assert.equal(await open(grant, unwanted), 'unwanted');
    assert.equal(await bindingsOf(grant), 404);
  });

  test('an opening that was held up until after the end revives nothing', async () => {
    const grant = newGrant();
    let asked = 0;
    const heldUp = async () => {
      asked += 1;
      if (asked > 1) return false;
      assert.equal((await close(grant)).dead, true);
      return true;
    };
    assert.equal(await open(grant, heldUp), 'unwanted');
    assert.equal(asked, 2);
    assert.equal(await bindingsOf(grant), 404);
  });

  test('nor does one whose binding was made anew meanwhile', async () => {
    const grant = newGrant();
    let asked = 0;
    const heldUp = async () => {
      asked += 1;
      if (asked > 1) return false;
      await close(grant);
      const body = emptyBinding(grant.id, profileOf('logs-reader'));
      await master({ method: 'POST', path: `${RBAC}/shop/rolebindings`, body });
      return true;
    };
    assert.equal(await open(grant, heldUp), 'unwanted');
    assert.equal(await bindingsOf(grant), 404);
  });

  test('under its name nothing is used that we did not make; the end takes it away all the same', async () => {
    const grant = newGrant();
    const made = emptyBinding(grant.id, profileOf('logs-reader'));
    const body = { ...made, roleRef: { ...made.roleRef, name: 'config-editor' } };
    assert.equal((await master({ method: 'POST', path: `${RBAC}/shop/rolebindings`, body })).status, 201);
    await assert.rejects(open(grant), ForeignBinding);
    assert.equal((await close(grant)).dead, true);
    assert.equal(await bindingsOf(grant), 404);
  });

  test('a role that gives what outlives a grant is not bound', async () => {
    const grant = newGrant();
    const path = `${RBAC}/shop/roles/logs-reader`;
    const { rules } = JSON.parse((await master({ path })).body);
    const write = (changed: object[]) =>
      master({
        method: 'PATCH',
        path,
        body: { rules: changed },
        contentType: 'application/merge-patch+json',
      });
    await write([...rules, { apiGroups: [''], resources: ['pods/exec'], verbs: ['create'] }]);
    await assert.rejects(open(grant), TemplateLeaks);
    assert.equal(await bindingsOf(grant), 404);
    await write(rules);
    assert.equal(await open(grant), 'opened');
    await close(grant);
  });

  test('a role that comes to give more is noticed with everybody who is bound to it', async () => {
    const [one, other] = [await opened(), await opened('config-editor')];
    assert.deepEqual(await scene.target.outgrown?.(scene.resource), []);
    const path = `${RBAC}/shop/roles/logs-reader`;
    const { rules } = JSON.parse((await master({ path })).body);
    const write = (changed: object[]) =>
      master({
        method: 'PATCH',
        path,
        body: { rules: changed },
        contentType: 'application/merge-patch+json',
      });
    await write([...rules, { apiGroups: [''], resources: ['secrets'], verbs: ['get'] }]);
    assert.deepEqual(await scene.target.outgrown?.(scene.resource), [one.grant.id]);
    assert.equal((await close(one.grant)).dead, true);
    assert.deepEqual(await scene.target.outgrown?.(scene.resource), []);
    await write(rules);
    await close(other.grant);
  });

  test('a profile that is not configured any more is neither opened nor taken for dead', async () => {
    const grant = newGrant('gone');
    await assert.rejects(open(grant), TemplateLeaks);
    assert.deepEqual(await close(grant), {
      dead: false,
      steps: [],
      error: 'profile:removed_from_configuration',
    });
  });

  test('what the target holds and nobody asked for is found, and ended with nothing known but its name', async () => {
    const { grant, shown } = await opened('config-editor');
    assert.deepEqual(await scene.target.inventory(scene.resource), [grant.id]);
    const { resource } = scene;
    const orphan = { resource, grantId: grant.id, grant: undefined, since: Date.now() };
    assert.equal((await scene.target.close(orphan)).dead, true);
    assert.equal(await as(shown, { path: '/api/v1/namespaces/shop/configmaps' }), 403);
  });

  test('the administrator makes bindings of listed roles, and can do nothing else', async () => {
    const admin = await scene.adminToken();
    const binding = emptyBinding(newGrant().id, profileOf('logs-reader'));
    const bindings = `${RBAC}/shop/rolebindings`;
    for (const call of [
      { path: PODS },
      { path: '/api/v1/namespaces/shop/secrets' },
      { path: '/api/v1/namespaces/shop/configmaps' },
      { path: `${RBAC}/other/rolebindings` },
      { path: `${RBAC}/other/rolebindings`, method: 'POST', body: binding },
      { path: `${bindings}?watch=true` },
      { path: `${RBAC}/shop/roles` },
      { path: `${RBAC}/shop/roles`, method: 'POST', body: manifest('v1', 'Role', 'mine') },
      { path: `${RBAC}/shop/roles/latchkey-admin` },
      { path: `${RBAC}/shop/roles/logs-reader`, method: 'PATCH', body: {} },
      {
        path: bindings,
        method: 'POST',
        body: { ...binding, roleRef: { ...binding.roleRef, kind: 'ClusterRole', name: 'cluster-admin' } },
      },
    ])
      assert.equal(await as(admin, call), 403, JSON.stringify(call));
  });

  test('a hundred grants that end at once are dead, each for itself', async () => {
    const grants = Array.from({ length: 100 }, () => newGrant());
    for (let at = 0; at < grants.length; at += 10)
      await Promise.all(grants.slice(at, at + 10).map((grant) => open(grant)));
    const [first] = grants;
    assert.ok(first);
    const shown = await token(first);
    while ((await as(shown, { path: PODS })) === 403);
    const reports = await Promise.all(grants.map(close));
    assert.deepEqual(
      reports.filter(({ dead }) => !dead),
      [],
    );
    assert.equal(await as(shown, { path: PODS }), 403);
    assert.deepEqual(await scene.target.inventory(scene.resource), []);
  });

  const profileOf = (name: string) => {
    const profile = scene.resource.target.profiles[name];
    assert.ok(profile);
    return profile;
  };
};

export const manifest = (apiVersion: string, kind: string, name: string) => ({
  apiVersion,
  kind,
  metadata: { name },
});

export const strayOf = (grantId: string, name: string, others: readonly object[] = []) => ({
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'RoleBinding',
  metadata: { name, namespace: 'shop' },
  roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'logs-reader' },
  subjects: [subjectOf(grantId), ...others],
});
