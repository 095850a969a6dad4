import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { openTask } from '../../lambdas/app/open-task.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { requestPlan } from '../../lambdas/app/request-plan.ts';
import { storePeopleWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import type { Approval } from '../../lambdas/core/approval/approval.ts';
import {
  CONTAINMENT_PASS_GAP_MS,
  CONTAINMENT_QUIET_SECONDS,
  CONTAINMENT_SETTLE_MAX_MS,
  STILL_ENDING_LISTED_MAX_COUNT,
} from '../../lambdas/core/containment/limits.ts';
import { SECOND_MS } from '../../lambdas/core/limits.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import {
  approvalOf,
  grantOf,
  newRun,
  resetScene,
  runOf,
  SQL,
  withPeople,
} from '../support/approval-scene.ts';
import {
  contained,
  EVERYTHING,
  minutes,
  OF_PRINCIPAL,
  OF_RESOURCE,
  ofTask,
  pass,
  quiet,
  scopesOver,
  signalled,
  stateOf,
  stillEnding,
  storyOf,
  tryToLift,
} from '../support/containment-scene.ts';
import { ALLOWED, CALLER, OTHER_CALLER, RESOURCE } from '../support/facts.ts';

let app: App;
beforeEach(async () => {
  app = await startApp();
  resetScene(app);
  app.policy.answer = () => ALLOWED;
  signalled(app);
});
afterEach(() => app.tables.close());

/** Active, with a workflow that waits for its end. */
const liveIn = async (task: string): Promise<string> => {
  const id = await app.newActive(task);
  await app.deps.store.saveWaitToken(id, id);
  return id;
};

const newPlan = async (grantId: string): Promise<Approval> => {
  const statements = [{ sql: SQL, params: [], maxRows: 100, times: 1 }];
  const request = { grantId, reason: 'month end', statements, durationSeconds: 600 };
  const asked = await requestPlan(app.deps, CALLER, { request, idempotencyKey: undefined });
  assert.ok(asked.ok, asked.ok ? '' : asked.failure.code);
  return asked.value.approval;
};

const othersGrant = async () => {
  const opened = await openTask(app.deps, OTHER_CALLER, {
    request: { name: 'theirs' },
    idempotencyKey: undefined,
  });
  assert.ok(opened.ok);
  const task = opened.value.task.id;
  const asked = await requestAccess(app.deps, OTHER_CALLER, {
    request: { ...REQUEST, task },
    idempotencyKey: undefined,
  });
  assert.ok(asked.ok);
  return { task, grant: asked.value.grant.id };
};

test('the first pass ends all that lives within: grants, what waits for people, runs, plans and tasks', async () => {
  for (const scope of scopesOver('')) {
    const task = await app.newTask();
    const live = await liveIn(task);
    const preparing = await app.newGrant(task);
    const runs = await app.newActive(task, { action: 'postgres:read' });
    app.policy.answer = withPeople(1);
    const waiting = await app.newGrant(task);
    assert.ok(waiting.state === 'pending_approval');
    await storePeopleWait(app.deps, { taskToken: `people of ${waiting.id}`, grantId: waiting.id });
    const run = await newRun(app, runs);
    assert.ok(run.state === 'pending_approval');
    await storePeopleWait(app.deps, { taskToken: `people of ${run.id}`, runId: run.id });
    const plan = await newPlan(runs);
    app.policy.answer = () => ALLOWED;
    const { id } = await contained(app, scope.kind === 'task' ? ofTask(task) : scope);

    await pass(app, id);
    for (const one of [live, preparing.id, runs, waiting.id]) {
      const grant = await grantOf(app, one);
      assert.deepEqual('cause' in grant && [grant.state, grant.cause], ['revoked', 'contained'], scope.kind);
    }
    const ended = await runOf(app, run.id);
    assert.equal('outcome' in ended && ended.outcome.code, 'contained');
    for (const asked of [waiting.approval, run.approval, plan.id]) {
      const approval = await approvalOf(app, asked);
      assert.equal(approval.state, 'cancelled', scope.kind);
      const closed = (await Array.fromAsync(app.deps.store.readChain(asked))).at(-1)?.event;
      assert.equal(closed?.type === 'approval.closed' && closed.cause, 'contained', scope.kind);
    }
    // Who waits is woken, and people hear of what nobody else would tell them.
    for (const call of [
      `endWait ${live}`,
      `endWait people of ${waiting.id}`,
      `endWait people of ${run.id}`,
      `notify ${plan.id}`,
    ])
      assert.ok(app.calls.includes(call), call);
    assert.ok(!app.roles.has(live));
    const tombstone = await app.deps.store.readTask(task);
    if (scope.kind === 'resource') assert.equal(tombstone?.state, 'open', 'a task is more than one resource');
    else assert.deepEqual(tombstone?.state === 'ended' && tombstone.cause, 'contained', scope.kind);
    const { lastPass } = await stateOf(app, id);
    const { at: _, ...found } = lastPass ?? {};
    assert.deepEqual(found, {
      grants: 4,
      runs: 1,
      approvals: 1,
      tasks: scope.kind === 'resource' ? 0 : 1,
      owed: 2,
    });
    await tryToLift(app, id);
    await minutes(app, 2);
  }
});

test('what is not within goes on', async () => {
  const task = await app.newTask();
  const other = await othersGrant();
  for (const stop of [OF_PRINCIPAL, ofTask(task), { kind: 'resource', key: 'billing-db' }] as const) {
    app.deps.resources = [RESOURCE, { ...RESOURCE, id: 'billing-db' }];
    const { id } = await contained(app, stop);
    await pass(app, id);
    assert.equal((await grantOf(app, other.grant)).state, 'preparing', stop.kind);
    assert.equal((await app.deps.store.readTask(other.task))?.state, 'open', stop.kind);
  }
});

test('everything is everything: a hundred grants of many tasks end at once, and nothing is owed or left', async () => {
  const grants: string[] = [];
  for (let index = 0; index < 10; index += 1) {
    const task = await app.newTask();
    for (let held = 0; held < 10; held += 1) grants.push(await liveIn(task));
  }
  const vended = await Promise.all(
    grants.slice(0, 20).map((id) => vendCredential(app.deps, CALLER, { grantId: id })),
  );
  assert.ok(vended.every(({ ok }) => ok));
  const { id } = await contained(app, EVERYTHING);
  await pass(app, id);
  const first = await stateOf(app, id);
  assert.deepEqual([first.lastPass?.grants, first.lastPass?.tasks], [100, 10]);
  await minutes(app, 3);
  assert.equal((await stateOf(app, id)).state, 'settled');
  assert.deepEqual([...app.roles], []);
  assert.deepEqual(await app.deps.store.due(Number.MAX_SAFE_INTEGER), []);
  assert.deepEqual(await stillEnding(app, id), { count: 0, grants: [], runs: [] });
  for (const one of grants) {
    const grant = await grantOf(app, one);
    assert.ok('ending' in grant && grant.ending.status === 'dead' && grant.cause === 'contained');
  }
});

test('finding nothing counts once the longest call has had its time, and settles it at the second time', async () => {
  const { id, placed } = await contained(app, OF_RESOURCE);
  const quietAt = placed.at + CONTAINMENT_QUIET_SECONDS * SECOND_MS;
  const passAt = async (at: number) => {
    app.time.now = at;
    return (await pass(app, id))?.state;
  };
  assert.equal(await passAt(placed.at + 1), 'holding');
  assert.equal(await passAt(quietAt - CONTAINMENT_PASS_GAP_MS), 'holding');
  assert.equal(await passAt(quietAt - 1), 'holding');
  assert.equal(await passAt(quietAt), 'holding', 'the first that counts');
  assert.equal(await passAt(quietAt + CONTAINMENT_PASS_GAP_MS - 1), 'holding', 'the same moment, twice');
  assert.equal(await passAt(quietAt + CONTAINMENT_PASS_GAP_MS), 'settled');
  const types = (await storyOf(app)).map(({ event }) => event.type);
  assert.deepEqual(types, [
    'containment.placed',
    'containment.pass',
    'containment.pass',
    'containment.settled',
  ]);
});

test('a pass that begins before that time and ends after it does not count', async () => {
  const { id, placed } = await contained(app, OF_RESOURCE);
  const { due } = app.deps.store;
  app.time.now = placed.at + CONTAINMENT_QUIET_SECONDS * SECOND_MS - 1;
  app.deps.store = {
    ...app.deps.store,
    due: async (until) => {
      app.time.now += 20_000;
      return due(until);
    },
  };
  await pass(app, id);
  const held = await stateOf(app, id);
  assert.ok(held.state === 'holding' && held.emptySince === undefined);
});

test('what is found in between begins the count anew', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  const { readForRequest } = app.deps.store;
  const register = { everything: false, principals: [], tasks: [], resources: [] };
  quiet(app);
  await pass(app, id);
  // A vendor of ours that read the register before it was written would look like this.
  app.deps.store.readForRequest = async (ask) => ({ ...(await readForRequest(ask)), containment: register });
  const late = await app.newGrant(await app.newTask());
  app.deps.store.readForRequest = readForRequest;
  app.time.now += CONTAINMENT_PASS_GAP_MS;
  assert.equal((await pass(app, id))?.state, 'holding');
  assert.equal((await grantOf(app, late.id)).state, 'revoked');
  app.time.now += CONTAINMENT_PASS_GAP_MS;
  assert.equal((await pass(app, id))?.state, 'holding');
  app.time.now += CONTAINMENT_PASS_GAP_MS;
  assert.equal((await pass(app, id))?.state, 'settled');
});

test('as long as one end is not proved it holds, says which, and an alarm stands after ten minutes', async () => {
  const live = await liveIn(await app.newTask());
  app.control.report = { dead: false, error: 'probe:unknown' };
  const { id } = await contained(app, EVERYTHING);
  assert.deepEqual(await stillEnding(app, id), {
    count: 1,
    grants: [{ id: live, status: 'open', attempts: 0, lastError: undefined }],
    runs: [],
  });
  await pass(app, id);
  assert.equal((await stillEnding(app, id)).grants[0]?.status, 'pending');
  await minutes(app, 8);
  const { grants } = await stillEnding(app, id);
  assert.deepEqual(
    grants.map((one) => [one.id, one.status, one.lastError]),
    [[live, 'quarantined', 'probe:unknown']],
  );
  assert.equal((await stateOf(app, id)).state, 'holding');
  assert.equal((await sweep(app.deps, app.context)).unsettled, 0);
  app.time.now += CONTAINMENT_SETTLE_MAX_MS;
  assert.equal((await sweep(app.deps, app.context)).unsettled, 1);
  const told = (await storyOf(app)).filter(({ event }) => event.type === 'containment.pass');
  assert.equal(told.length, 1, 'a pass that finds only what the one before it left is not told again');
  app.control.report = {};
  await minutes(app, 20);
  assert.equal((await stateOf(app, id)).state, 'settled');
});

test('a stop that is late counts for the alarm also when its pass fails, and keeps nothing else from its end', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  const other = await contained(app, { kind: 'principal', key: '0'.repeat(32) });
  const { find } = app.deps.containments;
  app.deps.containments.find = async (one) => (one === id ? Promise.reject(new Error('away')) : find(one));
  app.time.now += CONTAINMENT_SETTLE_MAX_MS;
  const report = await sweep(app.deps, app.context);
  assert.deepEqual([report.failures, report.unsettled], [1, 2]);
  await minutes(app, 2);
  assert.equal((await stateOf(app, other.id)).state, 'settled');
});

test('a run that has begun is waited for', async () => {
  const task = await app.newTask();
  const grant = await app.newActive(task, { action: 'postgres:read' });
  await app.deps.store.saveWaitToken(grant, grant);
  const queued = await newRun(app, grant);
  assert.equal(queued.state, 'queued');
  const { id } = await contained(app, OF_PRINCIPAL);
  await pass(app, id);
  assert.deepEqual((await stillEnding(app, id)).runs, [queued.id]);
  quiet(app);
  assert.equal((await pass(app, id))?.state, 'holding');
  await minutes(app, 5);
  assert.equal((await stateOf(app, id)).state, 'settled');
  assert.equal((await runOf(app, queued.id)).state, 'failed');
});

test('an agent that goes on opening tasks, in which it gets nothing, does not keep a stop from settling', async () => {
  const { id } = await contained(app, OF_PRINCIPAL);
  quiet(app);
  const opened: string[] = [];
  for (let minute = 0; minute < 2; minute += 1) {
    opened.push(await app.newTask());
    await minutes(app, 1);
  }
  assert.equal((await stateOf(app, id)).state, 'settled');
  for (const task of opened) assert.equal((await app.deps.store.readTask(task))?.state, 'ended');
});

test('two passes at once end each thing once', async () => {
  const lives = await Promise.all([1, 2, 3].map(async () => liveIn(await app.newTask())));
  const { id } = await contained(app, EVERYTHING);
  await Promise.all([pass(app, id), pass(app, id), sweep(app.deps, app.context)]);
  for (const live of lives) {
    const types = (await Array.fromAsync(app.deps.store.readChain(live))).map(({ event }) => event.type);
    assert.equal(types.filter((type) => type === 'grant.ended').length, 1);
  }
  await storyOf(app);
});

test('what still is being ended is counted whole, and listed as far as a list goes', async () => {
  for (let index = 0; index < 3; index += 1) {
    const task = await app.newTask();
    for (let held = 0; held < 40; held += 1) await app.newGrant(task);
  }
  const { id } = await contained(app, OF_RESOURCE);
  const { count, grants } = await stillEnding(app, id);
  assert.deepEqual([count, grants.length], [120, STILL_ENDING_LISTED_MAX_COUNT]);
  await tryToLift(app, id);
  assert.equal((await stillEnding(app, id)).count, 0, 'what lives after it is lifted is not its matter');
});
