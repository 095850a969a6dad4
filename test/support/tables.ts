import { CreateTableCommand, type DynamoDBClient, ScanCommand } from '@aws-sdk/client-dynamodb';
import { type Dynamo as Connection, connectDynamo } from '../../lambdas/adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../../lambdas/adapters/dynamo/dynamo-store.ts';
import type { Clock, Store } from '../../lambdas/app/ports.ts';
import { type DynamoServer, startDynamo } from './dynamo-server.ts';

export interface TestTables {
  readonly store: Store;
  readonly connection: Connection;
  /** The engine behind the store: faults are injected and calls are counted there. */
  readonly dynamo: DynamoServer;
  readonly client: DynamoDBClient;
  /** Everything that a table holds, as it is stored. */
  items(table: 'grants' | 'audit'): Promise<readonly object[]>;
  close(): Promise<void>;
}

const NAMES = { grants: 'Grants', audit: 'Audit' };

/** The real adapter on the embedded engine, in memory, with both tables as `lib/tables.ts` makes them. */
export const startTables = async (clock: Clock): Promise<TestTables> => {
  const dynamo = await startDynamo();
  process.env.AWS_ENDPOINT_URL_DYNAMODB = dynamo.endpoint;
  process.env.AWS_REGION ??= 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID ??= 'AKIATESTTESTTESTTEST';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  const connection = connectDynamo(NAMES);
  for (const table of TABLES) await connection.client.send(new CreateTableCommand(table));
  return {
    store: dynamoStore(connection, clock),
    connection,
    dynamo,
    client: connection.client,
    async items(table) {
      const { Items } = await connection.client.send(new ScanCommand({ TableName: NAMES[table] }));
      return Items ?? [];
    },
    async close() {
      connection.client.destroy();
      await dynamo.close();
    },
  };
};

const string = (AttributeName: string) => ({ AttributeName, AttributeType: 'S' }) as const;
const numeric = (AttributeName: string) => ({ AttributeName, AttributeType: 'N' }) as const;
const keys = (hash: string, range: string) => [
  { AttributeName: hash, KeyType: 'HASH' as const },
  { AttributeName: range, KeyType: 'RANGE' as const },
];

export const TABLES = [
  {
    TableName: NAMES.grants,
    BillingMode: 'PAY_PER_REQUEST' as const,
    KeySchema: keys('pk', 'sk'),
    AttributeDefinitions: [
      string('pk'),
      string('sk'),
      string('due'),
      numeric('dueAt'),
      string('mine'),
      numeric('createdAt'),
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: 'due',
        KeySchema: keys('due', 'dueAt'),
        Projection: { ProjectionType: 'KEYS_ONLY' as const },
      },
      {
        IndexName: 'mine',
        KeySchema: keys('mine', 'createdAt'),
        Projection: { ProjectionType: 'ALL' as const },
      },
    ],
  },
  {
    TableName: NAMES.audit,
    BillingMode: 'PAY_PER_REQUEST' as const,
    KeySchema: keys('chain', 'seq'),
    AttributeDefinitions: [string('chain'), numeric('seq')],
  },
];
