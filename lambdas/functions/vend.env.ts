import type * as z from 'zod';
import { CommonEnvironment, TableName } from './environment.ts';

export const VendEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
});

export type VendEnvironment = z.input<typeof VendEnvironment>;
