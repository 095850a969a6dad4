import { mock } from 'node:test';
import { AwsError } from '../../local/aws-error.ts';
import type { JsonObject } from '../../local/aws-json.ts';
import type { LocalStack } from '../../local/stack.ts';

/**
 * What can happen to one call of the table. `throttle` and `broken`: refused with 400 or 500, nothing done. `lost`:
 * done, but the answer is a 500. `unprocessed`: a batch read that answers no key. `silent`: nothing is done or said.
 */
export type Fault = 'throttle' | 'broken' | 'lost' | 'unprocessed' | 'silent';
export type FaultOf = (operation: string) => Fault | undefined;

/** Does something while calls of the running stack's table go wrong. */
export const withFault = async <T>(
  { aws }: LocalStack,
  faultOf: FaultOf,
  act: () => Promise<T>,
): Promise<T> => {
  const { dynamo } = aws;
  const call = dynamo.call.bind(dynamo);
  const faulty = mock.method(dynamo, 'call', async (operation: string, input: JsonObject) => {
    const fault = faultOf(operation);
    if (fault === 'unprocessed') return { Responses: {}, UnprocessedKeys: input.RequestItems };
    if (fault === 'throttle') throw throttled(operation, input);
    if (fault === 'broken') throw broken();
    if (fault === 'silent') return new Promise<never>(() => undefined);
    const answer = await call(operation, input);
    if (fault === 'lost') throw broken();
    return answer;
  });
  try {
    return await act();
  } finally {
    faulty.mock.restore();
  }
};

const broken = (): AwsError => new AwsError('InternalServerError', 'Internal server error', { status: 500 });

const throttled = (operation: string, { TransactItems: items }: JsonObject): AwsError => {
  if (operation !== 'TransactWriteItems' || !Array.isArray(items))
    return new AwsError('ProvisionedThroughputExceededException', 'The provisioned throughput was exceeded');
  const CancellationReasons = items.map((_item, index) => ({
    Code: index === 0 ? 'ThrottlingError' : 'None',
  }));
  return new AwsError('TransactionCanceledException', 'Transaction cancelled', {
    fields: { CancellationReasons },
  });
};

/** The first so many calls of one operation go wrong. */
export const firstCalls = (count: number, operation: string, fault: Fault): FaultOf => {
  let left = count;
  return (called) => {
    if (called !== operation || left === 0) return undefined;
    left -= 1;
    return fault;
  };
};
