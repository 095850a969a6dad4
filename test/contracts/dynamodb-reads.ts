import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchGetItemCommand, DescribeTableCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import {
  AUDIT,
  canceled,
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

export const batchReads: Suite = (dynamo) => {
  const readAll = (Keys: Item[]) =>
    dynamo().client.send(
      new BatchGetItemCommand({ RequestItems: { [GRANTS]: { Keys, ConsistentRead: true } } }),
    );

  test('a batch read answers what exists, in any order, and leaves out what does not', async () => {
    const [first, second] = [grant(), grant()];
    await dynamo().put(first);
    await dynamo().put(second);
    const { Responses, UnprocessedKeys } = await readAll([keyOf(first), freshKey(), keyOf(second)]);
    const found = new Map(Responses?.[GRANTS]?.map((item) => [item.pk?.S, item]));
    assert.deepEqual(
      found,
      new Map([
        [first.pk?.S, first],
        [second.pk?.S, second],
      ]),
    );
    assert.deepEqual(UnprocessedKeys ?? {}, {});
  });

  test('a batch read sees a write that was answered before it', async () => {
    const item = grant();
    for (let version = 1; version <= 20; version += 1) {
      await dynamo().put({ ...item, version: N(version) });
      const { Responses } = await readAll([keyOf(item)]);
      assert.deepEqual(Responses?.[GRANTS]?.[0]?.version, N(version));
    }
  });

  test('a key named twice is a mistake', async () => {
    const key = freshKey();
    await assert.rejects(readAll([key, key]), { name: 'ValidationException' });
  });
};

export const queries: Suite = (dynamo) => {
  const ofChain = (chain: string) => ({
    ConsistentRead: true,
    KeyConditionExpression: '#chain = :chain',
    ExpressionAttributeNames: { '#chain': 'chain' },
    ExpressionAttributeValues: { ':chain': S(chain) },
  });
  const append = async (chain: string, count: number): Promise<void> => {
    for (let seq = 1; seq <= count; seq += 1) await dynamo().transact([putAudit(chain, seq)]);
  };
  const seqsOf = (items: Item[]): number[] => items.map(({ seq }) => Number(seq?.N));

  test('a chain comes in the order of its numbers, forwards and backwards', async () => {
    await append('ordered', 12);
    const forwards = Array.from({ length: 12 }, (_, index) => index + 1);
    assert.deepEqual(seqsOf(await dynamo().query(ofChain('ordered'))), forwards);
    const backwards = await dynamo().query({ ...ofChain('ordered'), ScanIndexForward: false });
    assert.deepEqual(seqsOf(backwards), forwards.toReversed());
  });

  for (const ScanIndexForward of [true, false])
    test(`pages meet without gap or overlap, ${ScanIndexForward ? 'forwards' : 'backwards'}`, async () => {
      const chain = `paged-${ScanIndexForward}`;
      await append(chain, 11);
      const seen: number[] = [];
      let from: Item | undefined;
      do {
        const page = await dynamo().client.send(
          new QueryCommand({
            TableName: AUDIT,
            ...ofChain(chain),
            ScanIndexForward,
            Limit: 4,
            ...(from ? { ExclusiveStartKey: from } : {}),
          }),
        );
        assert.ok((page.Items?.length ?? 0) <= 4);
        seen.push(...seqsOf(page.Items ?? []));
        from = page.LastEvaluatedKey;
      } while (from);
      const forwards = Array.from({ length: 11 }, (_, index) => index + 1);
      assert.deepEqual(seen, ScanIndexForward ? forwards : forwards.toReversed());
    });

  test('a page ends when it holds a megabyte, and says where to go on', async () => {
    const event = S('x'.repeat(300_000));
    for (let seq = 1; seq <= 5; seq += 1) await dynamo().transact([putAudit('large', seq, { event })]);
    const page = await dynamo().client.send(new QueryCommand({ TableName: AUDIT, ...ofChain('large') }));
    assert.ok((page.Items?.length ?? 5) < 5);
    assert.ok(page.LastEvaluatedKey);
  });

  test('a range of numbers and a prefix of strings are honoured', async () => {
    await append('ranged', 12);
    const from = await dynamo().query({
      ...ofChain('ranged'),
      KeyConditionExpression: '#chain = :chain AND seq >= :from',
      ExpressionAttributeValues: { ':chain': S('ranged'), ':from': N(9) },
    });
    assert.deepEqual(seqsOf(from), [9, 10, 11, 12]);
    const { pk } = freshKey();
    for (const sk of ['GRANT#1', 'GRANT#2', 'GRANTED', 'TASK', 'WAIT#1'])
      await dynamo().put({ pk, sk: S(sk) });
    const grants = await dynamo().query({
      TableName: GRANTS,
      ConsistentRead: true,
      KeyConditionExpression: 'pk = :task AND begins_with(sk, :grant)',
      ProjectionExpression: 'sk',
      ExpressionAttributeValues: { ':task': pk, ':grant': S('GRANT#') },
    });
    assert.deepEqual(grants, [{ sk: S('GRANT#1') }, { sk: S('GRANT#2') }]);
  });
};

export const sparseIndex: Suite = (dynamo) => {
  const dueUntil = (shard: string, until: number) =>
    dynamo().query({
      TableName: GRANTS,
      IndexName: 'due',
      KeyConditionExpression: 'due = :shard AND dueAt <= :until',
      ExpressionAttributeValues: { ':shard': S(shard), ':until': N(until) },
    });

  test('the index holds what is due, in order of time, keys only', async () => {
    const due = (at: number) => grant({ due: S('DUE#order'), dueAt: N(at) });
    const [late, early, notYet] = [due(200), due(90), due(201)];
    for (const item of [late, early, notYet, grant()]) await dynamo().put(item);
    const keys = ({ pk, sk, due: shard, dueAt }: Item) => ({ pk, sk, due: shard, dueAt });
    assert.deepEqual(await dueUntil('DUE#order', 200), [keys(early), keys(late)]);
  });

  test('an item leaves the index when its attributes go, moves when they change', async () => {
    const item = grant({ due: S('DUE#move'), dueAt: N(1) });
    await dynamo().put(item);
    await dynamo().transact([putGrant({ ...item, dueAt: N(50) }, 9)]);
    assert.deepEqual(await dueUntil('DUE#move', 49), []);
    assert.equal((await dueUntil('DUE#move', 50)).length, 1);
    const remove = { TableName: GRANTS, Key: keyOf(item), UpdateExpression: 'REMOVE due, dueAt' };
    await dynamo().transact([{ Update: remove }]);
    assert.deepEqual(await dueUntil('DUE#move', 99), []);
  });

  test('a cancelled transaction leaves the index as it was', async () => {
    const item = grant({ due: S('DUE#cancel'), dueAt: N(1) });
    await canceled(dynamo().transact([{ Put: { TableName: GRANTS, Item: item } }, putGrant(grant(), 1)]));
    assert.deepEqual(await dueUntil('DUE#cancel', 99), []);
  });

  test('items due at the same instant are all found', async () => {
    for (let index = 0; index < 8; index += 1) await dynamo().put(grant({ due: S('DUE#same'), dueAt: N(7) }));
    assert.equal((await dueUntil('DUE#same', 7)).length, 8);
  });

  test('pages of an index meet without gap or overlap, newest first', async () => {
    for (let at = 1; at <= 7; at += 1) await dynamo().put(grant({ due: S('DUE#paged'), dueAt: N(at) }));
    const seen: number[] = [];
    let from: Item | undefined;
    do {
      const page = await dynamo().client.send(
        new QueryCommand({
          TableName: GRANTS,
          IndexName: 'due',
          KeyConditionExpression: 'due = :shard',
          ExpressionAttributeValues: { ':shard': S('DUE#paged') },
          ScanIndexForward: false,
          Limit: 3,
          ...(from ? { ExclusiveStartKey: from } : {}),
        }),
      );
      seen.push(...(page.Items ?? []).map(({ dueAt }) => Number(dueAt?.N)));
      from = page.LastEvaluatedKey;
    } while (from);
    assert.deepEqual(seen, [7, 6, 5, 4, 3, 2, 1]);
  });

  test('an index cannot be read consistently', async () => {
    await assert.rejects(
      dynamo().query({
        TableName: GRANTS,
        IndexName: 'due',
        ConsistentRead: true,
        KeyConditionExpression: 'due = :shard',
        ExpressionAttributeValues: { ':shard': S('DUE#0') },
      }),
      { name: 'ValidationException' },
    );
  });
};

export const tables: Suite = (dynamo) => {
  test('a new table is active, and making it again is refused', async () => {
    const { Table } = await dynamo().client.send(new DescribeTableCommand({ TableName: GRANTS }));
    assert.equal(Table?.TableStatus, 'ACTIVE');
    await assert.rejects(dynamo().createTables(), { name: 'ResourceInUseException' });
  });
};
