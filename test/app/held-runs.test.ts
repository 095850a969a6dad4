import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { admitRun } from '../../lambdas/app/admit-run.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import { storePeopleWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { SECOND_MS, SWEEP_GRACE_MS } from '../../lambdas/core/limits.ts';
import type { PendingApprovalRun } from '../../lambdas/core/run/run.ts';
import { type App, startApp } from '../support/app.ts';
import { approvalOf, decided, withPeople } from '../support/approval-scene.ts';
import { CALLER, NOW } from '../support/facts.ts';

const APPROVAL_SECONDS = 30;

let app: App;
let grantId: string;
beforeEach(async () => {
  app = await startApp();
  grantId = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  app.policy.answer = withPeople(1);
});
afterEach(() => app.tables.close());

const waiting = async (): Promise<PendingApprovalRun> => {
  const request = {
    sql: 'SELECT name FROM customers',
    params: [],
    maxRows: 100,
    approvalSeconds: APPROVAL_SECONDS,
  };
  const asked = await requestRun(app.deps, CALLER, { grantId, request, idempotencyKey: undefined });
  assert.ok(asked.ok && asked.value.kind === 'run', JSON.stringify(asked));
  return pending(asked.value.run.id);
};

const pending = async (id: string): Promise<PendingApprovalRun> => {
  const run = await app.deps.store.readRun(id);
  assert.ok(run?.state === 'pending_approval', run?.state);
  return run;
};

const approve = async ({ approval }: PendingApprovalRun) => decided(app, await approvalOf(app, approval));

const signals = () => app.calls.filter((call) => call.startsWith('endWait'));

test('a run that is held at its target waits for another approval, for as long as for the first', async () => {
  const run = await waiting();
  await approve(run);
  assert.equal(await admitRun(app.deps, run.id, app.context), 'go');
  app.policy.answer = withPeople(2);
  app.time.now += SECOND_MS;
  await executeRun(app.deps, run.id, app.context);
  const held = await pending(run.id);
  assert.notEqual(held.approval, run.approval);
  assert.equal(held.approveBy, app.time.now + APPROVAL_SECONDS * SECOND_MS);
  assert.equal((await app.deps.store.readApproval(held.approval))?.supersedes, run.approval);
  assert.equal(app.statements.executed.length, 0);
});

test('a run that is held is not executed by a workflow that is woken by hand', async () => {
  const run = await waiting();
  assert.equal(await admitRun(app.deps, run.id, app.context), 'wait');
  assert.equal((await executeRun(app.deps, run.id, app.context))?.state, 'pending_approval');
  assert.equal(app.statements.executed.length, 0);
});

test('a decision before the token of a run is stored is signalled by whoever stores it', async () => {
  const run = await waiting();
  await approve(run);
  await storePeopleWait(app.deps, { runId: run.id, taskToken: 'token' });
  assert.deepEqual(signals(), ['endWait token']);
});

test('a run whose grant is over is settled by the sweeper, which wakes whoever waits for people', async () => {
  const run = await waiting();
  await storePeopleWait(app.deps, { runId: run.id, taskToken: 'token' });
  const sleep = async () => {
    app.time.now += 20_000;
  };
  await releaseGrant({ ...app.deps, sleep }, CALLER, grantId);
  app.time.now += SWEEP_GRACE_MS;
  await sweep(app.deps, app.context);
  const settled = await app.deps.store.readRun(run.id);
  assert.equal(settled && 'outcome' in settled && settled.outcome.code, 'grant_over');
  assert.equal((await app.deps.store.readApproval(run.approval))?.state, 'cancelled');
  assert.deepEqual(signals(), ['endWait token']);
});

test('a signal of a decision about a run that was lost is given again by the sweeper', async () => {
  const run = await waiting();
  await storePeopleWait(app.deps, { runId: run.id, taskToken: 'token' });
  await approve(run);
  app.calls.length = 0;
  app.time.now = NOW + SWEEP_GRACE_MS;
  await sweep(app.deps, app.context);
  assert.deepEqual(signals(), ['endWait token']);
});
