import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { startDynamo } from '../support/dynamo-server.ts';
import { dynamodbContract } from './dynamodb.ts';

dynamodbContract('embedded', async () => {
  const dynamo = await startDynamo();
  const client = new DynamoDBClient({
    endpoint: dynamo.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' },
  });
  return {
    client,
    close: () => {
      client.destroy();
      return dynamo.close();
    },
  };
});
