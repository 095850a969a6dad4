import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Update } from '@aws-sdk/client-dynamodb';
import {
  canceled,
  codesOf,
  freshKey,
  GRANTS,
  grant,
  type Item,
  keyOf,
  N,
  refused,
  S,
  type Suite,
} from './dynamodb-harness.ts';

export const conditions: Suite = (dynamo) => {
  test('a put that asks for absence succeeds once', async () => {
    const absent = { ConditionExpression: 'attribute_not_exists(pk)' };
    const item = grant();
    await dynamo().put(item, absent);
    await assert.rejects(dynamo().put({ ...item, state: S('second') }, absent), refused);
    assert.equal((await dynamo().read(keyOf(item)))?.state?.S, 'active');
  });

  test('numbers are compared as numbers: 9 < 10 and 10 = 10.0', async () => {
    const item = grant();
    await dynamo().put(item);
    const next = { ...item, version: N(10) };
    const below = (max: string) => ({
      ConditionExpression: 'version < :max',
      ExpressionAttributeValues: { ':max': { N: max } },
    });
    await dynamo().put(next, below('10'));
    await assert.rejects(dynamo().put(next, below('9')), refused);
    await dynamo().put(next, {
      ConditionExpression: 'version = :same',
      ExpressionAttributeValues: { ':same': { N: '10.0' } },
    });
  });

  const use = {
    ConditionExpression: 'version = :v AND #state = :active AND expiresAt > :now',
    ExpressionAttributeNames: { '#state': 'state' },
    ExpressionAttributeValues: { ':v': N(9), ':active': S('active'), ':now': N(999) },
  };
  for (const [what, over, holds] of [
    ['as it was read', {}, true],
    ['a newer version', { version: N(10) }, false],
    ['another state', { state: S('ending') }, false],
    ['expired at this very instant', { expiresAt: N(999) }, false],
    ['a number stored as a string', { expiresAt: S('1000') }, false],
  ] as const)
    test(`the use condition on a grant: ${what}`, async () => {
      const item = grant(over);
      await dynamo().put(item);
      if (holds) await dynamo().put(item, use);
      else await assert.rejects(dynamo().put(item, use), refused);
    });

  test('the use condition does not hold where there is no item', async () => {
    await assert.rejects(dynamo().put(grant(), use), refused);
  });

  test('an absent attribute is neither greater nor smaller, and OR finds the other side', async () => {
    const item = { ...freshKey() };
    await dynamo().put(item);
    const missing = {
      ConditionExpression: 'purgeAt < :now',
      ExpressionAttributeValues: { ':now': N(5) },
    };
    await assert.rejects(dynamo().put(item, missing), refused);
    await dynamo().put(item, {
      ...missing,
      ConditionExpression: 'attribute_not_exists(purgeAt) OR purgeAt < :now',
    });
  });

  test('a placeholder that the expression does not use is a mistake', async () => {
    await assert.rejects(
      dynamo().put(grant(), {
        ConditionExpression: 'attribute_not_exists(pk)',
        ExpressionAttributeValues: { ':unused': N(1) },
      }),
      { name: 'ValidationException' },
    );
  });
};

export const updates: Suite = (dynamo) => {
  const update = (Key: Item, over: Omit<Update, 'TableName' | 'Key'>) =>
    dynamo().transact([{ Update: { TableName: GRANTS, Key, ...over } }]);
  const count = { UpdateExpression: 'ADD hits :one', ExpressionAttributeValues: { ':one': N(1) } };

  test('an update sets, removes and counts, and leaves the rest alone', async () => {
    const item = grant({ due: S('DUE#0'), dueAt: N(5), grantCount: N(2) });
    await dynamo().put(item);
    await update(keyOf(item), {
      UpdateExpression: 'SET #state = :ended REMOVE due, dueAt ADD grantCount :one',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':ended': S('ended'), ':one': N(1) },
    });
    const { due: _due, dueAt: _dueAt, ...kept } = item;
    assert.deepEqual(await dynamo().read(keyOf(item)), { ...kept, state: S('ended'), grantCount: N(3) });
  });

  test('counting begins at zero where there is no item', async () => {
    const key = freshKey();
    await update(key, count);
    assert.deepEqual(await dynamo().read(key), { ...key, hits: N(1) });
  });

  const begin = (max: number) => ({
    UpdateExpression: 'SET purgeAt = :purge ADD runs :runs, rowsUsed :rows',
    ConditionExpression: '(attribute_not_exists(runs) OR runs < :max)',
    ExpressionAttributeValues: { ':purge': N(5), ':runs': N(1), ':rows': N(0), ':max': N(max) },
  });

  test('one update sets and counts, begins where there is nothing, and stops at its limit', async () => {
    const key = freshKey();
    await update(key, begin(2));
    assert.deepEqual(await dynamo().read(key), { ...key, purgeAt: N(5), runs: N(1), rowsUsed: N(0) });
    await update(key, begin(2));
    assert.deepEqual(codesOf(await canceled(update(key, begin(2)))), ['ConditionalCheckFailed']);
    assert.deepEqual((await dynamo().read(key))?.runs, N(2));
    await update(key, begin(10));
    assert.deepEqual((await dynamo().read(key))?.runs, N(3));
  });

  test('of begins that come at once no more pass than the limit', async () => {
    const key = freshKey();
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => update(key, begin(4))));
    const passed = outcomes.filter(({ status }) => status === 'fulfilled').length;
    assert.ok(passed >= 1 && passed <= 4, `${passed} passed`);
    assert.deepEqual((await dynamo().read(key))?.runs, N(passed));
  });

  test('an outcome closes or opens the circuit while it counts', async () => {
    const key = freshKey();
    const settle = (UpdateExpression: string, values: Item) =>
      update(key, {
        UpdateExpression,
        ConditionExpression: 'attribute_exists(pk)',
        ExpressionAttributeValues: { ':rows': N(3), ...values },
      });
    const fails = () =>
      settle('SET lastFailureAt = :at ADD rowsUsed :rows, failuresInRow :one', { ':at': N(9), ':one': N(1) });
    assert.deepEqual(codesOf(await canceled(fails())), ['ConditionalCheckFailed']);
    await update(key, begin(9));
    await fails();
    await fails();
    const failed = await dynamo().read(key);
    assert.deepEqual([failed?.failuresInRow, failed?.lastFailureAt, failed?.rowsUsed], [N(2), N(9), N(6)]);
    await settle('SET failuresInRow = :zero ADD rowsUsed :rows', { ':zero': N(0) });
    assert.deepEqual((await dynamo().read(key))?.failuresInRow, N(0));
  });

  test('increments one after the other all count', async () => {
    const key = freshKey();
    for (let hit = 0; hit < 20; hit += 1) await update(key, count);
    assert.deepEqual((await dynamo().read(key))?.hits, N(20));
  });
};
