import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { subjectOf } from '../../lambdas/core/eks/binding.ts';
import type { ActivatingGrant } from '../../lambdas/core/grant/grant.ts';
import { type ClusterScene, callCluster, endedOf, newGrant, tokenOf } from '../support/cluster-scene.ts';
import { PODS, RBAC } from './cluster.ts';

const GUARD = '/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicybindings/latchkey-bindings';
const BINDINGS = `${RBAC}/shop/rolebindings`;

/** What somebody else made for the user of a grant, in a cluster whose guard against that was taken away. */
export const clusterStraysContract = (start: () => Promise<ClusterScene>): void => {
  let scene: ClusterScene;
  let grant: ActivatingGrant;
  before(async () => {
    scene = await start();
    await scene.asMaster({ method: 'DELETE', path: GUARD });
  });
  after(() => scene.stop());
  beforeEach(async () => {
    grant = newGrant();
    assert.equal(
      await scene.target.open({ resource: scene.resource, grant, isStillWanted: async () => true }),
      'opened',
    );
  });

  const stray = async (name: string, others: readonly object[] = []): Promise<void> => {
    const body = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name, namespace: 'shop' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'logs-reader' },
      subjects: [subjectOf(grant.id), ...others],
    };
    // The guard was taken away a moment ago.
    while ((await scene.asMaster({ method: 'POST', path: BINDINGS, body })).status === 422);
  };
  const close = () =>
    scene.target.close({
      resource: scene.resource,
      grantId: grant.id,
      grant: endedOf(grant),
      since: Date.now(),
    });
  const isLetIn = async (): Promise<boolean> => {
    const shown = await tokenOf(scene.resource, grant);
    return (await callCluster(scene.resource, shown, { path: PODS })).status !== 403;
  };

  test('a copy of its binding is found, and goes with it', async () => {
    await stray(`copy-${grant.id.slice(-12)}`);
    const { dead, steps } = await close();
    assert.deepEqual([dead, steps[1]?.outcome], [true, 'removed_1']);
    assert.equal(await isLetIn(), false);
  });

  test('a binding that names others too is left to them, and the grant is not taken for dead', async () => {
    const name = `shared-${grant.id.slice(-12)}`;
    await stray(name, [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: 'people' }]);
    const { dead, error } = await close();
    assert.deepEqual([dead, error], [false, 'strays:named_with_others']);
    assert.equal((await scene.asMaster({ path: `${BINDINGS}/${name}` })).status, 200);
    assert.deepEqual(await scene.target.inventory(scene.resource), [grant.id]);
    await scene.asMaster({ method: 'DELETE', path: `${BINDINGS}/${name}` });
    assert.equal((await close()).dead, true);
    assert.equal(await isLetIn(), false);
  });
};
