import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { contain } from '../../lambdas/app/contain.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { liftContainment } from '../../lambdas/app/lift-containment.ts';
import { storeWait } from '../../lambdas/app/store-wait.ts';
import { sweepContainment } from '../../lambdas/app/sweep-containment.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { isStanding } from '../../lambdas/core/containment/containment.ts';
import { isContained } from '../../lambdas/core/grant/use-grant.ts';
import type { App } from '../support/app.ts';
import { newRun, resetScene, withPeople } from '../support/approval-scene.ts';
import { contained, minutes, OF_PRINCIPAL, storyOf } from '../support/containment-scene.ts';
import { ALLOWED, PRINCIPAL, RESOURCE } from '../support/facts.ts';
import { Killed, killAt, killAtEveryPoint } from '../support/kill-at.ts';
import { DORA, EVE } from '../support/votes.ts';

interface Scene {
  readonly app: App;
  readonly task: string;
  /** The one that stands; in the first scenario nobody has placed it yet. */
  readonly id: string | undefined;
}

interface Scenario {
  readonly isPlaced: boolean;
  readonly play: (deps: App['deps'], scene: Scene) => Promise<unknown>;
}

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  placing: {
    isPlaced: false,
    play: (deps) => contain(deps, DORA, { stop: OF_PRINCIPAL, why: 'it misbehaves' }),
  },
  'the first pass': {
    isPlaced: true,
    play: (deps, { app, id = '' }) => sweepContainment(deps, id, app.context),
  },
  'a pass that counts': {
    isPlaced: true,
    async play(deps, { app, id = '' }) {
      await minutes(app, 1);
      await sweepContainment(deps, id, app.context);
    },
  },
  lifting: {
    isPlaced: true,
    play: (deps, { id = '' }) => liftContainment(deps, EVE, { containmentId: id, why: 'it is mended' }),
  },
};

/** Kills each step of a containment at one of so many of its calls, from the first on. */
export const killedInContainments = (oneOf: number): void => {
  for (const [name, scenario] of Object.entries(SCENARIOS))
    test(`killed before or after any call of ${name}, a containment stands or does not, and what it ends is dead and recorded`, async () => {
      const points = await killAtEveryPoint((app, point) => playAndRecover(app, scenario, point), oneOf);
      assert.ok(points + oneOf > 4, `only ${points} points were generated`);
    });
};

const killedDeps = (app: App, point: number) => {
  const { wrap, wasReached } = killAt(point);
  const { store, containments, workflow, targets, firstPass, notifier } = app.deps;
  const { readChain, ...calls } = store;
  const deps = {
    ...app.deps,
    store: { ...wrap(calls), readChain },
    containments: wrap(containments),
    workflow: wrap(workflow),
    targets: { ...targets, postgres: wrap(targets.postgres) },
    firstPass: wrap(firstPass),
    notifier: wrap(notifier),
  };
  return { deps, wasReached };
};

const playAndRecover = async (app: App, { isPlaced, play }: Scenario, point: number) => {
  resetScene(app);
  withWorkflows(app);
  const task = await app.newTask();
  await fill(app, task);
  const id = isPlaced ? (await contained(app, OF_PRINCIPAL)).id : undefined;
  const { deps, wasReached } = killedDeps(app, point);
  await play(deps, { app, task, id }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  const isReached = wasReached();
  // Half of those who were to place it come back; a stop that nobody has placed is nobody's to finish.
  if (!isPlaced && Math.floor(point / 2) % 2 === 0) await play(app.deps, { app, task, id });
  await assertTold(app, point);
  await minutes(app, 4);
  await assertTold(app, point);
  await assertEnded(app, task, point);
  return { wasReached: isReached };
};

/** The machines, as far as they wake: each token is the name of what it waits for. */
const withWorkflows = (app: App): void => {
  app.deps.workflow.endWait = async (token) => {
    if (token.startsWith('g_')) await endAccess(app.deps, token, app.context);
  };
  app.deps.workflow.start = async ({ id }) => {
    if ((await admitGrant(app.deps, id, app.context)) !== 'go') return;
    if (await activateGrant(app.deps, id, app.context))
      await storeWait(app.deps, { grantId: id, taskToken: id });
  };
};

/** One thing of each kind: a login, runs with one that waits for people, a grant that does, and one that is being prepared. */
const fill = async (app: App, task: string): Promise<void> => {
  app.policy.answer = () => ALLOWED;
  for (const action of ['postgres:connect', 'postgres:read']) {
    const id = await app.newActive(task, { action });
    await app.deps.store.saveWaitToken(id, id);
  }
  const { start } = app.deps.workflow;
  app.deps.workflow.start = async () => undefined;
  await app.newGrant(task);
  app.policy.answer = withPeople(1);
  await app.newGrant(task);
  for (const id of await app.deps.store.grantsOfTask(task)) {
    const grant = await app.deps.store.readGrant(id);
    if (grant?.state === 'active' && grant.action === 'postgres:read') await newRun(app, id);
  }
  app.policy.answer = () => ALLOWED;
  app.deps.workflow.start = start;
};

/** A stop is in the register exactly while it stands, and the chain tells of each step once. */
const assertTold = async (app: App, point: number): Promise<void> => {
  const events = (await storyOf(app)).map(({ event }) => event);
  const { stored, containments } = await app.deps.containments.read();
  assert.ok(containments.length <= 1, `point ${point}: placed twice`);
  const reach = { principal: PRINCIPAL, task: '', resource: RESOURCE.id };
  assert.equal(isContained(stored.register, reach), containments.some(isStanding), `point ${point}`);
  const count = (type: string) => events.filter((event) => event.type === type).length;
  assert.equal(count('containment.placed'), containments.length, `point ${point}`);
  assert.equal(count('containment.lifted'), containments.filter((one) => !isStanding(one)).length);
  assert.equal(count('containment.pass') + count('containment.settled'), containments[0]?.passes ?? 0);
};

/** Where it stands it has settled, and all that lived within is dead or was never made; else all of it lives on. */
const assertEnded = async (app: App, task: string, point: number): Promise<void> => {
  const [containment] = await app.deps.containments.list();
  if (!containment || containment.state === 'lifted') return;
  assert.equal(containment.state, 'settled', `point ${point}`);
  assert.deepEqual([...app.roles], [], `point ${point}: a role was forgotten`);
  assert.deepEqual(await app.deps.store.due(Number.MAX_SAFE_INTEGER), [], `point ${point}: still due`);
  for (const id of await app.deps.store.grantsOfTask(task)) {
    const grant = await app.deps.store.readGrant(id);
    assert.ok(grant && 'cause' in grant, `point ${point}: ${grant?.state}`);
    assert.equal(grant.cause, 'contained', `point ${point}`);
    assert.ok(grant.ending.status === 'none' || grant.ending.status === 'dead', `point ${point}`);
    const entries = await Array.fromAsync(app.deps.store.readChain(id));
    assert.deepEqual(verifyChain(id, entries, { head: grant.head, receipts: [] }), []);
  }
};
