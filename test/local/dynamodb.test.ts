import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { createDynamo } from '../../local/dynamodb.ts';
import { type DynamoServer, type Fault, startDynamo } from '../support/dynamo-server.ts';

const TABLE = {
  TableName: 'things',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
};
const thing = (id: string, purgeAt?: number) => ({
  TableName: 'things',
  Item: { id: { S: id }, ...(purgeAt === undefined ? {} : { purgeAt: { N: String(purgeAt) } }) },
});
const key = (id: string) => ({ TableName: 'things', Key: { id: { S: id } } });

describe('faults of the embedded DynamoDB', () => {
  let dynamo: DynamoServer;
  let client: DynamoDBClient;
  beforeEach(async () => {
    dynamo = await startDynamo();
    await dynamo.call('CreateTable', TABLE);
    client = connect(1);
  });
  afterEach(async () => {
    client.destroy();
    await dynamo.close();
  });
  const connect = (maxAttempts: number): DynamoDBClient => {
    const credentials = { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' };
    return new DynamoDBClient({ endpoint: dynamo.endpoint, region: 'us-east-1', credentials, maxAttempts });
  };
  const failOnce = (on: string, fault: Fault): void => {
    let isSpent = false;
    dynamo.setFaults((operation) => {
      if (isSpent || operation !== on) return undefined;
      isSpent = true;
      return fault;
    });
  };
  const exists = async (id: string) => Boolean((await client.send(new GetItemCommand(key(id)))).Item);

  for (const [fault, name] of [
    ['throttle', 'ProvisionedThroughputExceededException'],
    ['conflict', 'TransactionConflictException'],
  ] as const)
    test(`${fault}: the write is refused and nothing is stored`, async () => {
      failOnce('PutItem', fault);
      await assert.rejects(client.send(new PutItemCommand(thing('a'))), { name });
      assert.equal(await exists('a'), false);
    });

  for (const [fault, code] of [
    ['throttle', 'ThrottlingError'],
    ['conflict', 'TransactionConflict'],
  ] as const)
    test(`${fault}: a transaction is cancelled with the reason ${code}`, async () => {
      failOnce('TransactWriteItems', fault);
      const write = new TransactWriteItemsCommand({
        TransactItems: [{ Put: thing('a') }, { Put: thing('b') }],
      });
      await assert.rejects(client.send(write), {
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: code }, { Code: 'None' }],
      });
      assert.equal(await exists('b'), false);
    });

  for (const [fault, stored] of [
    ['away', false],
    ['lost', true],
  ] as const)
    test(`${fault}: the connection is cut, and the write is ${stored ? '' : 'not '}made`, async () => {
      failOnce('PutItem', fault);
      await assert.rejects(client.send(new PutItemCommand(thing('a'))));
      assert.equal(await exists('a'), stored);
    });

  test('a lost answer that the client repeats is applied once', async () => {
    const patient = connect(2);
    failOnce('TransactWriteItems', 'lost');
    const Put = { ...thing('a'), ConditionExpression: 'attribute_not_exists(id)' };
    await patient.send(new TransactWriteItemsCommand({ TransactItems: [{ Put }] }));
    patient.destroy();
    assert.equal(await exists('a'), true);
  });

  test('unprocessed: a batch read says which keys it left out', async () => {
    failOnce('BatchGetItem', 'unprocessed');
    const RequestItems = { things: { Keys: [{ id: { S: 'a' } }] } };
    const { Responses, UnprocessedKeys } = await client.send(new BatchGetItemCommand({ RequestItems }));
    assert.deepEqual([Responses, UnprocessedKeys], [{}, RequestItems]);
  });

  test('of writes that come at the same instant, one after the other is made', async () => {
    const Put = { ...thing('a'), ConditionExpression: 'attribute_not_exists(id)' };
    const writes = Array.from({ length: 10 }, () =>
      dynamo.call('TransactWriteItems', { TransactItems: [{ Put }] }),
    );
    const outcomes = (await Promise.allSettled(writes)).map((outcome) =>
      outcome.status === 'fulfilled' ? 'written' : outcome.reason.code,
    );
    assert.deepEqual(outcomes, ['written', ...Array(9).fill('TransactionCanceledException')]);
  });

  test('what is not implemented is refused, not ignored', async () => {
    await assert.rejects(dynamo.call('UpdateItem', key('a')), { code: 'UnknownOperationException' });
    const write = { ...thing('a'), ReturnValuesOnConditionCheckFailure: 'ALL_OLD' };
    await assert.rejects(dynamo.call('PutItem', write), { code: 'ValidationException' });
    const TransactItems = [{ Delete: { ...key('a'), ConditionExpression: 'attribute_exists(id)' } }];
    await assert.rejects(dynamo.call('TransactWriteItems', { TransactItems }), {
      code: 'ValidationException',
    });
  });
});

describe('the embedded DynamoDB on disk', () => {
  let path: string;
  beforeEach(async () => {
    path = await mkdtemp(join(tmpdir(), 'latchkey-dynamo-'));
  });
  afterEach(() => rm(path, { recursive: true, force: true }));

  test('tables, items and tokens survive a restart', async () => {
    const first = createDynamo({ path });
    await first.call('CreateTable', TABLE);
    const Put = { ...thing('a'), ConditionExpression: 'attribute_not_exists(id)' };
    const write = { TransactItems: [{ Put }], ClientRequestToken: 'token' };
    await first.call('TransactWriteItems', write);
    await first.close();

    const second = createDynamo({ path });
    await second.call('TransactWriteItems', write);
    assert.ok((await second.call('GetItem', key('a'))).Item);
    await second.close();
  });

  test('a reader never sees one half of a transaction and not the other', async () => {
    const dynamo = createDynamo({ path });
    await dynamo.call('CreateTable', TABLE);
    const versionOf = async (id: string): Promise<number> => {
      const { Item } = await dynamo.call('GetItem', key(id));
      return Number((Item as { purgeAt?: { N: string } } | undefined)?.purgeAt?.N ?? 0);
    };
    let isWriting = true;
    const write = async (): Promise<void> => {
      for (let version = 1; version <= 10; version += 1) {
        const Put = (part: number) => ({ Put: thing(`part-${part}`, version) });
        await dynamo.call('TransactWriteItems', {
          TransactItems: Array.from({ length: 50 }, (_, part) => Put(part)),
        });
      }
      isWriting = false;
    };
    const read = async (): Promise<void> => {
      while (isWriting) {
        const first = await versionOf('part-0');
        const last = await versionOf('part-49');
        assert.ok(last >= first, `read ${first} and then ${last}`);
      }
    };
    await Promise.all([write(), read()]);
    await dynamo.close();
  });

  test('a killed process loses no answered write and leaves no part of a transaction', async () => {
    const child = spawn(process.execPath, [join(import.meta.dirname, 'write-until-killed.ts'), path]);
    let answered = -1;
    for await (const chunk of child.stdout) {
      // A number that was cut in the middle of being printed can only be smaller than what it was to be.
      answered = Math.max(answered, ...String(chunk).trim().split('\n').map(Number));
      if (answered >= 5) child.kill('SIGKILL');
    }
    const dynamo = createDynamo({ path });
    const parts = new Map<number, number>();
    let from: object | undefined;
    do {
      const scan = { TableName: 'batches', ...(from ? { ExclusiveStartKey: from } : {}) };
      const { Items, LastEvaluatedKey } = await dynamo.call('Scan', scan);
      for (const { id } of Items as { id: { S: string } }[]) {
        const batch = Number.parseInt(id.S, 10);
        parts.set(batch, (parts.get(batch) ?? 0) + 1);
      }
      from = LastEvaluatedKey as object | undefined;
    } while (from);
    for (let batch = 0; batch <= answered; batch += 1) assert.ok(parts.has(batch), `${batch} is lost`);
    assert.deepEqual(new Set(parts.values()), new Set([50]));
    await dynamo.close();
  });
});
