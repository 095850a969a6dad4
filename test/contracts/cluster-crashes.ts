import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { ActivatingGrant } from '../../lambdas/core/grant/grant.ts';
import { type ClusterScene, callCluster, endedOf, newGrant, tokenOf } from '../support/cluster-scene.ts';
import { type Cut, type FaultyCluster, startFaultyCluster } from '../support/faulty-cluster.ts';
import { PODS } from './cluster.ts';

/** Whoever opens or ends access dies before or after any of its calls: what is left is finished by whoever comes next. */
export const clusterCrashContract = (start: () => Promise<ClusterScene>): void => {
  let scene: ClusterScene;
  let faulty: FaultyCluster;
  before(async () => {
    scene = await start();
    faulty = await startFaultyCluster(scene.resource.target.endpoint, scene.certificate);
  });
  after(async () => {
    await faulty.stop();
    await scene.stop();
  });

  const throughFaults = () => ({
    ...scene.resource,
    target: { ...scene.resource.target, endpoint: faulty.endpoint },
  });
  const open = (grant: ActivatingGrant, isStillWanted = async () => true) =>
    scene.target.open({ resource: throughFaults(), grant, isStillWanted });
  const close = (grant: ActivatingGrant) => {
    const resource = throughFaults();
    return scene.target.close({ resource, grantId: grant.id, grant: endedOf(grant), since: Date.now() });
  };
  const isLetIn = async (grant: ActivatingGrant): Promise<boolean> => {
    const shown = await tokenOf(scene.resource, grant);
    return (await callCluster(scene.resource, shown, { path: PODS })).status !== 403;
  };
  const holdsNothing = async (): Promise<void> =>
    assert.deepEqual(await scene.target.inventory(scene.resource), []);

  /** Every point at which this can die, found by letting it run once. */
  const pointsOf = async (whole: () => Promise<unknown>): Promise<Cut[]> => {
    faulty.cutAt(undefined);
    await whole();
    const calls = Array.from({ length: faulty.calls() }, (_, at) => at + 1);
    return calls.flatMap((call) => (['before', 'after'] as const).map((at) => ({ call, at })));
  };

  test('whenever an opening dies, the end that follows leaves nothing', async () => {
    const first = newGrant();
    const points = await pointsOf(() => open(first));
    await close(first);
    assert.ok(points.length >= 6);
    for (const point of points) {
      const grant = newGrant();
      faulty.cutAt(point);
      await open(grant).catch((error: unknown) => assert.ok(error instanceof DependencyUnavailable));
      faulty.cutAt(undefined);
      assert.equal((await close(grant)).dead, true, JSON.stringify(point));
      assert.equal(await isLetIn(grant), false, JSON.stringify(point));
      await holdsNothing();
    }
  });

  test('whenever an opening dies, the next attempt opens, or takes away what is not wanted any more', async () => {
    const first = newGrant();
    const points = await pointsOf(() => open(first));
    await close(first);
    for (const point of points)
      for (const isWanted of [true, false]) {
        const grant = newGrant();
        faulty.cutAt(point);
        await open(grant).catch((error: unknown) => assert.ok(error instanceof DependencyUnavailable));
        faulty.cutAt(undefined);
        assert.equal(await open(grant, async () => isWanted), isWanted ? 'opened' : 'unwanted');
        if (isWanted) while (!(await isLetIn(grant)));
        await close(grant);
        await holdsNothing();
      }
  });

  test('whenever an ending dies, it is not taken for dead, and the next one finishes it', async () => {
    const first = newGrant();
    await open(first);
    const points = await pointsOf(() => close(first));
    for (const point of points) {
      const grant = newGrant();
      await open(grant);
      while (!(await isLetIn(grant)));
      faulty.cutAt(point);
      const { dead, error } = await close(grant);
      assert.equal(dead, false, JSON.stringify(point));
      assert.match(error ?? '', /^(unbind|strays|probe):unavailable$/);
      faulty.cutAt(undefined);
      assert.equal((await close(grant)).dead, true, JSON.stringify(point));
      assert.equal(await isLetIn(grant), false, JSON.stringify(point));
      await holdsNothing();
    }
  });
};
