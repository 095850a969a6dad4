import type * as z from 'zod';
import { CommonEnvironment, TableName, VAULT_PLACES } from './environment.ts';

export const RunnerEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  ...VAULT_PLACES,
});

export type RunnerEnvironment = z.input<typeof RunnerEnvironment>;
