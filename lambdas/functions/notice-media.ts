import * as z from 'zod';
import { slackNotices } from '../adapters/notices/slack.ts';
import { snsNotices } from '../adapters/notices/sns.ts';
import { webhookNotices } from '../adapters/notices/webhook.ts';
import { secretReader } from '../adapters/read-secret.ts';
import { systemClock } from '../adapters/system-clock.ts';
import { DependencyUnavailable } from '../app/ports.ts';
import type { Notices } from '../app/ports-of-notices.ts';
import type { NotifierEnvironment } from './notifier.env.ts';

/** What the notifier's secret may hold, and nothing else: a misspelt name is no secret. */
const NotifierSecret = z.strictObject({
  slackBotToken: z.string().min(1).optional(),
  webhookSecret: z.string().min(1).optional(),
});

/** Every medium that settings name. */
export const noticeMedia = (environment: z.output<typeof NotifierEnvironment>): readonly Notices[] => {
  const { NOTIFIER_SECRET_ARN, SLACK_TEAM_ID, SLACK_API_URL, SNS_TOPIC_ARN, WEBHOOK_URL } = environment;
  const secret = secretOf(NOTIFIER_SECRET_ARN);
  return [
    ...(SLACK_TEAM_ID ? [slackNotices({ botToken: secret('slackBotToken'), apiUrl: SLACK_API_URL })] : []),
    ...(SNS_TOPIC_ARN ? [snsNotices(SNS_TOPIC_ARN)] : []),
    ...(WEBHOOK_URL
      ? [webhookNotices({ url: WEBHOOK_URL, secret: secret('webhookSecret'), clock: systemClock })]
      : []),
  ];
};

/** A medium whose secret is missing cannot be told; the others are. */
const secretOf = (arn: string | undefined) => {
  const read = arn === undefined ? undefined : secretReader(arn, NotifierSecret, systemClock);
  return (name: keyof z.output<typeof NotifierSecret>) => async (): Promise<string> => {
    const value = (await read?.())?.[name];
    if (value === undefined) throw new DependencyUnavailable('secrets', new Error(`${name} is missing`));
    return value;
  };
};
