import * as z from 'zod';
import { Address, Arn, CommonEnvironment, ConsoleUrl, TableName } from './environment.ts';

export const NotifierEnvironment = CommonEnvironment.extend({
  CONSOLE_URL: ConsoleUrl,
  GRANTS_TABLE: TableName,
  /** JSON `{ slackBotToken?, webhookSecret? }`. */
  NOTIFIER_SECRET_ARN: Arn.optional(),
  /** Only where it is not Slack's own. */
  SLACK_API_URL: Address.optional(),
  SLACK_TEAM_ID: z.string().optional(),
  SLACK_APP_ID: z.string().optional(),
  SNS_TOPIC_ARN: Arn.optional(),
  WEBHOOK_URL: Address.optional(),
});

export type NotifierEnvironment = z.input<typeof NotifierEnvironment>;
