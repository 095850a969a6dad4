import type * as z from 'zod';
import { Arn, CommonEnvironment, TableName } from './environment.ts';

export const VendEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  /** Only where databases have passwords. */
  PASSWORD_SECRET_ARN: Arn.optional(),
});

export type VendEnvironment = z.input<typeof VendEnvironment>;
