import assert from 'node:assert/strict';
import {
  type AttributeValue,
  CreateTableCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';

/** What a runner of this contract has to bring: an empty DynamoDB and a way to let go of it. */
export interface DynamoUnderTest {
  readonly client: DynamoDBClient;
  close(): Promise<void>;
}

export type Item = Record<string, AttributeValue>;

export const S = (value: string): AttributeValue => ({ S: value });

export const N = (value: number): AttributeValue => ({ N: String(value) });

export const GRANTS = 'contract-grants';

export const AUDIT = 'contract-audit';

let counter = 0;

/** A key that no other test of this process uses. */
export const freshKey = (): { pk: AttributeValue; sk: AttributeValue } => {
  counter += 1;
  return { pk: S(`TASK#${counter}`), sk: S('GRANT#1') };
};

export class Harness {
  readonly client: DynamoDBClient;
  readonly close: () => Promise<void>;

  constructor(under: DynamoUnderTest) {
    this.client = under.client;
    this.close = () => under.close();
  }

  async createTables(): Promise<void> {
    await this.client.send(
      new CreateTableCommand({
        TableName: GRANTS,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'pk', AttributeType: 'S' },
          { AttributeName: 'sk', AttributeType: 'S' },
          { AttributeName: 'due', AttributeType: 'S' },
          { AttributeName: 'dueAt', AttributeType: 'N' },
        ],
        KeySchema: [
          { AttributeName: 'pk', KeyType: 'HASH' },
          { AttributeName: 'sk', KeyType: 'RANGE' },
        ],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'due',
            KeySchema: [
              { AttributeName: 'due', KeyType: 'HASH' },
              { AttributeName: 'dueAt', KeyType: 'RANGE' },
            ],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      }),
    );
    await this.client.send(
      new CreateTableCommand({
        TableName: AUDIT,
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [
          { AttributeName: 'chain', AttributeType: 'S' },
          { AttributeName: 'seq', AttributeType: 'N' },
        ],
        KeySchema: [
          { AttributeName: 'chain', KeyType: 'HASH' },
          { AttributeName: 'seq', KeyType: 'RANGE' },
        ],
      }),
    );
  }

  put(item: Item, condition: Partial<ConstructorParameters<typeof PutItemCommand>[0]> = {}) {
    return this.client.send(new PutItemCommand({ TableName: GRANTS, Item: item, ...condition }));
  }

  async read(key: Item, table = GRANTS): Promise<Item | undefined> {
    const get = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
    return (await this.client.send(get)).Item;
  }

  transact(items: TransactWriteItem[], token?: string) {
    return this.client.send(
      new TransactWriteItemsCommand({
        TransactItems: items,
        ...(token === undefined ? {} : { ClientRequestToken: token }),
      }),
    );
  }

  async query(input: Partial<QueryCommandInput>): Promise<Item[]> {
    const { Items } = await this.client.send(new QueryCommand({ TableName: AUDIT, ...input }));
    return Items ?? [];
  }
}

export type Suite = (dynamo: () => Harness) => void;

export const grant = (over: Item = {}): Item => ({
  ...freshKey(),
  version: N(9),
  state: S('active'),
  expiresAt: N(1_000),
  ...over,
});

export const keyOf = ({ pk, sk }: Item): Item => ({ pk: pk ?? S(''), sk: sk ?? S('') });

export const refused = { name: 'ConditionalCheckFailedException' };

export const putAudit = (chain: string, seq: number, more: Item = {}): TransactWriteItem => ({
  Put: {
    TableName: AUDIT,
    Item: { chain: S(chain), seq: N(seq), ...more },
    ConditionExpression: 'attribute_not_exists(chain)',
  },
});

export const putGrant = (item: Item, read: number): TransactWriteItem => ({
  Put: {
    TableName: GRANTS,
    Item: item,
    ConditionExpression: 'version = :read',
    ExpressionAttributeValues: { ':read': N(read) },
  },
});

export const canceled = async (call: Promise<unknown>): Promise<TransactionCanceledException> => {
  const error = await call.catch((reason: unknown) => reason);
  assert.ok(error instanceof TransactionCanceledException, `expected a cancellation, got ${error}`);
  return error;
};

export const codesOf = (error: TransactionCanceledException): (string | undefined)[] =>
  (error.CancellationReasons ?? []).map(({ Code }) => Code);
