import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { ClusterScene } from '../../support/cluster-scene.ts';
import { administrator, callCluster, endedOf, newGrant, tokenOf } from '../../support/cluster-scene.ts';
import { startStandInCluster } from '../../support/stand-in-cluster.ts';

let scene: ClusterScene;
before(async () => {
  scene = await startStandInCluster();
});
after(() => scene.stop());

const PODS = '/api/v1/namespaces/shop/pods';
const FIVE_MINUTES_MS = 5 * 60_000;

test('clocks that are five minutes apart neither keep a grant from being opened nor from being ended', async () => {
  for (const skewMs of [-FIVE_MINUTES_MS, FIVE_MINUTES_MS - 1_000]) {
    const { target } = administrator(scene.sessions, () => Date.now() + skewMs);
    const { resource } = scene;
    const grant = newGrant();
    assert.equal(await target.open({ resource, grant, isStillWanted: async () => true }), 'opened');
    const shown = await tokenOf(resource, grant, () => Date.now() + skewMs);
    assert.equal((await callCluster(resource, shown, { path: PODS })).status, 200);
    const ended = { resource, grantId: grant.id, grant: endedOf(grant), since: Date.now() };
    assert.equal((await target.close(ended)).dead, true);
    assert.equal((await callCluster(resource, shown, { path: PODS })).status, 403);
  }
});

test('a cluster that lets the administrator in no more is not taken for one without the grant', async () => {
  const { target } = administrator(scene.sessions, () => Date.now() - 16 * 60_000);
  const { resource } = scene;
  const grant = newGrant();
  await assert.rejects(target.open({ resource, grant, isStillWanted: async () => true }), {
    name: 'ClusterRefusal',
  });
  const ended = { resource, grantId: grant.id, grant: endedOf(grant), since: Date.now() };
  const { dead, error } = await target.close(ended);
  assert.deepEqual([dead, error], [false, 'unbind:http_401']);
});
