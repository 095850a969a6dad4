import { Readable } from 'node:stream';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamoStore } from '../../lambdas/adapters/dynamo/dynamo-store.ts';
import type { Clock, Store } from '../../lambdas/app/ports.ts';
import { AwsError } from '../../local/aws-error.ts';
import { isJsonObject, type JsonObject, operationOf, parseJsonObject } from '../../local/aws-json.ts';
import { createDynamo } from '../../local/dynamodb.ts';
import { TABLES } from './tables.ts';

export interface QuickTables {
  readonly store: Store;
  /** Everything that the table of states holds. */
  items(): Promise<readonly JsonObject[]>;
  close(): Promise<void>;
}

const NAMES = { grants: 'Grants', audit: 'Audit' };

/** The real adapter on the embedded engine, as `startTables` has it, but without a network in between: for thousands of calls. */
export const quickTables = async (clock: Clock): Promise<QuickTables> => {
  const dynamo = createDynamo();
  const client = new DynamoDBClient({
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1',
    credentials: { accessKeyId: 'AKIATESTTESTTESTTEST', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { handle: async (request: Request) => ({ response: await answer(dynamo, request) }) },
  });
  for (const table of TABLES) await client.send(new CreateTableCommand(table));
  return {
    store: dynamoStore({ client, tables: NAMES }, clock),
    async items() {
      const { Items } = await dynamo.call('Scan', { TableName: NAMES.grants });
      return Array.isArray(Items) ? Items.filter(isJsonObject) : [];
    },
    async close() {
      client.destroy();
      await dynamo.close();
    },
  };
};

interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

const answer = async (dynamo: ReturnType<typeof createDynamo>, { headers, body }: Request) => {
  try {
    const input = parseJsonObject(new TextDecoder().decode(body));
    return responseOf(200, await dynamo.call(operationOf(headers['x-amz-target']), input));
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    return responseOf(error.status, { ...error.fields, __type: error.code, message: error.message });
  }
};

const responseOf = (statusCode: number, body: JsonObject) => ({
  statusCode,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: Readable.from([Buffer.from(JSON.stringify(body))]),
});
