import type * as z from 'zod';
import { Arn, CommonEnvironment, TableName } from './environment.ts';

export const ContainmentEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  SWEEPER_FUNCTION: Arn,
});

export type ContainmentEnvironment = z.input<typeof ContainmentEnvironment>;
