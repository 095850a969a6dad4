import type { Clock } from '../../app/ports.ts';
import { SECOND_MS, SLACK_REPLAY_KEPT_SECONDS } from '../../core/limits.ts';
import { type Dynamo, putOnce } from './dynamo-call.ts';
import { number, text } from './items.ts';

/**
 * Remembers what must count once: `true` for the first who claims a key. An item whose answer got lost stands, so a
 * repetition is refused rather than done twice. DynamoDB deletes it long after its signature has become too old.
 */
export const claimOnce =
  (dynamo: Dynamo, clock: Clock) =>
  (key: string): Promise<boolean> =>
    putOnce(dynamo, {
      pk: text(`REPLAY#${key}`),
      sk: text('REPLAY'),
      purgeAt: number(Math.ceil(clock() / SECOND_MS) + SLACK_REPLAY_KEPT_SECONDS),
    });
