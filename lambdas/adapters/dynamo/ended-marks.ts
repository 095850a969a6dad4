import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { DeniedSessions, EndedSessions } from '../../core/aws/ended-policy.ts';
import { ENDED_MARK_KEPT_SECONDS, ENDED_TURN_MS, SECOND_MS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { type Dynamo, orUnavailable } from './dynamo-call.ts';
import { queryAll, readOne } from './dynamo-reads.ts';
import { endedMarkKey, endedTurnKey, type Item, number, stringOf, text } from './items.ts';

/** Whose sessions of a role were ended early: what its deny policy is written from. One writer at a time, where that can be had. */
export interface EndedMarks {
  put(roleArn: string, ended: EndedSessions): Promise<void>;
  /** All that are kept, also those that need no denying any more. Consistent. */
  list(roleArn: string): Promise<readonly EndedSessions[]>;
  /** Whether it is the caller's turn to write. A turn that is not given back ends by itself. */
  takeTurn(roleArn: string, now: EpochMs): Promise<boolean>;
  /** Gives the turn back and says what the policy denies by now. */
  giveTurn(roleArn: string, denied: DeniedSessions | undefined): Promise<void>;
  /** What the last one to give its turn back said. */
  lastDenied(roleArn: string): Promise<DeniedSessions | undefined>;
}

/** The port `EndedMarks` on the grants table. */
export const dynamoEndedMarks = (dynamo: Dynamo): EndedMarks => {
  const TableName = dynamo.tables.grants;
  const put = (Item: Item) => dynamo.client.send(new PutItemCommand({ TableName, Item }));
  return {
    async put(roleArn, ended) {
      const purgeAt = number(Math.ceil(ended.until / SECOND_MS) + ENDED_MARK_KEPT_SECONDS);
      await orUnavailable(
        put({ ...endedMarkKey(roleArn, ended.grantId), body: text(JSON.stringify(ended)), purgeAt }),
      );
    },
    async list(roleArn) {
      const found = queryAll(dynamo, {
        TableName,
        ConsistentRead: true,
        KeyConditionExpression: 'pk = :role AND begins_with(sk, :mark)',
        ExpressionAttributeValues: { ':role': text(`ENDED#${roleArn}`), ':mark': text('MARK#') },
      });
      return Array.fromAsync(found, (item): EndedSessions => JSON.parse(stringOf(item, 'body')));
    },
    async takeTurn(roleArn, now) {
      const command = new PutItemCommand({
        TableName,
        Item: { ...endedTurnKey(roleArn), turnUntil: number(now + ENDED_TURN_MS) },
        ConditionExpression: 'attribute_not_exists(turnUntil) OR turnUntil < :now',
        ExpressionAttributeValues: { ':now': number(now) },
      });
      try {
        await dynamo.client.send(command);
        return true;
      } catch (error) {
        if (error instanceof ConditionalCheckFailedException) return false;
        throw new DependencyUnavailable('dynamodb', error);
      }
    },
    async giveTurn(roleArn, denied) {
      const said = denied === undefined ? {} : { body: text(JSON.stringify(denied)) };
      await orUnavailable(put({ ...endedTurnKey(roleArn), ...said }));
    },
    async lastDenied(roleArn) {
      const item = await readOne(dynamo, endedTurnKey(roleArn));
      return item?.body?.S === undefined ? undefined : JSON.parse(item.body.S);
    },
  };
};
