import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import {
  AUDIT,
  canceled,
  codesOf,
  freshKey,
  GRANTS,
  grant,
  type Item,
  keyOf,
  N,
  putAudit,
  putGrant,
  S,
  type Suite,
} from './dynamodb-harness.ts';

export const transactions: Suite = (dynamo) => {
  test('writes to two tables are made together', async () => {
    const item = grant();
    await dynamo().put(item);
    await dynamo().transact([putGrant({ ...item, version: N(10) }, 9), putAudit('together', 1)]);
    assert.equal((await dynamo().read(keyOf(item)))?.version?.N, '10');
    assert.ok(await dynamo().read({ chain: S('together'), seq: N(1) }, AUDIT));
  });

  test('one failed condition cancels all, and the reasons stand in the order of the writes', async () => {
    const item = grant();
    await dynamo().put(item);
    const error = await canceled(
      dynamo().transact([
        putAudit('cancelled', 1),
        putGrant({ ...item, version: N(9) }, 8),
        { Update: { ...joinTask(freshKey()) } },
      ]),
    );
    assert.deepEqual(codesOf(error), ['None', 'ConditionalCheckFailed', 'ConditionalCheckFailed']);
    assert.equal(await dynamo().read({ chain: S('cancelled'), seq: N(1) }, AUDIT), undefined);
    assert.equal((await dynamo().read(keyOf(item)))?.version?.N, '9');
  });

  test('a grant joins its task only while the task is open and not full', async () => {
    const task = { ...freshKey(), state: S('open'), openUntil: N(2_000) };
    await dynamo().put(task);
    const join = () => dynamo().transact([{ Update: joinTask(keyOf(task)) }]);
    await join();
    await join();
    assert.deepEqual(codesOf(await canceled(join())), ['ConditionalCheckFailed']);
    assert.deepEqual((await dynamo().read(keyOf(task)))?.grantCount, N(2));
  });

  const check = (Key: Item, at = 1_000) => ({
    ConditionCheck: {
      TableName: GRANTS,
      Key,
      ConditionExpression: '#state = :open AND openUntil > :at',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':open': S('open'), ':at': N(at) },
    },
  });

  test('what is checked beside the writes must hold, and is not changed', async () => {
    const task = { ...freshKey(), state: S('open'), openUntil: N(2_000), hits: N(7) };
    const item = grant();
    await dynamo().put(task);
    await dynamo().put(item);
    const use = (over: Parameters<typeof check>) =>
      dynamo().transact([putGrant({ ...item, version: N(10) }, 9), check(...over)]);
    for (const standing of [[keyOf(task), 2_000], [freshKey()]] as Parameters<typeof check>[])
      assert.deepEqual(codesOf(await canceled(use(standing))), ['None', 'ConditionalCheckFailed']);
    assert.equal((await dynamo().read(keyOf(item)))?.version?.N, '9');
    await use([keyOf(task)]);
    assert.equal((await dynamo().read(keyOf(item)))?.version?.N, '10');
    assert.deepEqual(await dynamo().read(keyOf(task)), task);
    await dynamo().put({ ...task, state: S('ended') });
    const late = dynamo().transact([putGrant({ ...item, version: N(11) }, 10), check(keyOf(task))]);
    assert.deepEqual(codesOf(await canceled(late)), ['None', 'ConditionalCheckFailed']);
  });

  test('a check needs a condition, and an item of its own', async () => {
    const task = { ...freshKey(), state: S('open'), openUntil: N(2_000) };
    await dynamo().put(task);
    const { ConditionExpression, ...bare } = check(keyOf(task)).ConditionCheck;
    assert.ok(ConditionExpression);
    const unconditional = { ConditionCheck: { TableName: bare.TableName, Key: bare.Key } };
    const twice = [check(keyOf(task)), { Update: joinTask(keyOf(task)) }];
    // The client's own types already refuse a check without a condition.
    for (const items of [[unconditional as TransactWriteItem], twice])
      await assert.rejects(dynamo().transact(items), { name: 'ValidationException' });
    assert.equal((await dynamo().read(keyOf(task)))?.grantCount, undefined);
  });

  test('two writes to one item, none, or more than a hundred are a mistake', async () => {
    const item = grant();
    // Without conditions: Amazon's DynamoDB Local looks at those first.
    const count = { UpdateExpression: 'ADD hits :one', ExpressionAttributeValues: { ':one': N(1) } };
    const mistakes = [
      [
        { Put: { TableName: GRANTS, Item: item } },
        { Update: { TableName: GRANTS, Key: keyOf(item), ...count } },
      ],
      [],
      Array.from({ length: 101 }, (_, seq) => putAudit('hundred', seq)),
    ];
    for (const items of mistakes)
      await assert.rejects(dynamo().transact(items), { name: 'ValidationException' });
    assert.equal(await dynamo().read(keyOf(item)), undefined);
  });

  test('of ten transactions that append to one head, one wins', async () => {
    const item = grant();
    await dynamo().put(item);
    const append = (writer: number) =>
      dynamo().transact([
        putGrant({ ...item, version: N(10) }, 9),
        putAudit('contended', 1, { writer: N(writer) }),
      ]);
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, (_, writer) => append(writer)));
    const winners = outcomes.flatMap(({ status }, writer) => (status === 'fulfilled' ? [writer] : []));
    assert.equal(winners.length, 1);
    const entry = await dynamo().read({ chain: S('contended'), seq: N(1) }, AUDIT);
    assert.deepEqual(entry?.writer, N(winners[0] ?? -1));
  });

  test('a table that does not exist is said to be missing', async () => {
    const put = { Put: { TableName: 'no-such-table', Item: grant() } };
    await assert.rejects(dynamo().transact([put]), { name: 'ResourceNotFoundException' });
  });
};

const joinTask = (Key: Item) => ({
  TableName: GRANTS,
  Key,
  UpdateExpression: 'ADD grantCount :one',
  ConditionExpression:
    '#state = :open AND openUntil > :at AND (attribute_not_exists(grantCount) OR grantCount < :max)',
  ExpressionAttributeNames: { '#state': 'state' },
  ExpressionAttributeValues: { ':one': N(1), ':open': S('open'), ':at': N(1_000), ':max': N(2) },
});

export const idempotency: Suite = (dynamo) => {
  test('the same transaction under the same token is applied once and answered alike', async () => {
    const item = grant({ grantCount: N(0) });
    await dynamo().put(item);
    const count: TransactWriteItem = {
      Update: {
        TableName: GRANTS,
        Key: keyOf(item),
        UpdateExpression: 'ADD grantCount :one',
        ExpressionAttributeValues: { ':one': N(1) },
      },
    };
    await dynamo().transact([count, putAudit('repeated', 1)], 'repeated-token');
    await dynamo().transact([count, putAudit('repeated', 1)], 'repeated-token');
    assert.deepEqual((await dynamo().read(keyOf(item)))?.grantCount, N(1));
  });

  test('the same token with other content is refused', async () => {
    await dynamo().transact([putAudit('mismatch', 1)], 'mismatch-token');
    await assert.rejects(dynamo().transact([putAudit('mismatch', 2)], 'mismatch-token'), {
      name: 'IdempotentParameterMismatchException',
    });
    assert.equal(await dynamo().read({ chain: S('mismatch'), seq: N(2) }, AUDIT), undefined);
  });

  test('a cancelled transaction does not use up its token', async () => {
    const item = grant({ version: N(8) });
    await dynamo().put(item);
    const write = [putGrant({ ...item, version: N(10) }, 9)];
    await canceled(dynamo().transact(write, 'cancelled-token'));
    await dynamo().put({ ...item, version: N(9) });
    await dynamo().transact(write, 'cancelled-token');
    assert.deepEqual((await dynamo().read(keyOf(item)))?.version, N(10));
  });
};
