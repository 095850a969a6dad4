import type * as z from 'zod';
import { CommonEnvironment, TableName, VAULT_PLACES } from './environment.ts';

export const ReaderEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  ...VAULT_PLACES,
});

export type ReaderEnvironment = z.input<typeof ReaderEnvironment>;
