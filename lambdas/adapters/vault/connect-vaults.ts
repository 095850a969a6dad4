import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { S3Client } from '@aws-sdk/client-s3';
import type { Clock, RandomBytes, Vaults } from '../../app/ports.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';
import { keyStore } from './key-store.ts';
import { payloadObjects } from './payload-objects.ts';
import { taskVaults } from './task-vaults.ts';

export interface VaultPlaces {
  readonly keysTable: string;
  readonly bucket: string;
  readonly retentionDays: number;
}

/** `client` is the store's, so that both share their connections to DynamoDB. */
export const connectVaults = (
  client: DynamoDBClient,
  { keysTable, bucket, retentionDays }: VaultPlaces,
  { clock, random }: { readonly clock: Clock; readonly random: RandomBytes },
): Vaults =>
  taskVaults({
    keys: keyStore(client, keysTable),
    objects: payloadObjects(new S3Client(AWS_CLIENT_SETTINGS), bucket),
    retentionDays,
    clock,
    random,
  });
