import type * as z from 'zod';
import { CommonEnvironment, TableName } from './environment.ts';

export const RevokerEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
});

export type RevokerEnvironment = z.input<typeof RevokerEnvironment>;
