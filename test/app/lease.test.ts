import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { renewTask } from '../../lambdas/app/renew-task.ts';
import { requestPlan } from '../../lambdas/app/request-plan.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import { storePeopleWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { LEASE_MIN_SECONDS, SECOND_MS, SWEEP_INTERVAL_SECONDS } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import {
  approvalOf,
  decide,
  grantOf,
  newRun,
  resetScene,
  runOf,
  SQL,
  withPeople,
} from '../support/approval-scene.ts';
import { minutes, signalled } from '../support/containment-scene.ts';
import { ALLOWED, CALLER } from '../support/facts.ts';

let app: App;
beforeEach(async () => {
  app = await startApp();
  resetScene(app);
  app.policy.answer = () => ALLOWED;
  signalled(app);
});
afterEach(() => app.tables.close());

const LEASED = { name: 'leased', leaseSeconds: LEASE_MIN_SECONDS };

/** One thing of each kind that a task can hold. */
const fullTask = async () => {
  const task = await app.newTask(LEASED);
  const login = await app.newActive(task);
  await app.deps.store.saveWaitToken(login, login);
  const runs = await app.newActive(task, { action: 'postgres:read' });
  await app.deps.store.saveWaitToken(runs, runs);
  const queued = await newRun(app, runs);
  const preparing = await app.newGrant(task);
  app.policy.answer = withPeople(1);
  const waiting = await app.newGrant(task);
  const run = await newRun(app, runs);
  const statements = [{ sql: SQL, params: [], maxRows: 100, times: 1 }];
  const plan = await requestPlan(app.deps, CALLER, {
    request: { grantId: runs, reason: 'month end', statements, durationSeconds: 600 },
    idempotencyKey: undefined,
  });
  assert.ok(waiting.state === 'pending_approval' && run.state === 'pending_approval' && plan.ok);
  await storePeopleWait(app.deps, { taskToken: `people of ${waiting.id}`, grantId: waiting.id });
  app.policy.answer = () => ALLOWED;
  return { task, login, runs, queued, preparing, waiting, run, plan: plan.value.approval };
};

test('from the end of a lease on nothing that the task holds can be used, though nobody has written anything yet', async () => {
  const { task, login, runs, queued, preparing, waiting, run, plan } = await fullTask();
  const before = await app.tables.items('grants');
  app.time.now += LEASE_MIN_SECONDS * SECOND_MS;
  const vended = await vendCredential(app.deps, CALLER, { grantId: login });
  assert.equal(!vended.ok && vended.failure.code, 'grant_over');
  const request = { sql: 'SELECT 1', params: [], maxRows: 1 };
  const ran = await requestRun(app.deps, CALLER, { grantId: runs, request, idempotencyKey: undefined });
  assert.equal(!ran.ok && ran.failure.code, 'grant_over');
  const asked = await app.ask(task);
  assert.equal(!asked.ok && asked.failure.code, 'task_over');
  const renewed = await renewTask(app.deps, CALLER, task);
  assert.equal(!renewed.ok && renewed.failure.code, 'task_over', 'what has run out cannot be revived');
  assert.equal(await activateGrant(app.deps, preparing.id, app.context), undefined);
  assert.ok(!app.roles.has(preparing.id));
  for (const approval of [waiting.approval, run.approval, plan.id]) {
    const decided = await decide(app, await approvalOf(app, approval));
    assert.equal(!decided.ok && decided.failure.code, 'over');
  }
  const ofTask = (items: readonly object[]) =>
    items.filter((item) => JSON.stringify(item).includes(`"S":"TASK#${task}"`));
  assert.deepEqual(ofTask(await app.tables.items('grants')), ofTask(before));
  await executeRun(app.deps, queued.id, app.context);
  assert.equal(app.statements.executed.length, 0);
});

test('the loss of a heartbeat ends all that the task holds: logins, runs, plans and what waits for people', async () => {
  const { task, login, runs, queued, preparing, waiting, run, plan } = await fullTask();
  app.time.now += LEASE_MIN_SECONDS * SECOND_MS - 1;
  await sweep(app.deps, app.context);
  assert.equal((await app.deps.store.readTask(task))?.state, 'open', 'and not a moment too early');
  app.time.now += 1;
  await sweep(app.deps, app.context);
  const ended = await app.deps.store.readTask(task);
  assert.equal(ended?.state === 'ended' && ended.cause, 'lease_lost');
  for (const id of [login, runs, waiting.id]) {
    const grant = await grantOf(app, id);
    assert.deepEqual('cause' in grant && [grant.state, grant.cause], ['revoked', 'lease_lost'], id);
  }
  assert.ok(!app.roles.has(login));
  assert.equal((await grantOf(app, preparing.id)).state, 'revoked');
  app.time.now += SWEEP_INTERVAL_SECONDS * SECOND_MS;
  await sweep(app.deps, app.context);
  for (const id of [run.id, queued.id]) assert.equal((await runOf(app, id)).state, 'failed', id);
  for (const id of [waiting.approval, run.approval, plan.id])
    assert.equal((await approvalOf(app, id)).state, 'cancelled', 'nobody is asked about it any more');
  assert.ok(app.calls.includes(`endWait people of ${waiting.id}`));
  assert.ok(app.calls.includes(`notify ${plan.id}`));
  await minutes(app, 1);
  assert.deepEqual(await app.deps.store.due(Number.MAX_SAFE_INTEGER), [], 'and nothing is owed');
  assert.deepEqual([...app.roles], []);
});

test('a grant that people decide about after the lease was lost says so', async () => {
  app.policy.answer = withPeople(1);
  const waiting = await app.newGrant(await app.newTask(LEASED));
  app.time.now += LEASE_MIN_SECONDS * SECOND_MS;
  assert.equal(await admitGrant(app.deps, waiting.id, app.context), 'over');
  const ended = await grantOf(app, waiting.id);
  assert.equal('cause' in ended && ended.cause, 'lease_lost');
});

test('a task that is heard of in time keeps all of it', async () => {
  const task = await app.newTask(LEASED);
  const login = await app.newActive(task);
  for (let beat = 0; beat < 6; beat += 1) {
    app.time.now += (LEASE_MIN_SECONDS - 1) * SECOND_MS;
    assert.ok((await renewTask(app.deps, CALLER, task)).ok);
    await sweep(app.deps, app.context);
  }
  assert.equal((await vendCredential(app.deps, CALLER, { grantId: login })).ok, true);
});
