import * as z from 'zod';
import { CommonEnvironment, TableName } from './environment.ts';

export const RevokerEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  /** What machines are sent to end sessions. */
  END_SESSIONS_DOCUMENT: z.string().min(3),
});

export type RevokerEnvironment = z.input<typeof RevokerEnvironment>;
