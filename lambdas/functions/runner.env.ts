import type * as z from 'zod';
import { CommonEnvironment, TableName } from './environment.ts';

export const RunnerEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
});

export type RunnerEnvironment = z.input<typeof RunnerEnvironment>;
