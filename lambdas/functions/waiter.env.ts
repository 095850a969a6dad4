import type * as z from 'zod';
import { CommonEnvironment, TableName } from './environment.ts';

export const WaiterEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
});

export type WaiterEnvironment = z.input<typeof WaiterEnvironment>;
