import { createDynamo } from '../../local/dynamodb.ts';

/** Run as a process of its own: writes batches that belong together, says after each that it was answered, never ends. */
const BATCH_SIZE = 50;
/** So large that most of the time goes into storing, which is when the kill shall come. */
const PAYLOAD = { S: 'x'.repeat(60_000) };
const [path = ''] = process.argv.slice(2);
const dynamo = createDynamo({ path });
await dynamo.call('CreateTable', {
  TableName: 'batches',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
});
for (let index = 0; ; index += 1) {
  const put = (part: number) => ({
    Put: { TableName: 'batches', Item: { id: { S: `${index}-${part}` }, payload: PAYLOAD } },
  });
  const TransactItems = Array.from({ length: BATCH_SIZE }, (_, part) => put(part));
  await dynamo.call('TransactWriteItems', { TransactItems });
  process.stdout.write(`${index}\n`);
}
