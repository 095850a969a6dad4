import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { AwsError } from '../../local/aws-error.ts';
import { answerJson, type JsonObject, operationOf, parseJsonObject } from '../../local/aws-json.ts';
import { createDynamo, type Dynamo } from '../../local/dynamodb.ts';
import { transactionCanceled } from '../../local/dynamodb-transactions.ts';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';

/**
 * What a test can make happen to one call. `throttle`: refused, nothing done. `conflict`: another transaction holds the item.
 * `unprocessed`: a batch read that answers no key. `away`: no connection, nothing done. `lost`: done, but no answer comes back.
 */
export type Fault = 'throttle' | 'conflict' | 'unprocessed' | 'away' | 'lost';
export type Faults = (operation: string, input: JsonObject) => Fault | undefined;

export interface DynamoServer extends Dynamo {
  readonly endpoint: string;
  /** Of calls over the network; `call` has none. */
  setFaults(faults: Faults | undefined): void;
}

const REQUEST_MAX_BYTES = 16 * 1024 * 1024;

/** The embedded DynamoDB in memory, served without looking at signatures. */
export const startDynamo = async (): Promise<DynamoServer> => {
  const dynamo = createDynamo();
  let faults: Faults | undefined;
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const operation = operationOf(request.headers['x-amz-target']);
    const input = parseJsonObject(String(await readBody(request, REQUEST_MAX_BYTES)));
    const fault = faults?.(operation, input);
    if (fault === 'lost') await dynamo.call(operation, input);
    if (fault === 'lost' || fault === 'away') response.destroy();
    else
      await answerJson(response, async () =>
        fault ? failBefore(fault, operation, input) : dynamo.call(operation, input),
      );
  };
  const server = createServer((request, response) => void serve(request, response));
  return {
    endpoint: `http://127.0.0.1:${await listenOnLoopback(server)}`,
    call: dynamo.call,
    setFaults: (next) => {
      faults = next;
    },
    close: async () => {
      await closeServer(server);
      await dynamo.close();
    },
  };
};

const failBefore = (
  fault: 'throttle' | 'conflict' | 'unprocessed',
  operation: string,
  { RequestItems, TransactItems: items }: JsonObject,
): JsonObject => {
  if (fault === 'unprocessed') return { Responses: {}, UnprocessedKeys: RequestItems };
  if (operation === 'TransactWriteItems' && Array.isArray(items))
    throw transactionCanceled([
      fault === 'conflict' ? 'TransactionConflict' : 'ThrottlingError',
      ...items.slice(1).map(() => 'None'),
    ]);
  throw fault === 'conflict'
    ? new AwsError('TransactionConflictException', 'Transaction is ongoing for the item')
    : new AwsError('ProvisionedThroughputExceededException', 'The provisioned throughput was exceeded');
};
