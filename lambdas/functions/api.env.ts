import type * as z from 'zod';
import { Arn, CommonEnvironment, TableName } from './environment.ts';

export const ApiEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  GRANT_WORKFLOW_ARN: Arn,
});

export type ApiEnvironment = z.input<typeof ApiEnvironment>;
