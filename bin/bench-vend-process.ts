import { createRequire } from 'node:module';
import {
  BatchGetItemCommand,
  DynamoDBClient,
  GetItemCommand,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import { Signer } from '@aws-sdk/rds-signer';
import * as items from '../lambdas/adapters/dynamo/items.ts';
import { taskOfGrant } from '../lambdas/core/grant/ids.ts';

/** What the process is told to do. */
export interface VendWork {
  /** The deployed code of `vend`. */
  readonly bundle: string;
  /** Active, and each good for a few more credentials. */
  readonly grants: readonly string[];
  /** `requestContext.authorizer` of the gateway's event. */
  readonly identity: Readonly<Record<string, string>>;
  readonly warmUps: number;
  readonly turns: number;
}

/** What it answers, in milliseconds for each turn. */
export interface VendTimes {
  readonly handlerMs: readonly number[];
  readonly floorMs: readonly number[];
}

type Handler = (event: object, context: object) => Promise<{ statusCode: number; body: string }>;

const { GRANTS_TABLE = '', AUDIT_TABLE = '' } = process.env;

/** Handler and floor in turns, the one that goes first changing each time. */
const work = async ({ bundle, grants, identity, warmUps, turns }: VendWork): Promise<VendTimes> => {
  const { handler }: { handler: Handler } = createRequire(import.meta.url)(bundle);
  const vend = async (turn: number): Promise<number> => {
    const event = vendEvent(grants[turn % grants.length] ?? '', identity);
    const startedAt = performance.now();
    const { statusCode, body } = await handler(event, { awsRequestId: String(turn) });
    const ms = performance.now() - startedAt;
    if (statusCode !== 201) throw new Error(`vend answered ${statusCode}: ${body}`);
    return ms;
  };
  const floor = await makeFloor(grants[0] ?? '');
  const handlerMs: number[] = [];
  const floorMs: number[] = [];
  for (let turn = 0; turn < warmUps + turns; turn += 1) {
    const floorFirst = turn % 2 === 0 ? await floor() : undefined;
    const handlerTime = await vend(turn);
    const floorTime = floorFirst ?? (await floor());
    if (turn < warmUps) continue;
    handlerMs.push(handlerTime);
    floorMs.push(floorTime);
  }
  return { handlerMs, floorMs };
};

const vendEvent = (grant: string, authorizer: object): object => ({
  resource: '/v1/grants/{id}/credentials',
  path: `/v1/grants/${grant}/credentials`,
  httpMethod: 'POST',
  headers: { 'content-type': 'application/json' },
  queryStringParameters: null,
  pathParameters: { id: grant },
  requestContext: {
    requestId: '00000000-0000-4000-8000-000000000000',
    authorizer,
    identity: { sourceIp: '127.0.0.1', userAgent: 'bench' },
  },
  body: '{}',
  isBase64Encoded: false,
});

/**
 * The least that a vend has to do, with bare clients and no thought: a signature, a read of the three items that decide,
 * and a transaction of a state and an entry. It writes copies of real items, so that sizes and indexes are the same.
 */
const makeFloor = async (grant: string): Promise<() => Promise<number>> => {
  const client = new DynamoDBClient({});
  const credentials = {
    accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? '',
    sessionToken: process.env.AWS_SESSION_TOKEN ?? '',
  };
  const signer = {
    hostname: 'localhost',
    port: 5432,
    region: 'us-east-1',
    username: 'lk_bench',
    credentials,
  };
  const task = taskOfGrant(grant);
  const keys = [items.grantKey(grant, task), items.taskKey(task), items.CONTAINMENT_KEY];
  const read = async (TableName: string, Key: items.Item): Promise<items.Item> =>
    (await client.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }))).Item ?? {};
  const state = await read(GRANTS_TABLE, items.grantKey(grant, task));
  const entry = await read(AUDIT_TABLE, { chain: items.text(grant), seq: items.number(3) });
  let version = 0;
  return async () => {
    version += 1;
    const startedAt = performance.now();
    await new Signer(signer).getAuthToken();
    await client.send(
      new BatchGetItemCommand({ RequestItems: { [GRANTS_TABLE]: { Keys: keys, ConsistentRead: true } } }),
    );
    await client.send(
      new TransactWriteItemsCommand({ TransactItems: floorWrites({ state, entry }, version) }),
    );
    return performance.now() - startedAt;
  };
};

const floorWrites = ({ state, entry }: Record<'state' | 'entry', items.Item>, version: number) => [
  {
    Put: {
      TableName: GRANTS_TABLE,
      Item: { ...state, ...items.grantKey('bench', 'bench'), version: items.number(version) },
      ...(version === 1 ? { ConditionExpression: 'attribute_not_exists(pk)' } : stillActive(version - 1)),
    },
  },
  {
    Put: {
      TableName: AUDIT_TABLE,
      Item: { ...entry, chain: items.text('bench'), seq: items.number(version) },
      ConditionExpression: 'attribute_not_exists(chain)',
    },
  },
];

const stillActive = (version: number) => ({
  ConditionExpression: 'version = :read AND #state = :active AND expiresAt > :at',
  ExpressionAttributeNames: { '#state': 'state' },
  ExpressionAttributeValues: {
    ':read': items.number(version),
    ':active': items.text('active'),
    ':at': items.number(Date.now()),
  },
});

process.once('message', async (told: VendWork) => {
  process.send?.(await work(told));
});
