import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { userAt } from '../../lambdas/app/audit-target.ts';
import { CONTAINMENT_CHAIN } from '../../lambdas/core/audit/system-chain.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { isStanding } from '../../lambdas/core/containment/containment.ts';
import { KINDS } from '../support/kinds.ts';
import { assertHolds, isSettled } from './holds.ts';
import { learn } from './learn.ts';
import type { Model } from './model.ts';
import type { World } from './world.ts';

/** Longer than any window, lease or pause between two attempts. */
const ROUND_MS = 13 * 3_600_000;
/** What is found to have run out in one is ended in the next. */
const ROUNDS = 4;

/** From a first attempt that failed to the second one of the sweeper, and to the end of an activation that nobody finishes. */
const SETTLED_WAIT_MS = 90_000;

/** Everything comes back and nobody asks for anything any more: then only the schedule goes on, and that must be enough. */
export const settle = async (model: Model, world: World, as: 'resumed' | 'killed'): Promise<void> => {
  for (const kind of world.kinds) {
    model.away.delete(kind);
    world.setAway(kind, false);
  }
  for (const { deed, goOn } of [...world.paused]) {
    const before = model.seen;
    await learn(model, world, { deed, came: await goOn(as), before, isWhole: false });
  }
  for (let round = 0; round < ROUNDS; round += 1) {
    world.pass(ROUND_MS);
    const before = model.seen;
    const came = await world.perform({ what: 'sweep' }, undefined);
    await learn(model, world, { deed: { what: 'sweep' }, came, before, isWhole: true });
  }
  await assertHolds(model, world);
  await assertNothingLeft(model, world);
};

/** In real time windows are too long to wait for, so the tasks are ended; then the schedule has so long to end what it finds. */
export const settleInRealTime = async (model: Model, world: World): Promise<void> => {
  const ended = new Set<string>();
  for (const [containment, stop] of model.seen.containments) {
    if (!isStanding(stop)) continue;
    model.lifting.add(containment);
    await world.perform({ what: 'lift', containment }, undefined);
  }
  for (const until = world.now() + SETTLED_WAIT_MS; ; await pause(500)) {
    // Some are seen late: nobody was told of them, and what was killed may still be under way to the store.
    for (const { id, state } of model.seen.tasks.values()) {
      if (state !== 'open') continue;
      assert.ok(!ended.has(id), `${id} was ended and is open`);
      const { came } = await world.perform({ what: 'end task', task: id }, undefined);
      if (came === 'done') ended.add(id);
    }
    await world.perform({ what: 'sweep' }, undefined);
    await assertHolds(model, world);
    if (model.seen.dueAt.size === 0 || world.now() > until) break;
  }
  await assertNothingLeft(model, world);
};

export const assertNothingLeft = async (model: Model, world: World): Promise<void> => {
  const { grants, tasks, dueAt } = model.seen;
  assert.deepEqual([...dueAt], [], 'something is due for ever');
  for (const grant of grants.values()) assert.ok(isSettled(grant), `${grant.id} is ${grant.state} for ever`);
  const usable = await world.usable(model.given.map(({ credential }) => credential));
  assert.deepEqual(usable, [], 'somebody gets in for ever');
  assert.deepEqual(await world.left(), [], 'something is left at a target');
  for (const state of [...grants.values(), ...tasks.values()]) {
    const flaws = verifyChain(state.id, await world.trail(state.id), { head: state.head, receipts: [] });
    assert.deepEqual(flaws, [], `the chain of ${state.id}`);
  }
  const stops = await world.trail(CONTAINMENT_CHAIN);
  assert.deepEqual(verifyChain(CONTAINMENT_CHAIN, stops, { head: undefined, receipts: [] }), []);
  for (const stop of model.seen.containments.values())
    assert.notEqual(stop.state, 'holding', `${stop.id} holds for ever`);
  // Of a machine, which all share, it is the key that is nobody else's.
  const own = [...grants.values()].filter(({ kind }) => kind !== 'ssh');
  const users = own.map(({ kind, id }) => `${kind} ${userAt(KINDS[kind].resource, id)}`);
  assert.equal(new Set(users).size, users.length, 'two grants share a user');
};
