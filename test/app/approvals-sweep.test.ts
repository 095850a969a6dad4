import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { requestPlan } from '../../lambdas/app/request-plan.ts';
import { storePeopleWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import {
  APPROVAL_USE_SECONDS,
  APPROVAL_WAIT_SECONDS,
  REMIND_AFTER_SECONDS,
  SECOND_MS,
  SWEEP_GRACE_MS,
} from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import {
  approvalOf,
  countIn,
  decide,
  decided,
  eventsIn,
  grantOf,
  newWaitingGrant,
  newWaitingRun,
  resetScene,
  SQL,
} from '../support/approval-scene.ts';
import { CALLER, NOW, RESOURCE } from '../support/facts.ts';
import { EVE } from '../support/votes.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => resetScene(app));

const sweepAt = async (afterMs: number): Promise<readonly string[]> => {
  app.time.now = NOW + afterMs;
  app.calls.length = 0;
  await sweep(app.deps, app.context);
  return app.calls;
};

test('people are reminded once, then after twice the time, and never when it is over', async () => {
  const { approval } = await newWaitingGrant(app);
  const other = await newWaitingGrant(app);
  const told = async (afterMs: number) =>
    (await sweepAt(afterMs)).filter((call) => call === `notify ${approval.id}`).length;
  const first = REMIND_AFTER_SECONDS * SECOND_MS;
  assert.equal(await told(first - 1), 0);
  assert.equal(await told(first), 1);
  assert.equal(await told(first + 60_000), 0);
  await decided(app, other.approval);
  assert.equal(await told(2 * first), 1);
  assert.equal(await told(3 * first), 0);
  assert.equal(await countIn(app, approval.id, 'approval.reminded'), 2);
  assert.equal(await countIn(app, other.approval.id, 'approval.reminded'), 1);
});

test('a resource may have people reminded sooner, and again after twice that time', async () => {
  app.deps.resources = [{ ...RESOURCE, approvals: { remindAfterSeconds: 60 } }];
  const { approval } = await newWaitingGrant(app);
  for (const afterMs of [60_000, 120_000, 180_000, 240_000]) await sweepAt(afterMs);
  assert.equal(await countIn(app, approval.id, 'approval.reminded'), 2);
});

test('nobody is reminded of what is decided or ended', async () => {
  const { approval } = await newWaitingGrant(app);
  await decided(app, approval, { decision: 'deny' });
  await sweepAt(REMIND_AFTER_SECONDS * SECOND_MS);
  assert.equal(await countIn(app, approval.id, 'approval.reminded'), 0);
});

test('a plan ends with its grant: nobody is reminded of it, and who was asked is told', async () => {
  app.deps.resources = [{ ...RESOURCE, approvals: { remindAfterSeconds: 60 } }];
  const plans = [await newPlan(), await newPlan()];
  const grant = (await approvalOf(app, plans[0])).asked.grant;
  await app.deps.store.saveRevocation({ grant, by: EVE.principal, note: 'stop', at: NOW });
  const calls = await sweepAt(60_000);
  const [ended, waiting] = await Promise.all(plans.map((id) => approvalOf(app, id)));
  assert.deepEqual([ended?.state, waiting?.state], ['cancelled', 'pending']);
  assert.deepEqual([ended?.reminders, waiting?.reminders], [0, 1]);
  for (const id of plans) assert.equal(calls.filter((call) => call === `notify ${id}`).length, 1);
});

const newPlan = async (): Promise<string> => {
  const grantId = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  const statements = [{ sql: SQL, params: [], maxRows: 1, times: 1 }];
  const request = { grantId, reason: 'month end', statements, durationSeconds: 300 };
  const made = await requestPlan(app.deps, CALLER, { request, idempotencyKey: undefined });
  assert.ok(made.ok, made.ok ? '' : made.failure.code);
  return made.value.approval.id;
};

test('a workflow that is missing is started, and one whose signal was lost is woken', async () => {
  const grantScene = await newWaitingGrant(app);
  const runScene = await newWaitingRun(app);
  const calls = await sweepAt(SWEEP_GRACE_MS);
  assert.ok(calls.includes(`start ${grantScene.grant.id}`));
  assert.ok(calls.includes(`startRun ${runScene.run.id}`));
  for (const { approval } of [grantScene, runScene]) {
    await storePeopleWait(app.deps, { taskToken: `token ${approval.id}`, ...waitOf(approval.asked.subject) });
    assert.ok(!app.calls.includes(`endWait token ${approval.id}`), 'people still have to decide');
    app.deps.workflow.endWait = async () => {
      throw new Error('away');
    };
    await decided(app, approval);
    app.deps.workflow.endWait = async (token) => void app.calls.push(`endWait ${token}`);
  }
  const again = await sweepAt(SWEEP_GRACE_MS + 60_000);
  for (const { approval } of [grantScene, runScene])
    assert.ok(again.includes(`endWait token ${approval.id}`), approval.asked.subject.kind);
});

const waitOf = ({ kind, id }: { kind: string; id: string }) =>
  kind === 'grant' ? { grantId: id } : { runId: id };

test('a token that comes after the decision is signalled at once', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  await decided(app, approval);
  await storePeopleWait(app.deps, { taskToken: 'late', grantId: grant.id });
  assert.ok(app.calls.includes('endWait late'));
});

test('a decision of the last moment can still be used, and one that nobody made ends the grant', async () => {
  const last = APPROVAL_WAIT_SECONDS * SECOND_MS - 1;
  const [used, left] = [await newWaitingGrant(app), await newWaitingGrant(app)];
  app.time.now = NOW + last;
  await decided(app, used.approval);
  await sweepAt(last + 2);
  assert.equal((await grantOf(app, used.grant.id)).state, 'pending_approval');
  await sweepAt(last + APPROVAL_USE_SECONDS * SECOND_MS + 2);
  for (const { grant, approval } of [used, left]) {
    assert.equal((await grantOf(app, grant.id)).state, 'lapsed');
    assert.equal((await approvalOf(app, approval.id)).state, 'lapsed');
    await eventsIn(app, approval.id);
    assert.ok(!(await decide(app, approval, { by: EVE })).ok);
  }
});
