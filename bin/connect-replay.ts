import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import { dynamoStore } from '../lambdas/adapters/dynamo/dynamo-store.ts';
import { keyStore } from '../lambdas/adapters/vault/key-store.ts';
import { payloadObjects } from '../lambdas/adapters/vault/payload-objects.ts';
import { taskVaults } from '../lambdas/adapters/vault/task-vaults.ts';
import type { ReplaySource } from './audit-replay.ts';

/** Names of outputs of the stack. */
export interface ReplayPlaces {
  readonly grants: string;
  readonly audit: string;
  readonly keysTable: string;
  readonly bucket: string;
}

/** Reads only: a vault that is not there stays so, and nothing is sealed. */
export const connectReplay = (
  { grants, audit, keysTable, bucket }: ReplayPlaces,
  settings: Pick<DynamoDBClientConfig, 'endpoint' | 'region' | 'credentials'> = {},
): ReplaySource & { close(): void } => {
  const client = new DynamoDBClient(settings);
  const s3 = new S3Client(settings);
  return {
    store: dynamoStore({ client, tables: { grants, audit } }, Date.now),
    vaults: taskVaults({
      keys: keyStore(client, keysTable),
      objects: payloadObjects(s3, bucket),
      retentionDays: 0,
      clock: Date.now,
      random: () => {
        throw new TypeError('a replay makes nothing');
      },
    }),
    close() {
      client.destroy();
      s3.destroy();
    },
  };
};
