import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { endTask } from '../../lambdas/app/end-task.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import { GRANTS_PER_TASK_MAX, UNATTENDED_GRANT_MAX_SECONDS } from '../../lambdas/core/limits.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import { ALLOWED, CALLER, NOW, OTHER_CALLER, PRINCIPAL, REFUSED } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
  app.policy.answer = () => ALLOWED;
  app.tables.dynamo.setFaults(undefined);
  app.calls.length = 0;
});

const code = (result: Awaited<ReturnType<typeof requestAccess>>) =>
  result.ok ? result.value.grant.state : result.failure.code;

test('an allowed request is committed with its entry before its workflow is started', async () => {
  const task = await app.newTask();
  let committedAtStart = false;
  const deps = {
    ...app.deps,
    workflow: {
      start: async ({ id }: { id: string }) => {
        committedAtStart = (await app.deps.store.readGrant(id)) !== undefined;
      },
    },
  };
  const answer = await requestAccess(deps, CALLER, {
    request: { ...REQUEST, task },
    idempotencyKey: undefined,
  });
  assert.ok(answer.ok);
  const { grant, receipt } = answer.value;
  assert.equal(grant.state, 'preparing');
  assert.equal(committedAtStart, true);
  const entries = await Array.fromAsync(app.deps.store.readChain(grant.id));
  assert.deepEqual(
    entries.map(({ event }) => event.type),
    ['grant.requested'],
  );
  assert.equal(entries[0]?.hash, receipt.hash);
});

test('a workflow that cannot be started leaves the grant to the sweeper', async () => {
  const task = await app.newTask();
  const deps = { ...app.deps, workflow: { start: () => Promise.reject(new Error('away')) } };
  const answer = await requestAccess(deps, CALLER, {
    request: { ...REQUEST, task },
    idempotencyKey: undefined,
  });
  assert.equal(code(answer), 'preparing');
  assert.deepEqual(
    (await app.deps.store.due(NOW + 60_000))
      .map(({ id }) => id)
      .includes(answer.ok ? answer.value.grant.id : ''),
    true,
  );
});

test('a refusal by policy is a grant in state denied, with a chain of its own', async () => {
  app.policy.answer = () => REFUSED;
  const grant = await app.newGrant(await app.newTask());
  assert.equal(grant.state, 'denied');
  const [entry] = await Array.fromAsync(app.deps.store.readChain(grant.id));
  assert.equal(entry?.event.type === 'grant.requested' && entry.event.decision, 'denied');
  assert.equal(app.calls.length, 0);
});

test('people are asked for when policy says yes only with them, and an agent without an owner is denied', async () => {
  app.policy.answer = (approvals) => (approvals >= 2 ? ALLOWED : REFUSED);
  const task = await app.newTask();
  const grant = await app.newGrant(task);
  assert.equal(grant.state === 'pending_approval' && grant.quorum, 2);
  const orphan = { ...CALLER, principal: { ...PRINCIPAL, owners: [] } };
  const denied = await requestAccess(app.deps, orphan, {
    request: { ...REQUEST, task },
    idempotencyKey: undefined,
  });
  assert.equal(
    denied.ok && denied.value.grant.state === 'denied' && denied.value.grant.denial,
    'owner_unknown',
  );
});

test('nothing unattended lasts longer than an hour, whatever policy and resource say', async () => {
  const long = {
    ...app.deps,
    resources: app.deps.resources.map((resource) => ({ ...resource, maxDurationSeconds: 40_000 })),
  };
  const request = {
    ...REQUEST,
    task: await app.newTask(),
    durationSeconds: UNATTENDED_GRANT_MAX_SECONDS + 1,
  };
  const answer = await requestAccess(long, CALLER, { request, idempotencyKey: undefined });
  assert.equal(
    answer.ok && answer.value.grant.state === 'denied' && answer.value.grant.denial,
    'duration_too_long',
  );
});

test('no grant is longer than its resource allows, with people or without', async () => {
  const task = await app.newTask();
  const short = app.deps.resources.map((resource) => ({ ...resource, maxDurationSeconds: 300 }));
  for (const quorum of [0, 1]) {
    app.policy.answer = (approvals) => (approvals >= quorum ? ALLOWED : REFUSED);
    const ask = (durationSeconds: number) => {
      const request = { ...REQUEST, task, durationSeconds };
      return requestAccess({ ...app.deps, resources: short }, CALLER, { request, idempotencyKey: undefined });
    };
    const [longest, longer] = [await ask(300), await ask(301)];
    assert.ok(longest.ok && longer.ok);
    assert.equal(longest.value.grant.state, quorum === 0 ? 'preparing' : 'pending_approval');
    const { grant } = longer.value;
    assert.equal(grant.state === 'denied' && grant.denial, 'duration_too_long');
  }
});

test('unknown groups and unlisted callers are denied before policy is asked', async () => {
  const task = await app.newTask();
  app.policy.answer = () => assert.fail('policy was asked');
  for (const [change, denial] of [
    [{ groups: { known: false as const } }, 'groups_unavailable'],
    [{ listed: false }, 'principal_unknown'],
  ] as const) {
    const caller = { ...CALLER, principal: { ...PRINCIPAL, ...change } };
    const answer = await requestAccess(app.deps, caller, {
      request: { ...REQUEST, task },
      idempotencyKey: undefined,
    });
    assert.equal(answer.ok && answer.value.grant.state === 'denied' && answer.value.grant.denial, denial);
  }
});

test('a task of somebody else looks like none; an ended one is over; an unknown resource is met with a guess', async () => {
  const task = await app.newTask();
  const foreign = await requestAccess(app.deps, OTHER_CALLER, {
    request: { ...REQUEST, task },
    idempotencyKey: undefined,
  });
  assert.equal(code(foreign), 'not_found');
  const guess = await app.ask(task, { resource: 'order-db' });
  assert.deepEqual(guess, {
    ok: false,
    failure: { code: 'unknown_resource', resource: 'order-db', didYouMean: 'orders-db' },
  });
  assert.equal(code(await app.ask(task, { action: 'postgres:ddl' })), 'unknown_action');
  await endTask(app.deps, CALLER, task);
  assert.equal(code(await app.ask(task)), 'task_over');
});

test('the same key and request is the same grant today; another request under the key is refused', async () => {
  const task = await app.newTask();
  const make = (durationSeconds: number) =>
    requestAccess(app.deps, CALLER, { request: { ...REQUEST, task, durationSeconds }, idempotencyKey: 'k1' });
  const [first, again] = [await make(600), await make(600)];
  assert.ok(first.ok && again.ok);
  assert.equal(again.value.grant.id, first.value.grant.id);
  assert.equal(code(await make(601)), 'idempotency_mismatch');
});

test('a key is forgotten after its day, also while the item still stands', async () => {
  const task = await app.newTask();
  const make = () =>
    requestAccess(app.deps, CALLER, { request: { ...REQUEST, task }, idempotencyKey: 'k-day' });
  const first = await make();
  app.time.now += 25 * 3_600_000;
  const later = { ...REQUEST, task: await app.newTask() };
  const answer = await requestAccess(app.deps, CALLER, { request: later, idempotencyKey: 'k-day' });
  assert.ok(first.ok && answer.ok);
  assert.notEqual(first.value.grant.id, answer.value.grant.id);
});

test('identical requests at once make one grant', async () => {
  const task = await app.newTask();
  const make = () => requestAccess(app.deps, CALLER, { request: { ...REQUEST, task }, idempotencyKey: 'k2' });
  const answers = await Promise.all([make(), make(), make(), make()]);
  const ids = answers.map((answer) => (answer.ok ? answer.value.grant.id : answer.failure.code));
  assert.equal(new Set(ids).size, 1);
  assert.equal((await app.deps.store.grantsOfTask(task)).length, 1);
});

test('creation against the end of the same task leaves nothing alive', async () => {
  for (let round = 0; round < 8; round += 1) {
    const task = await app.newTask();
    await Promise.allSettled([app.ask(task), app.ask(task), endTask(app.deps, CALLER, task), app.ask(task)]);
    for (const id of await app.deps.store.grantsOfTask(task)) {
      const grant = await app.deps.store.readGrant(id);
      assert.ok(grant && isOver(grant), `round ${round}: ${grant?.state}`);
    }
  }
});

test('a task that keeps asking is stopped', async () => {
  const task = await app.newTask();
  app.policy.answer = () => REFUSED;
  for (let count = 0; count < GRANTS_PER_TASK_MAX; count += 1) await app.newGrant(task);
  assert.equal(code(await app.ask(task)), 'too_many_grants');
});

test('a throttled or absent table is said to be unavailable, and nothing was made', async () => {
  const task = await app.newTask();
  for (const fault of ['throttle', 'away'] as const) {
    app.tables.dynamo.setFaults((operation) => (operation === 'TransactWriteItems' ? fault : undefined));
    await assert.rejects(app.ask(task), DependencyUnavailable, fault);
  }
  app.tables.dynamo.setFaults(undefined);
  assert.deepEqual(await app.deps.store.grantsOfTask(task), []);
});

test('a commit whose answer was lost is found in the trail and happened once', async () => {
  const task = await app.newTask();
  app.tables.dynamo.setFaults((operation) => (operation === 'TransactWriteItems' ? 'lost' : undefined));
  assert.equal(code(await app.ask(task)), 'preparing');
  app.tables.dynamo.setFaults(undefined);
  assert.equal((await app.deps.store.grantsOfTask(task)).length, 1);
});

test('keys that a batch read leaves out are not taken for absent', async () => {
  const task = await app.newTask();
  app.tables.dynamo.setFaults((operation) => (operation === 'BatchGetItem' ? 'unprocessed' : undefined));
  await assert.rejects(app.ask(task), DependencyUnavailable);
});
