import type * as z from 'zod';
import { Arn, CommonEnvironment, ConsoleUrl, TableName, VAULT_PLACES } from './environment.ts';

export const ApiEnvironment = CommonEnvironment.extend({
  CONSOLE_URL: ConsoleUrl,
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  ...VAULT_PLACES,
  GRANT_WORKFLOW_ARN: Arn,
  RUN_WORKFLOW_ARN: Arn,
  NOTIFIER_FUNCTION: Arn,
});

export type ApiEnvironment = z.input<typeof ApiEnvironment>;
