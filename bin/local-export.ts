import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LocalStack } from '../local/stack.ts';
import { exportTrail } from './audit-export.ts';

/** The trail of a running local stack as lines of an export, read with the rights of an auditor. */
export const localExport = async ({ auditor, tables }: LocalStack): Promise<string[]> => {
  const client = new DynamoDBClient({
    endpoint: auditor.AWS_ENDPOINT_URL ?? '',
    region: auditor.AWS_REGION ?? '',
    credentials: {
      accessKeyId: auditor.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: auditor.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: auditor.AWS_SESSION_TOKEN ?? '',
    },
  });
  const source = { client, grantsTable: tables.grants, auditTable: tables.audit, chains: undefined };
  const lines = await Array.fromAsync(exportTrail(source, new Date()), (line) => JSON.stringify(line));
  client.destroy();
  return lines;
};
