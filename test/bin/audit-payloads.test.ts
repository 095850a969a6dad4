import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type PayloadVerb, runPayloadVerb } from '../../bin/audit-payloads.ts';
import { connectDynamo } from '../../lambdas/adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../../lambdas/adapters/dynamo/dynamo-store.ts';
import { keyStore } from '../../lambdas/adapters/vault/key-store.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { openTask } from '../../lambdas/app/open-task.ts';
import type { Store } from '../../lambdas/app/ports.ts';
import { CALLER, NOW, SOFTWARE } from '../support/facts.ts';
import { type CommandRun, runCommand } from '../support/run-command.ts';
import { PLACES, startVaultStage, type VaultStage } from '../support/vault-stage.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-payloads-'));
let stage: VaultStage;
let store: Store;

before(async () => {
  stage = await startVaultStage();
  stage.time.now = Date.now();
  Object.assign(process.env, stage.environmentOf('operator'));
  const { dynamo } = stage.clientsOf('operator');
  store = dynamoStore(
    { ...connectDynamo({ grants: PLACES.grants, audit: PLACES.audit }), client: dynamo },
    Date.now,
  );
});
after(async () => {
  await stage.close();
  rmSync(directory, { recursive: true, force: true });
});

const flags = ['--grants-table', PLACES.grants, '--audit-table', PLACES.audit];
const places = [...flags, '--keys-table', PLACES.keys, '--bucket', PLACES.bucket];
const audit = (...args: string[]): Promise<CommandRun> =>
  runCommand(['bin/audit.ts', ...args], stage.environmentOf('operator'));

const deps = {
  get store() {
    return store;
  },
  software: SOFTWARE,
  clock: Date.now,
  random: (count: number) => randomBytes(count),
  backoff: async () => undefined,
  sleep: async () => undefined,
  log: () => undefined,
  workflow: {
    start: async () => undefined,
    endWait: async () => undefined,
    renewWait: async () => undefined,
  },
};

/** What the command does, without a process for each. */
const act = (verb: PayloadVerb, task: string): Promise<string> =>
  runPayloadVerb(
    verb,
    { task, isSure: true },
    { grantsTable: PLACES.grants, auditTable: PLACES.audit, keysTable: PLACES.keys, bucket: PLACES.bucket },
  );

/** A task with a statement and its result, over unless it shall be open. */
const newTask = async ({ isOpen = false } = {}) => {
  const opened = await openTask(deps, CALLER, { request: { name: 'a task' }, idempotencyKey: undefined });
  assert.ok(opened.ok);
  const { id } = opened.value.task;
  const vault = await stage.vaultsOf('api').open(id);
  const { sealedHash } = await vault.put('statement.r_1', '078-05-1120');
  await vault.put('result.r_1', '[["Ada"]]');
  if (!isOpen) assert.ok((await endTask(deps, CALLER, id)).ok);
  return { id, sealedHash };
};

const keyOf = (task: string) => keyStore(stage.clientsOf('operator').dynamo, PLACES.keys).read(task);
const tagsOf = (task: string) =>
  ['statement.r_1', 'result.r_1'].map(
    (name) => stage.s3.look(PLACES.bucket, `${task}/${name}`)?.tags.latchkey,
  );
/** What the trail says was done to a task's payloads. */
const actsOn = async (task: string) => {
  const events = await Array.fromAsync(store.readChain('system:payloads'), ({ event }) => event);
  return events.filter((event) => 'task' in event && event.task === task);
};

test('erasing destroys the key and deletes the objects, once and for all, and the trail still verifies', async () => {
  const { id, sealedHash } = await newTask();
  const before = await stage.vaultsOf('reader').find(id);
  assert.equal(await before?.get('statement.r_1', sealedHash), '078-05-1120');
  const run = await audit('erase', id, ...places, '--yes');
  assert.deepEqual([run.code, run.err], [0, '']);
  assert.match(run.out, /its key is destroyed .* 2 objects are deleted/);
  assert.match(run.out, /What remains is the trail/);
  assert.equal((await keyOf(id))?.state, 'erased');
  assert.deepEqual(tagsOf(id), [undefined, undefined]);
  assert.equal(await stage.vaultsOf('reader').find(id), undefined);
  assert.equal(await before?.get('statement.r_1', sealedHash), undefined);

  assert.match(await act('erase', id), /0 objects are deleted/);
  const [entry, ...others] = await actsOn(id);
  assert.deepEqual(others, []);
  assert.ok(entry?.type === 'payload.erased');
  assert.deepEqual([entry.objects, entry.actor.kind], [2, 'operator']);
  assert.match(JSON.stringify(entry.actor), /assumed-role\/operator\/test/);

  const file = join(directory, 'trail.jsonl');
  assert.equal((await audit('export', ...flags, '--out', file)).code, 0);
  const verified = await audit('verify', file);
  assert.equal(verified.code, 0, verified.out);
  assert.doesNotMatch(readFileSync(file, 'utf8'), /078-05-1120|Ada/);
});

test('an erasure that stopped between key and objects is finished by repeating it, and is one entry', async () => {
  const { id } = await newTask();
  const keys = keyStore(stage.clientsOf('operator').dynamo, PLACES.keys);
  const item = await keys.read(id);
  assert.ok(item && (await keys.replace(id, item, { state: 'erased', erasedAt: NOW })));
  assert.match(await act('erase', id), /2 objects are deleted/);
  assert.deepEqual(
    (await actsOn(id)).map((entry) => 'erasedAt' in entry && entry.erasedAt),
    [NOW],
  );
});

test('a hold keeps a task from age and from erasing until it is lifted', async () => {
  const { id, sealedHash } = await newTask();
  const until = await keyOf(id);
  assert.match(await act('hold', id), /on hold, with 2 objects/);
  assert.deepEqual(tagsOf(id), ['held', 'held']);
  const stored = await stage.dynamo.call('GetItem', { TableName: PLACES.keys, Key: { task: { S: id } } });
  assert.ok(!JSON.stringify(stored).includes('purgeAt'));

  await assert.rejects(act('erase', id), /under legal hold/);
  const vault = await stage.vaultsOf('reader').find(id);
  assert.equal(await vault?.get('statement.r_1', sealedHash), '078-05-1120');

  assert.match(await act('release-hold', id), /the hold is lifted/);
  assert.deepEqual(tagsOf(id), ['kept', 'kept']);
  assert.deepEqual(await keyOf(id), until);
  await assert.rejects(act('release-hold', id), /is not under legal hold/);
  assert.deepEqual(
    (await actsOn(id)).map(({ type }) => type),
    ['payload.held', 'payload.hold_lifted'],
  );
});

test('a task that is open is not erased, and its hold says that it has to be repeated', async () => {
  const { id } = await newTask({ isOpen: true });
  await assert.rejects(act('erase', id), /is not over/);
  assert.match(await act('hold', id), /still open: once it is over, hold it again/);
  assert.equal((await keyOf(id))?.state, 'held');
});

test('a wrong call says what is wrong, and touches nothing', async () => {
  const { id } = await newTask();
  for (const [args, says] of [
    [['erase', id, ...places], /nobody can undo this. Add --yes/],
    [['erase', ...places, '--yes'], /name the task/],
    [['erase', id, ...flags, '--yes'], /--keys-table: name it/],
  ] as const) {
    const run = await audit(...args);
    assert.deepEqual([run.code, run.out], [1, ''], run.err);
    assert.match(run.err, says);
  }
  await assert.rejects(act('erase', 'g_1'), /`g_1` is not the id of a task/);
  await assert.rejects(act('hold', 't_00000000000000000000'), /there is no such task/);
  assert.equal((await keyOf(id))?.state, 'kept');
  assert.deepEqual(await actsOn(id), []);
});
