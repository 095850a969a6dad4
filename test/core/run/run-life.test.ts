import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  APPROVAL_WAIT_SECONDS,
  RUN_MAX_SECONDS,
  RUN_SETTLE_MARGIN_SECONDS,
  RUN_START_MAX_SECONDS,
  SECOND_MS,
} from '../../../lambdas/core/limits.ts';
import { isOnItsWay, isSettled } from '../../../lambdas/core/run/run.ts';
import {
  failedOutcome,
  holdRun,
  openRun,
  overdueOutcome,
  runDueAt,
  settleRun,
  startRun,
} from '../../../lambdas/core/run/run-life.ts';
import { NOW } from '../../support/facts.ts';
import { DENIED, FOUND, NEEDS_TWO, QUEUED, RUN_REQUEST, RUNNING, YES } from '../../support/runs.ts';

test('a statement that policy allows is queued, and has a minute to begin', () => {
  const { next } = openRun(RUN_REQUEST, YES, NOW);
  assert.equal(next.state, 'queued');
  assert.equal(next.state === 'queued' && next.startBy, NOW + RUN_START_MAX_SECONDS * SECOND_MS);
});

test('a statement that needs people waits for them', () => {
  const { next } = openRun(RUN_REQUEST, NEEDS_TWO, NOW);
  assert.deepEqual(next.state === 'pending_approval' && [next.quorum, next.approveBy], [
    2,
    NOW + APPROVAL_WAIT_SECONDS * SECOND_MS,
  ]);
});

test('a denied statement is a run too, which nothing can move', () => {
  const { next, fact } = openRun(RUN_REQUEST, DENIED, NOW);
  assert.equal(next.state, 'denied');
  assert.equal(fact.type === 'run.requested' && fact.decision, 'denied');
  assert.equal(runDueAt(next), undefined);
  assert.equal(overdueOutcome(next, Number.MAX_SAFE_INTEGER), undefined);
});

test('the entry of a request tells the statement without its constants, and where it leads', () => {
  const { fact } = openRun(RUN_REQUEST, YES, NOW);
  assert.ok(fact.type === 'run.requested');
  assert.equal(fact.statement, 'SELECT name FROM customers WHERE id = $1');
  assert.deepEqual(fact.literalMacs, ['ab'.repeat(32)]);
  assert.deepEqual(fact.tables, ['public.customers']);
  assert.ok(!JSON.stringify(fact).includes('4711'), 'a constant of the caller is in the entry');
});

test('neither the run nor its entry holds the statement as it was sent, or its tree', () => {
  const { next } = openRun(RUN_REQUEST, YES, NOW);
  assert.ok(!('statement' in next) && !('literalMacs' in next));
});

test('a run that has begun is settled, whatever happens, a margin after the longest execution', () => {
  const { next } = startRun(QUEUED, FOUND, NOW);
  assert.equal(next.settleBy, NOW + (RUN_MAX_SECONDS + RUN_SETTLE_MARGIN_SECONDS) * SECOND_MS);
  assert.ok(!('startBy' in next));
});

test('an estimate that makes policy ask for people holds the run', () => {
  const asking = { approval: 'a_0', quorum: 1, approveBy: NOW + 1 };
  const { next, fact } = holdRun(QUEUED, asking);
  assert.equal(next.state, 'pending_approval');
  assert.ok(!('startBy' in next));
  assert.deepEqual(fact, {
    type: 'run.held',
    grant: QUEUED.grant,
    run: QUEUED.id,
    quorum: 1,
    approval: 'a_0',
  });
});

test('an outcome is told with the time from the intent', () => {
  const done = { ...failedOutcome('target_refused'), code: 'done' as const, rowCount: 3 };
  const { next, fact } = settleRun(RUNNING, done, NOW + 120);
  assert.equal(next.state, 'succeeded');
  assert.ok(fact.type === 'run.ended');
  assert.equal(fact.durationMs, 120);
  assert.equal(fact.rowCount, 3);
});

test('only what nobody approved lapses; every other failure is a failure', () => {
  assert.equal(settleRun(QUEUED, failedOutcome('nobody_approved'), NOW).next.state, 'lapsed');
  assert.equal(settleRun(QUEUED, failedOutcome('grant_over'), NOW).next.state, 'failed');
});

test('time alone settles what did not begin, and what nobody heard of again', () => {
  assert.equal(overdueOutcome(QUEUED, QUEUED.startBy - 1), undefined);
  assert.equal(overdueOutcome(QUEUED, QUEUED.startBy)?.code, 'not_started');
  assert.equal(overdueOutcome(RUNNING, RUNNING.settleBy - 1), undefined);
  assert.equal(overdueOutcome(RUNNING, RUNNING.settleBy)?.code, 'outcome_unknown');
  const { next } = holdRun(QUEUED, { approval: 'a_0', quorum: 1, approveBy: NOW });
  assert.equal(overdueOutcome(next, NOW + 1), undefined, 'people may have decided: the approval says');
});

test('only machines are on their way; people may take as long as they have', () => {
  const { next: pending } = openRun(RUN_REQUEST, NEEDS_TWO, NOW);
  assert.deepEqual([QUEUED, RUNNING, pending].map(isOnItsWay), [true, true, false]);
  assert.equal(isSettled(settleRun(QUEUED, failedOutcome('not_started'), NOW).next), true);
});
