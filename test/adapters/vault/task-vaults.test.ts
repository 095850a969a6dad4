import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { inspect } from 'node:util';
import { DeleteObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { purgeAtOf } from '../../../lambdas/adapters/vault/key-item.ts';
import { keyStore } from '../../../lambdas/adapters/vault/key-store.ts';
import { payloadObjects } from '../../../lambdas/adapters/vault/payload-objects.ts';
import { taskVaults, VaultClosed } from '../../../lambdas/adapters/vault/task-vaults.ts';
import { DependencyUnavailable, type TaskVault } from '../../../lambdas/app/ports.ts';
import { taskId } from '../../../lambdas/core/grant/ids.ts';
import { PAYLOAD_MAX_BYTES } from '../../../lambdas/core/limits.ts';
import { SealBroken } from '../../../lambdas/core/vault/seal.ts';
import { NOW } from '../../support/facts.ts';
import { PLACES, startVaultStage, type VaultStage } from '../../support/vault-stage.ts';

let stage: VaultStage;
before(async () => {
  stage = await startVaultStage();
});
after(() => stage.close());

const newTask = () => taskId(randomBytes(20));
const keysOf = (role: 'api' | 'operator') => keyStore(stage.clientsOf(role).dynamo, PLACES.keys);
const found = async (task: string, role: 'runner' | 'reader' = 'runner'): Promise<TaskVault> => {
  const vault = await stage.vaultsOf(role).find(task);
  assert.ok(vault);
  return vault;
};
/** A vault as `api` opens it, with one statement in it. */
const kept = async (content = 'SELECT 1') => {
  const task = newTask();
  const vault = await stage.vaultsOf('api').open(task);
  return { task, vault, ...(await vault.put('statement.r_1', content)) };
};
/** Opened by one whose first look was before there was anything. */
const openLate = (task: string): Promise<TaskVault> => {
  const keys = keysOf('api');
  const looks = [undefined];
  const read = async (of: string) => (looks.length > 0 ? looks.pop() : keys.read(of));
  const objects = payloadObjects(stage.clientsOf('api').s3, PLACES.bucket);
  const parts = { objects, retentionDays: 90, clock: () => NOW, random: randomBytes };
  return taskVaults({ ...parts, keys: { ...keys, read } }).open(task);
};
const tagOf = (task: string, name = 'statement.r_1') => stage.s3.look(PLACES.bucket, `${task}/${name}`)?.tags;

describe('what is kept of a task', () => {
  test('api puts, runner and reader find, each with its own rights and no others', async () => {
    const { task, sealedHash } = await kept('SELECT name FROM customers');
    const runner = await found(task);
    assert.equal(await runner.get('statement.r_1', sealedHash), 'SELECT name FROM customers');
    const result = await runner.put('result.r_1', '[["Ada"]]');
    assert.equal(await (await found(task, 'reader')).get('result.r_1', result.sealedHash), '[["Ada"]]');
    assert.deepEqual(tagOf(task), { latchkey: 'kept' });
  });

  test('opens with one call, and costs one more for each thing that is put or got', async () => {
    const { task, sealedHash } = await kept();
    stage.calls.length = 0;
    const vault = await found(task);
    assert.deepEqual(stage.calls, ['dynamodb:GetItem']);
    await vault.get('statement.r_1', sealedHash);
    await vault.put('result.r_1', 'x');
    assert.deepEqual(stage.calls.slice(1), ['s3:GetObject', 's3:PutObject']);
  });

  test('is sealed where it lies, and of one task only', async () => {
    const [one, other] = [await kept('078-05-1120'), await kept('078-05-1120')];
    const bytes = Buffer.from(
      stage.s3.look(PLACES.bucket, `${one.task}/statement.r_1`)?.base64 ?? '',
      'base64',
    );
    assert.ok(bytes.length > 0 && !bytes.includes('078-05-1120'));
    assert.notEqual(one.sealedHash, other.sealedHash);
    assert.notEqual(one.vault.mac('literal', 'x'), other.vault.mac('literal', 'x'));
    assert.equal(one.vault.mac('literal', 'x'), (await found(one.task)).mac('literal', 'x'));
  });

  test('is undefined where nothing was put, and where the bucket has let it go', async () => {
    const { task, vault, sealedHash } = await kept();
    assert.equal(await vault.get('statement.r_2', sealedHash), undefined);
    const Key = `${task}/statement.r_1`;
    await stage.clientsOf('operator').s3.send(new DeleteObjectCommand({ Bucket: PLACES.bucket, Key }));
    assert.equal(await vault.get('statement.r_1', sealedHash), undefined);
  });

  test('is never replaced: the same again is the same, and another is refused', async () => {
    const { vault, sealedHash } = await kept('SELECT 1');
    assert.deepEqual(await vault.put('statement.r_1', 'SELECT 1'), { sealedHash });
    await assert.rejects(vault.put('statement.r_1', 'SELECT 2'), /kept already/);
    assert.equal(await vault.get('statement.r_1', sealedHash), 'SELECT 1');
  });

  test('is refused when it is not what the trail says, also when it was sealed by ourselves', async () => {
    const { task, vault, sealedHash } = await kept();
    const later = await vault.put('statement.r_2', 'SELECT 2');
    await assert.rejects(vault.get('statement.r_1', later.sealedHash), SealBroken);
    const other = Buffer.from(stage.s3.look(PLACES.bucket, `${task}/statement.r_2`)?.base64 ?? '', 'base64');
    const put = { Bucket: PLACES.bucket, Key: `${task}/statement.r_1`, Body: other };
    await stage.clientsOf('operator').s3.send(new PutObjectCommand(put));
    await assert.rejects(vault.get('statement.r_1', sealedHash), SealBroken);
    await assert.rejects(vault.get('statement.r_1', later.sealedHash), SealBroken);
  });

  test('is refused when it is larger than anything of ours', async () => {
    const { vault } = await kept();
    await assert.rejects(vault.put('statement.r_2', 'x'.repeat(PAYLOAD_MAX_BYTES + 1)), TypeError);
    const { sealedHash } = await vault.put('statement.r_2', 'é'.repeat(PAYLOAD_MAX_BYTES / 2));
    assert.equal((await vault.get('statement.r_2', sealedHash))?.length, PAYLOAD_MAX_BYTES / 2);
  });
});

describe('the key of a task', () => {
  test('is one, however many open at the same time', async () => {
    const task = newTask();
    const vaults = stage.vaultsOf('api');
    const opened = await Promise.all(Array.from({ length: 8 }, () => vaults.open(task)));
    assert.equal(new Set(opened.map((vault) => vault.mac('mask', 'x'))).size, 1);
  });

  test('is the winner’s when the race is lost between look and write', async () => {
    const { task, vault, sealedHash } = await kept('x');
    const late = await openLate(task);
    assert.equal(await late.get('statement.r_1', sealedHash), 'x');
    assert.equal(late.mac('mask', 'x'), vault.mac('mask', 'x'));
  });

  test('is made by open alone', async () => {
    const task = newTask();
    for (const role of ['api', 'runner', 'reader'] as const)
      assert.equal(await stage.vaultsOf(role).find(task), undefined);
    await assert.rejects(stage.vaultsOf('runner').open(task), DependencyUnavailable);
  });

  test('opens nothing from the end of its retention on, deleted or not', async () => {
    const { task } = await kept();
    const end = purgeAtOf(NOW, 90) * 1_000;
    assert.ok(end >= NOW + 90 * 86_400_000);
    try {
      stage.time.now = end - 1;
      await found(task);
      stage.time.now = end;
      assert.equal(await stage.vaultsOf('runner').find(task), undefined);
      await assert.rejects(stage.vaultsOf('api').open(task), VaultClosed);
    } finally {
      stage.time.now = NOW;
    }
  });

  test('that was destroyed opens nothing, and is never made again', async () => {
    const { task } = await kept();
    const keys = keysOf('operator');
    const item = await keys.read(task);
    assert.ok(item && (await keys.replace(task, item, { state: 'erased', erasedAt: NOW })));
    assert.equal(await stage.vaultsOf('reader').find(task), undefined);
    await assert.rejects(stage.vaultsOf('api').open(task), VaultClosed);
    await assert.rejects(openLate(task), VaultClosed);
    assert.deepEqual(await keys.read(task), { state: 'erased', erasedAt: NOW });
  });

  test('under hold opens whatever its age, and what is put is held with it', async () => {
    const { task, sealedHash } = await kept();
    const keys = keysOf('operator');
    const item = await keys.read(task);
    assert.ok(item && item.state === 'kept');
    assert.ok(await keys.replace(task, item, { ...item, state: 'held' }));
    const vault = await found(task);
    assert.equal(await vault.get('statement.r_1', sealedHash), 'SELECT 1');
    await vault.put('result.r_1', 'x');
    assert.deepEqual(tagOf(task, 'result.r_1'), { latchkey: 'held' });
    // Whoever had read it before the hold cannot overrule that.
    assert.equal(await keys.replace(task, item, { state: 'erased', erasedAt: NOW }), false);
  });

  test('cannot be held, lifted or destroyed with the rights of a function', async () => {
    const { task } = await kept();
    const keys = keysOf('api');
    const item = await keys.read(task);
    assert.ok(item && item.state === 'kept');
    const denied = (change: Promise<unknown>) =>
      assert.rejects(
        change,
        (error: Error) => error.cause instanceof Error && error.cause.name === 'AccessDeniedException',
      );
    await denied(keys.replace(task, item, { ...item, state: 'held' }));
    await denied(keys.replace(task, item, { state: 'erased', erasedAt: NOW }));
  });
});

describe('what is in no error', () => {
  test('key and content, whatever goes wrong', async () => {
    const key = randomBytes(32);
    const task = newTask();
    const vault = await stage.vaultsOf('api', (count) => key.subarray(0, count)).open(task);
    await vault.put('statement.r_1', '078-05-1120');
    const reader = await found(task, 'reader');
    const failures = [
      vault.put('statement.r_1', '078-05-1120 again'),
      vault.put('a/b', '078-05-1120'),
      vault.get('statement.r_1', 'ab'.repeat(32)),
      reader.put('result.r_1', '078-05-1120'),
      stage.vaultsOf('vend', () => key).open(newTask()),
    ];
    for (const failure of await Promise.allSettled(failures)) {
      assert.equal(failure.status, 'rejected');
      const told = inspect(failure.status === 'rejected' && failure.reason, { depth: 20, showHidden: true });
      for (const secret of [
        '078-05-1120',
        key.toString('hex'),
        key.toString('base64'),
        key.toString('latin1'),
      ])
        assert.ok(!told.includes(secret), told);
    }
    assert.ok(!inspect(vault, { depth: 20, showHidden: true }).includes(key.toString('base64')));
  });

  test('a service that is away is named, and nothing else is', async () => {
    const { task } = await kept();
    const vault = await found(task, 'reader');
    await assert.rejects(vault.put('result.r_1', 'x'), (error: Error) => {
      assert.ok(error instanceof DependencyUnavailable);
      return error.dependency === 'vault' && error.message === 'vault is unavailable';
    });
  });
});
