import { PublishCommand, SNSClient } from '@aws-sdk/client-sns';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { Notices } from '../../app/ports-of-notices.ts';
import { noticeSummary } from '../../core/notice/notice-summary.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';

/** The port `Notices` by a topic. The subject and the attributes are our own words: filters and mail programs read them. */
export const snsNotices = (topicArn: string): Notices => {
  const client = new SNSClient(AWS_CLIENT_SETTINGS);
  return {
    medium: 'sns',
    async tell({ facts }) {
      const summary = noticeSummary(facts);
      const publish = new PublishCommand({
        TopicArn: topicArn,
        Subject: `Latchkey approval: ${summary.stage}`,
        Message: JSON.stringify(summary),
        MessageAttributes: { stage: { DataType: 'String', StringValue: summary.stage } },
      });
      await client.send(publish).catch((error: unknown) => {
        throw new DependencyUnavailable('sns', error);
      });
      return undefined;
    },
  };
};
