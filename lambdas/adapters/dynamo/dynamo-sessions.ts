import { PutItemCommand, type PutItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Sessions } from '../../app/ports-of-people.ts';
import type { Session } from '../../core/identity/session.ts';
import { SECOND_MS, SESSION_SECONDS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { type Dynamo, orUnavailable } from './dynamo-call.ts';
import { readOne } from './dynamo-reads.ts';
import { type Item, number, sessionKey, stringOf, text } from './items.ts';

/** The port `Sessions`. Whoever keeps sessions may put them and not delete them, so an ended one is written over. */
export const dynamoSessions = (dynamo: Dynamo): Sessions => {
  const put = async (item: Item, condition: Pick<PutItemCommandInput, 'ConditionExpression'>) => {
    const command = new PutItemCommand({ TableName: dynamo.tables.grants, Item: item, ...condition });
    await orUnavailable(dynamo.client.send(command));
  };
  return {
    async find(cookieHash) {
      const item = await readOne(dynamo, sessionKey(cookieHash));
      if (item === undefined || stringOf(item, 'state') !== 'begun') return undefined;
      return JSON.parse(stringOf(item, 'body')) as Session;
    },
    begin: (cookieHash, session) =>
      put(
        {
          ...sessionKey(cookieHash),
          state: text('begun'),
          body: text(JSON.stringify(session)),
          purgeAt: purgeAt(session.expiresAt),
        },
        { ConditionExpression: 'attribute_not_exists(pk)' },
      ),
    end: (cookieHash, at) =>
      put(
        {
          ...sessionKey(cookieHash),
          state: text('ended'),
          // Longer than the session could have lived, so that no deletion brings it back.
          purgeAt: purgeAt(at + SESSION_SECONDS * SECOND_MS),
        },
        {},
      ),
  };
};

const purgeAt = (at: EpochMs) => number(Math.ceil(at / SECOND_MS));
