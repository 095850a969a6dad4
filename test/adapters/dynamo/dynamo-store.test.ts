import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { grantItem, type Item, number, text } from '../../../lambdas/adapters/dynamo/items.ts';
import type { Commit } from '../../../lambdas/app/ports.ts';
import { record } from '../../../lambdas/app/record.ts';
import { headOf } from '../../../lambdas/core/audit/chain.ts';
import type { AuditEntry } from '../../../lambdas/core/audit/entry.ts';
import { endGrant } from '../../../lambdas/core/grant/end-grant.ts';
import type { ActiveGrant, Grant } from '../../../lambdas/core/grant/grant.ts';
import type { OpenTask } from '../../../lambdas/core/grant/task.ts';
import { endTask } from '../../../lambdas/core/grant/task-life.ts';
import { type App, startApp } from '../../support/app.ts';
import { NOW } from '../../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
});

const activeGrant = async (): Promise<ActiveGrant> => {
  const grant = await app.deps.store.readGrant(await app.newActive(await app.newTask()));
  assert.ok(grant?.state === 'active');
  return grant;
};
const ending = (grant: ActiveGrant) => record<Grant>(endGrant(grant, 'task_ended', NOW), app.context, NOW);
const commit = (change: Commit) => app.deps.store.commit(change);

const taskFor = async (): Promise<OpenTask> => {
  const task = await app.deps.store.readTask(await app.newTask());
  assert.ok(task?.state === 'open');
  return task;
};

let others = 0;
/** An entry for a place that nothing else claims, so that only the condition in question can refuse. */
const elsewhere = (entry: AuditEntry): AuditEntry => {
  others += 1;
  return { ...entry, seq: entry.seq + others, hash: String(others).padEnd(64, '0') };
};

test('a change that was decided on an older version is lost, whatever place its entry takes', async () => {
  const grant = await activeGrant();
  const { state, entry } = ending(grant);
  for (const version of [grant.version, grant.version - 1, grant.version + 2]) {
    const stale = { ...state, version };
    assert.equal(
      await commit({ grants: [stale], entries: [elsewhere(entry)] }),
      'lost',
      `version ${version}`,
    );
  }
  assert.deepEqual(await app.deps.store.readGrant(grant.id), grant);
  assert.equal(await commit({ grants: [state], entries: [entry] }), 'committed');
});

test('a change of a task that was decided on an older version is lost', async () => {
  const task = await taskFor();
  const { state, entry } = record(endTask(task, 'ended_by_principal', NOW), app.context, NOW);
  for (const version of [task.version, task.version + 2])
    assert.equal(await commit({ tasks: [{ ...state, version }], entries: [elsewhere(entry)] }), 'lost');
  assert.equal((await app.deps.store.readTask(task.id))?.state, 'open');
});

test('an entry never takes the place of another, and then the state is not changed either', async () => {
  const grant = await activeGrant();
  const { state, entry } = ending(grant);
  const forged = { ...entry, seq: grant.head.seq };
  assert.equal(await commit({ grants: [state], entries: [forged] }), 'lost');
  assert.equal((await app.deps.store.readGrant(grant.id))?.state, 'active');
  const last = (await Array.fromAsync(app.deps.store.readChain(grant.id))).at(-1);
  assert.deepEqual(last && headOf(last), grant.head);
});

test('nothing is committed without an entry', async () => {
  const grant = await activeGrant();
  await assert.rejects(commit({ grants: [ending(grant).state], entries: [] }), TypeError);
  assert.equal((await app.deps.store.readGrant(grant.id))?.state, 'active');
});

test('what must be active is stored only while it is, to the moment', async () => {
  const grant = await activeGrant();
  const next = { ...grant, version: grant.version + 1 };
  const { entry } = ending(grant);
  assert.equal(
    await commit({ grants: [next], entries: [entry], activeGrant: { at: grant.expiresAt } }),
    'lost',
  );
  const inTime = { at: grant.expiresAt - 1 };
  assert.equal(await commit({ grants: [next], entries: [entry], activeGrant: inTime }), 'committed');
});

test('nothing joins a task that has ended or whose lease has run out', async () => {
  const task = await taskFor();
  const grant = await activeGrant();
  const { entry } = ending(grant);
  const join = (id: string, at: number) =>
    commit({ entries: [elsewhere({ ...entry, seq: entry.seq + (at % 89) })], openTask: { id, at } });
  assert.equal(await join(task.id, task.openUntil), 'lost');
  assert.equal(await join('t_00000000000000000000', NOW), 'lost');
  const { state, entry: tombstone } = record(endTask(task, 'ended_by_principal', NOW), app.context, NOW);
  assert.equal(await join(task.id, NOW), 'committed');
  assert.equal(await commit({ tasks: [state], entries: [tombstone] }), 'committed');
  assert.equal(await join(task.id, NOW + 1), 'lost');
});

test('what is used under a task is stored only while the task stands, to the moment', async () => {
  const task = await taskFor();
  const grant = await activeGrant();
  const { entry } = ending(grant);
  const use = (id: string, at: number) =>
    commit({ entries: [elsewhere({ ...entry, seq: entry.seq + 500 })], standingTask: { id, at } });
  assert.equal(await use(task.id, task.openUntil), 'lost');
  assert.equal(await use('t_00000000000000000000', NOW), 'lost');
  assert.equal(await use(task.id, task.openUntil - 1), 'committed');
  const { state, entry: tombstone } = record(endTask(task, 'ended_by_principal', NOW), app.context, NOW);
  assert.equal(await commit({ tasks: [state], entries: [tombstone] }), 'committed');
  assert.equal(await use(task.id, NOW), 'lost');
});

test('a run that begins asks of its task once, for its budget and for the task', async () => {
  const task = await taskFor();
  const { entry } = ending(await activeGrant());
  const used = { runs: 1, rows: 0, bytes: 0, failures: 0, task: task.id, principalKey: 'p' };
  const begin = (at: number) =>
    commit({
      entries: [elsewhere({ ...entry, seq: entry.seq + 900 })],
      usage: { ...used, begins: true, at },
      standingTask: { id: task.id, at },
    });
  assert.equal(await begin(task.openUntil), 'lost');
  assert.equal(await begin(NOW), 'committed');
});

test('a state that contradicts its own attributes is decided on by nobody', async () => {
  const grant = await activeGrant();
  const change = (difference: Item) =>
    app.tables.client.send(
      new PutItemCommand({ TableName: 'Grants', Item: { ...grantItem(grant), ...difference } }),
    );
  await change({ state: text('released') });
  await assert.rejects(app.deps.store.readForUse(grant.id), TypeError);
  await change({ version: number(99) });
  await assert.rejects(app.deps.store.readGrant(grant.id), TypeError);
  await change({});
  assert.deepEqual((await app.deps.store.readForUse(grant.id)).grant, grant);
});

test('the count of grants on a task survives every change of the task', async () => {
  const task = await app.newTask({ name: 'leased', leaseSeconds: 600 });
  await app.newGrant(task);
  const read = await app.deps.store.readTask(task);
  assert.ok(read?.state === 'open');
  const { state, entry } = record(endTask(read, 'ended_by_principal', NOW), app.context, NOW);
  await commit({ tasks: [state], entries: [entry] });
  const ask = { taskId: task, principalKey: 'p', idempotencyKey: undefined };
  assert.equal((await app.deps.store.readForRequest(ask)).grantCount, 1);
});
