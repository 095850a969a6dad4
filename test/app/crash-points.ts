import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { reconcileTarget } from '../../lambdas/app/reconcile-target.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { storeWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { fingerprintOf, vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { type App, REQUEST } from '../support/app.ts';
import { CALLER, NOW, RESOURCE } from '../support/facts.ts';
import { Killed, killAt, killAtEveryPoint } from '../support/kill-at.ts';

const killedDeps = (app: App, point: number) => {
  const { wrap, wasReached } = killAt(point);
  const { store, workflow, targets, issuers } = app.deps;
  const { readChain: _, ...calls } = store;
  const deps = {
    ...app.deps,
    store: { ...wrap(calls), readChain: store.readChain },
    workflow: wrap(workflow),
    targets: { postgres: wrap(targets.postgres) },
    issuers: { postgres: wrap(issuers.postgres) },
  };
  return { deps, wasReached };
};

/** One life, each part by the function that plays it, until the process dies. */
const SCENARIOS = {
  request: async (_: App, deps: App['deps'], task: string) => {
    await requestAccess(deps, CALLER, { request: { ...REQUEST, task }, idempotencyKey: 'key' });
  },
  activation: async (app: App, deps: App['deps'], task: string) => {
    const { id } = await app.newGrant(task);
    await activateGrant(deps, id, app.context);
  },
  wait: async (app: App, deps: App['deps'], task: string) => {
    const id = await app.newActive(task);
    await storeWait(deps, { grantId: id, taskToken: 'token' });
  },
  vend: async (app: App, deps: App['deps'], task: string) => {
    const id = await app.newActive(task);
    const vended = await vendCredential(deps, CALLER, { grantId: id });
    assert.ok(vended.ok && vended.value.credential.kind === 'postgres');
    released.push(fingerprintOf(vended.value.credential.password));
  },
  release: async (app: App, deps: App['deps'], task: string) => {
    const id = await app.newActive(task);
    const sleep = async () => {
      app.time.now += 20_000;
    };
    await releaseGrant({ ...deps, sleep }, CALLER, id);
  },
  end: async (app: App, deps: App['deps'], task: string) => {
    const id = await app.newActive(task);
    await endAccess(deps, id, app.context);
  },
  'end of a task': async (app: App, deps: App['deps'], task: string) => {
    await app.newActive(task);
    await app.newActive(task);
    const sleep = async () => {
      app.time.now += 20_000;
    };
    await endTask({ ...deps, sleep }, CALLER, task);
  },
};

const released: string[] = [];

/** Kills each step of a life of a grant at one of so many of its calls, from the first on. */
export const killedInLives = (oneOf: number): void => {
  for (const [name, play] of Object.entries(SCENARIOS)) {
    test(`killed before or after any call of ${name}, everything is dead and recorded in the end`, async () => {
      const points = await killAtEveryPoint((app, point) => playAndRecover(app, play, point), oneOf);
      assert.ok(points + oneOf > 4, `only ${points} points were generated`);
    });
  }
};

const playAndRecover = async (app: App, play: (typeof SCENARIOS)['end'], point: number) => {
  const task = await app.newTask();
  const { deps, wasReached } = killedDeps(app, point);
  released.length = 0;
  await play(app, deps, task).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  if (!wasReached()) return { wasReached: false };
  await recover(app);
  await assertSettled(app, task, point);
  return { wasReached: true };
};

/** What goes on although nobody comes back: the schedule, long enough for every window and lease to be over. */
const recover = async (app: App): Promise<void> => {
  app.deps.workflow.start = async ({ id }) => void (await activateGrant(app.deps, id, app.context));
  for (let minute = 0; minute < 4; minute += 1) {
    app.time.now = Math.max(app.time.now, NOW) + 13 * 3_600_000;
    await sweep(app.deps, app.context);
  }
  await reconcileTarget(app.deps, RESOURCE, app.context);
};

const assertSettled = async (app: App, task: string, point: number): Promise<void> => {
  assert.deepEqual([...app.roles], [], `point ${point}: a role was forgotten`);
  assert.deepEqual(
    await app.deps.store.due(Number.MAX_SAFE_INTEGER),
    [],
    `point ${point}: something is still due`,
  );
  for (const id of await app.deps.store.grantsOfTask(task)) {
    const grant = await app.deps.store.readGrant(id);
    assert.ok(grant && 'ending' in grant, `point ${point}: ${grant?.state}`);
    assert.ok(grant.ending.status === 'none' || grant.ending.status === 'dead');
    const entries = await Array.fromAsync(app.deps.store.readChain(id));
    assert.deepEqual(verifyChain(id, entries, { head: grant.head, receipts: [] }), []);
    const issued = entries.flatMap(({ event }) =>
      event.type === 'credential.issued' ? [event.fingerprint] : [],
    );
    for (const fingerprint of released)
      assert.ok(issued.includes(fingerprint), `point ${point}: released unaudited`);
  }
};
