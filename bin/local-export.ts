import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LocalStack } from '../local/stack.ts';
import { exportTrail } from './audit-export.ts';
import { auditorSettings } from './auditor-settings.ts';

/** The trail of a running local stack as lines of an export, read with the rights of an auditor. */
export const localExport = async (stack: LocalStack): Promise<string[]> => {
  const client = new DynamoDBClient(auditorSettings(stack));
  const { grants: grantsTable, audit: auditTable } = stack.tables;
  const source = { client, grantsTable, auditTable, chains: undefined };
  const lines = await Array.fromAsync(exportTrail(source, new Date()), (line) => JSON.stringify(line));
  client.destroy();
  return lines;
};
