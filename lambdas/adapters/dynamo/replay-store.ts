import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Clock, DependencyUnavailable } from '../../app/ports.ts';
import { SECOND_MS, SLACK_REPLAY_KEPT_SECONDS } from '../../core/limits.ts';
import type { Dynamo } from './dynamo-call.ts';
import { number, text } from './items.ts';

/**
 * Remembers what must count once: `true` for the first who claims a key. An item whose answer got lost stands, so a
 * repetition is refused rather than done twice. DynamoDB deletes it long after its signature has become too old.
 */
export const claimOnce =
  (dynamo: Dynamo, clock: Clock) =>
  async (key: string): Promise<boolean> => {
    const put = new PutItemCommand({
      TableName: dynamo.tables.grants,
      Item: {
        pk: text(`REPLAY#${key}`),
        sk: text('REPLAY'),
        purgeAt: number(Math.ceil(clock() / SECOND_MS) + SLACK_REPLAY_KEPT_SECONDS),
      },
      ConditionExpression: 'attribute_not_exists(pk)',
    });
    try {
      await dynamo.client.send(put);
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw new DependencyUnavailable('dynamodb', error);
    }
  };
