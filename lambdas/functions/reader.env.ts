import type * as z from 'zod';
import { CommonEnvironment, TableName } from './environment.ts';

export const ReaderEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
});

export type ReaderEnvironment = z.input<typeof ReaderEnvironment>;
