import { setTimeout as sleep } from 'node:timers/promises';
import { AwsError } from './aws-error.ts';
import type { JsonObject } from './aws-json.ts';
import { DynaliteEngine } from './dynalite-engine.ts';
import { transactWrite } from './dynamodb-transactions.ts';

export type Dynamo = ReturnType<typeof createDynamo>;

const READS = ['BatchGetItem', 'DescribeTable', 'GetItem', 'Query', 'Scan'];

/**
 * DynamoDB on one machine: in memory, or in the LevelDB directory `path`, where a killed process loses no answered write.
 * Nothing expires: AWS may take days to delete what has passed its TTL, so nothing here relies on that.
 */
export const createDynamo = ({ path }: { path?: string } = {}) => {
  const engine = new DynaliteEngine(path);
  return {
    /** One call as the wire carries it. Throws `AwsError`. */
    async call(operation: string, input: JsonObject): Promise<JsonObject> {
      const run = () => engine.run(operation, engine.prepare(operation, input));
      if (READS.includes(operation)) return run();
      if (operation === 'PutItem') return engine.atomically(run);
      if (operation === 'TransactWriteItems') return engine.atomically(() => transactWrite(engine, input));
      if (operation !== 'CreateTable')
        throw new AwsError('UnknownOperationException', `${operation} is not implemented here`);
      // dynalite makes the table ACTIVE in a timer of 0 ms; only then is it stored, so that a kill leaves no half-made table.
      return engine.atomically(() => run().finally(() => sleep(1)));
    },
    close: () => engine.close(),
  };
};
