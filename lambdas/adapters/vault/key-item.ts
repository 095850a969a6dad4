import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { DAY_SECONDS, SECOND_MS, TASK_MAX_SECONDS, VAULT_KEY_BYTES } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { type Item, number, numberOf, text } from '../dynamo/items.ts';

/** What the table of keys holds of a task: its key, or that there was one. */
export type KeyItem =
  | {
      readonly state: 'kept';
      readonly key: Uint8Array;
      readonly createdAt: EpochMs;
      /** Epoch seconds from which nobody reads with it; DynamoDB deletes it some time after. */
      readonly purgeAt: number;
    }
  /** Under legal hold. `purgeAt` is what holds again once that is lifted; stored as `held`, so that TTL does not see it. */
  | {
      readonly state: 'held';
      readonly key: Uint8Array;
      readonly createdAt: EpochMs;
      readonly purgeAt: number;
    }
  | { readonly state: 'erased'; readonly erasedAt: EpochMs };

/** A task may put something as long as it lives, and that is kept for as long as settings say. */
export const purgeAtOf = (createdAt: EpochMs, retentionDays: number): number =>
  Math.ceil(createdAt / SECOND_MS) + TASK_MAX_SECONDS + retentionDays * DAY_SECONDS;

export const keyOfTask = (task: string): Item => ({ task: text(task) });

/** The stored form. `docs/storage.md` shows it as a table. */
export const itemOfKey = (task: string, item: KeyItem): Item => {
  if (item.state === 'erased') return { ...keyOfTask(task), erasedAt: number(item.erasedAt) };
  const { key, createdAt, purgeAt } = item;
  return {
    ...keyOfTask(task),
    key: { B: key },
    createdAt: number(createdAt),
    [item.state === 'kept' ? 'purgeAt' : 'held']: number(purgeAt),
  };
};

/** Throws on an item that is neither a key nor a tombstone: nothing is read or sealed on it. */
export const readKeyItem = (item: Item): KeyItem => {
  if (item.erasedAt) return { state: 'erased', erasedAt: numberOf(item, 'erasedAt') };
  const state = item.held ? 'held' : 'kept';
  const key = bytesOf(item.key);
  const purgeAt = numberOf(item, state === 'held' ? 'held' : 'purgeAt');
  return { state, key, createdAt: numberOf(item, 'createdAt'), purgeAt };
};

const bytesOf = (value: AttributeValue | undefined): Uint8Array => {
  if (value?.B?.length !== VAULT_KEY_BYTES) throw new TypeError('a stored vault has no key');
  return value.B;
};
