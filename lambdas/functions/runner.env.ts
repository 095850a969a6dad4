import type * as z from 'zod';
import { Arn, CommonEnvironment, TableName, VAULT_PLACES } from './environment.ts';

export const RunnerEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  /** Only where databases have passwords. */
  PASSWORD_SECRET_ARN: Arn.optional(),
  ...VAULT_PLACES,
});

export type RunnerEnvironment = z.input<typeof RunnerEnvironment>;
