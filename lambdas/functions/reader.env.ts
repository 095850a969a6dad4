import type * as z from 'zod';
import { CommonEnvironment, ConsoleUrl, TableName, VAULT_PLACES } from './environment.ts';

export const ReaderEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  ...VAULT_PLACES,
  CONSOLE_URL: ConsoleUrl,
});

export type ReaderEnvironment = z.input<typeof ReaderEnvironment>;
