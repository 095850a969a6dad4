import { after, before, describe } from 'node:test';
import { conditions, updates } from './dynamodb-conditions.ts';
import { type DynamoUnderTest, Harness } from './dynamodb-harness.ts';
import { batchReads, queries, sparseIndex, tables } from './dynamodb-reads.ts';
import { idempotency, transactions } from './dynamodb-transactions.ts';

/** Everything the product relies on in DynamoDB, and nothing else. The same tests hold for every implementation. */
export const dynamodbContract = (name: string, make: () => Promise<DynamoUnderTest>): void => {
  describe(`DynamoDB as the product uses it: ${name}`, () => {
    let dynamo: Harness;
    before(async () => {
      dynamo = new Harness(await make());
      await dynamo.createTables();
    });
    after(() => dynamo.close());
    const suites = [conditions, updates, transactions, idempotency, batchReads, queries, sparseIndex, tables];
    for (const suite of suites) suite(() => dynamo);
  });
};
