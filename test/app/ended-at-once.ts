import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { storeWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import type { ResourceKind } from '../../lambdas/core/config/resource.ts';
import { GRANTS_PER_TASK_MAX, SWEEP_CONCURRENCY } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import { CALLER } from '../support/facts.ts';
import { broughtFor, KINDS, portsOf, requestFor } from '../support/kinds.ts';

const GRANTS_COUNT = 100;
/** Reads and writes of one ending, from the sweeper's look to the proof. */
const TABLE_CALLS_PER_GRANT = 8;
/** On a machine that does something else as well. */
const MS_PER_GRANT = 250;

/** A hundred grants of these kinds in turn, each with something open through what it was given. */
const openAll = async (app: App, kinds: readonly ResourceKind[]): Promise<readonly string[]> => {
  app.deps.resources = kinds.map((kind) => KINDS[kind].resource);
  const ids: string[] = [];
  let task = '';
  for (let turn = 0; turn < GRANTS_COUNT; turn += 1) {
    const kind = kinds[turn % kinds.length];
    assert.ok(kind);
    if (turn % GRANTS_PER_TASK_MAX === 0) task = await app.newTask();
    const id = await app.newActive(task, requestFor(kind));
    const vended = await vendCredential(app.deps, CALLER, { grantId: id, ...broughtFor(kind, id) });
    assert.ok(vended.ok && app.places[kind].use(vended.value.credential.id));
    ids.push(id);
  }
  return ids;
};

/** The targets, as they see it: how often each grant is ended, and how many at a time. */
const watched = (app: App) => {
  const ended = new Map<string, number>();
  let underWay = 0;
  let most = 0;
  app.deps.targets = portsOf(app.places, 'target', (target) => ({
    ...target,
    async close(ask) {
      ended.set(ask.grantId, (ended.get(ask.grantId) ?? 0) + 1);
      underWay += 1;
      most = Math.max(most, underWay);
      await pause(1);
      underWay -= 1;
      return target.close(ask);
    },
  }));
  return { ended, most: () => most };
};

const assertAllDead = async (app: App, ids: readonly string[]): Promise<void> => {
  for (const id of ids) {
    const grant = await app.deps.store.readGrant(id);
    assert.equal(grant && 'ending' in grant && grant.ending.status, 'dead', `${id} is ${grant?.state}`);
  }
  for (const place of Object.values(app.places))
    assert.deepEqual(place.usable([...place.credentials.keys()]), [], 'somebody gets in');
};

/** All windows are over in the same instant, and only the schedule goes on. */
export const endedBySweep = async (kinds: readonly ResourceKind[]): Promise<void> => {
  const app = await startApp();
  try {
    const ids = await openAll(app, kinds);
    const { ended, most } = watched(app);
    let calls = 0;
    app.tables.dynamo.setFaults(() => {
      calls += 1;
      return undefined;
    });
    app.time.now += 3_600_000;
    const startedAt = performance.now();
    const report = await sweep(app.deps, app.context);
    const perGrantMs = (performance.now() - startedAt) / ids.length;
    assert.equal(report.failures, 0);
    assert.deepEqual(
      [...ended.values()],
      ids.map(() => 1),
      'each once',
    );
    assert.ok(most() <= SWEEP_CONCURRENCY, `${most()} at once`);
    assert.ok(calls / ids.length <= TABLE_CALLS_PER_GRANT, `${calls} calls for ${ids.length} grants`);
    assert.ok(perGrantMs < MS_PER_GRANT, `${perGrantMs} ms for each`);
    await assertAllDead(app, ids);
  } finally {
    await app.tables.close();
  }
};

/** Their tasks are ended, and a hundred workflows are woken. */
export const endedWithTasks = async (kinds: readonly ResourceKind[]): Promise<void> => {
  const app = await startApp();
  try {
    const ids = await openAll(app, kinds);
    for (const id of ids) await storeWait(app.deps, { grantId: id, taskToken: id });
    const { ended } = watched(app);
    app.deps.workflow.endWait = async (token) => void (await endAccess(app.deps, token, app.context));
    const tasks = [...new Set(ids.map((id) => `t_${id.split('_')[1]}`))];
    const answers = await Promise.all(tasks.map((task) => endTask(app.deps, CALLER, task)));
    assert.ok(answers.every(({ ok }) => ok));
    assert.deepEqual(
      [...ended.values()],
      ids.map(() => 1),
      'each once',
    );
    await assertAllDead(app, ids);
  } finally {
    await app.tables.close();
  }
};
