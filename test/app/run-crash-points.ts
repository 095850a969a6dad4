import assert from 'node:assert/strict';
import { test } from 'node:test';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import type { TaskVault, Vaults } from '../../lambdas/app/ports.ts';
import { readRun } from '../../lambdas/app/read-run.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import type { AuditEntry } from '../../lambdas/core/audit/entry.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { SWEEP_GRACE_MS } from '../../lambdas/core/limits.ts';
import { isSettled } from '../../lambdas/core/run/run.ts';
import type { App } from '../support/app.ts';
import { CALLER } from '../support/facts.ts';
import { Killed, killAt, killAtEveryPoint } from '../support/kill-at.ts';

const killedDeps = (app: App, point: number) => {
  const { pass, wrap, wasReached } = killAt(point);
  const { store, workflow, statements, vaults } = app.deps;
  const { readChain: _, ...calls } = store;
  const killable = (vault: TaskVault): TaskVault => ({
    ...vault,
    put: (name, content) => pass(() => vault.put(name, content)),
    get: (name, hash) => pass(() => vault.get(name, hash)),
  });
  const killableVaults: Vaults = {
    open: async (task) => killable(await pass(() => vaults.open(task))),
    find: async (task) => {
      const vault = await pass(() => vaults.find(task));
      return vault && killable(vault);
    },
  };
  const deps = {
    ...app.deps,
    store: { ...wrap(calls), readChain: store.readChain },
    workflow: wrap(workflow),
    statements: wrap(statements),
    vaults: killableVaults,
  };
  return { deps, wasReached };
};

/** As a caller would again who has heard nothing. */
const ask = async (deps: App['deps'], grantId: string) => {
  const request = { sql: 'SELECT name FROM customers', params: [], maxRows: 100 };
  const asked = await requestRun(deps, CALLER, { grantId, request, idempotencyKey: 'key' });
  assert.ok(asked.ok && asked.value.kind === 'run', JSON.stringify(asked));
  return asked.value.run.id;
};

interface Story {
  readonly app: App;
  readonly deps: App['deps'];
  readonly grantId: string;
  /** Hashes of the trail's entries that stood when an answer was released. */
  readonly released: string[];
}

/** One life, each part by the function that plays it, until the process dies. */
const SCENARIOS = {
  run: async ({ deps, grantId }: Story) => {
    await ask(deps, grantId);
  },
  execution: async ({ app, deps, grantId, released }: Story) => {
    const runId = await ask(app.deps, grantId);
    await executeRun(deps, runId, app.context);
    const read = await readRun(deps, CALLER, { runId, waitSeconds: 0 });
    assert.ok(read.ok && read.value.result);
    released.push(read.value.receipt.hash);
  },
  'refused execution': async ({ app, deps, grantId }: Story) => {
    app.statements.control.inspection = {
      ...app.statements.control.inspection,
      viewFunctions: ['query_to_xml'],
    };
    await executeRun(deps, await ask(app.deps, grantId), app.context);
  },
};

/** Kills each step of a run at one of so many of its calls, from the first on. */
export const killedInRuns = (oneOf: number): void => {
  for (const [name, play] of Object.entries(SCENARIOS)) {
    test(`killed before or after any call of ${name}, it executes at most once and is settled in the end`, async () => {
      const points = await killAtEveryPoint((app, point) => playAndRecover(app, play, point), oneOf);
      assert.ok(points + oneOf > 8, `only ${points} points were generated`);
    });
  }
};

const playAndRecover = async (app: App, play: (typeof SCENARIOS)['run'], point: number) => {
  const grantId = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  const { deps, wasReached } = killedDeps(app, point);
  const released: string[] = [];
  await play({ app, deps, grantId, released }).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
  if (!wasReached()) return { wasReached: false };
  await recover(app);
  await assertSettled(app, grantId, point);
  const hashes = await endsInTrail(app, grantId);
  for (const hash of released) assert.ok(hashes.includes(hash), `point ${point}: released unaudited`);
  await assertSameAgain(app, grantId, point);
  return { wasReached: true };
};

/** What goes on although nobody comes back: first what is lost is started again, then every window is over. */
const recover = async (app: App): Promise<void> => {
  app.deps.workflow.startRun = async (id) => void (await executeRun(app.deps, id, app.context));
  for (const ms of [SWEEP_GRACE_MS, 100_000, 13 * 3_600_000, 13 * 3_600_000]) {
    app.time.now += ms;
    await sweep(app.deps, app.context);
  }
};

const endsInTrail = async (app: App, grantId: string): Promise<readonly string[]> =>
  (await trailOf(app, grantId)).flatMap(({ event, hash }) => (event.type === 'run.ended' ? [hash] : []));

const trailOf = (app: App, grantId: string): Promise<AuditEntry[]> =>
  Array.fromAsync(app.deps.store.readChain(grantId));

const assertSettled = async (app: App, grantId: string, point: number): Promise<void> => {
  const entries = await trailOf(app, grantId);
  const grant = await app.deps.store.readGrant(grantId);
  assert.deepEqual(verifyChain(grantId, entries, { head: grant?.head, receipts: [] }), []);
  const kinds = entries.map(({ event }) => event.type).filter((type) => type.startsWith('run.'));
  const count = (type: string) => kinds.filter((kind) => kind === type).length;
  assert.ok(count('run.requested') <= 1, `point ${point}: ${kinds.join()}`);
  assert.equal(count('run.ended'), count('run.requested'), `point ${point}: ${kinds.join()}`);
  assert.ok(count('run.started') <= 1, `point ${point}: ${kinds.join()}`);
  assert.ok(app.statements.executed.length <= count('run.started'), `point ${point}: executed unrecorded`);
  assert.deepEqual(await app.deps.store.due(Number.MAX_SAFE_INTEGER), [], `point ${point}: still due`);
  for (const { event } of entries) {
    if (event.type !== 'run.requested') continue;
    const run = await app.deps.store.readRun(event.run);
    assert.ok(run && isSettled(run), `point ${point}: ${run?.state}`);
  }
};

/** Whoever plays it again gets what came of it. */
const assertSameAgain = async (app: App, grantId: string, point: number): Promise<void> => {
  const before = app.statements.executed.length;
  for (const { event } of await trailOf(app, grantId))
    if (event.type === 'run.requested') await executeRun(app.deps, event.run, app.context);
  assert.equal(app.statements.executed.length, before, `point ${point}: executed again`);
};
