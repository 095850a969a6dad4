import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { dynamodbContract } from '../contracts/dynamodb.ts';
import { startDynamodbLocal } from './start-dynamodb-local.ts';

const dynamo = await startDynamodbLocal();
after(() => dynamo.stop());

dynamodbContract("Amazon's own DynamoDB Local", async () => {
  const client = new DynamoDBClient({
    endpoint: dynamo.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIALOCAL', secretAccessKey: 'local' },
  });
  return { client, close: async () => client.destroy() };
});

const answerTo = (localAddress: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port: Number(new URL(dynamo.endpoint).port), localAddress });
    let answer = '';
    socket.setTimeout(5_000, () => socket.destroy(new Error('neither answered nor closed')));
    socket.on('connect', () =>
      socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n'),
    );
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    socket.on('error', (error) => ('code' in error ? resolve('') : reject(error)));
    socket.on('close', () => resolve(answer));
  });

test('while it runs, it answers nobody but 127.0.0.1', async () => {
  assert.match(await answerTo('127.0.0.1'), /^HTTP\/1\.1 /);
  assert.equal(await answerTo('127.0.0.2'), '');
});
