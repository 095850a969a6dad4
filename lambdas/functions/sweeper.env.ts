import * as z from 'zod';
import { Arn, CommonEnvironment, TableName } from './environment.ts';

export const SweeperEnvironment = CommonEnvironment.extend({
  GRANTS_TABLE: TableName,
  AUDIT_TABLE: TableName,
  GRANT_WORKFLOW_ARN: Arn,
  RUN_WORKFLOW_ARN: Arn,
  RUNNER_FUNCTION: Arn,
  REVOKER_FUNCTION: Arn,
  NOTIFIER_FUNCTION: Arn,
  AUTHORIZER_LOG_GROUP: z.string().min(1),
});

export type SweeperEnvironment = z.input<typeof SweeperEnvironment>;
