import type { KeyItem } from '../lambdas/adapters/vault/key-item.ts';
import { SECOND_MS } from '../lambdas/core/limits.ts';
import { toIso } from '../lambdas/core/time.ts';
import { type PayloadOperator, payloadMistake, taskOf } from './payload-operator.ts';

/**
 * Puts what is kept of a task under legal hold: neither age nor `erase` touches it. Repeating it takes in what was put
 * meanwhile. Throws `Mistakes` where nothing is left to hold. Answers what to tell the person.
 */
export const holdPayloads = async (operator: PayloadOperator, task: string): Promise<string> => {
  const { state } = await taskOf(operator, task);
  const item = await keyOf(operator, task);
  if (item.purgeAt * SECOND_MS <= Date.now() && item.state === 'kept')
    throw payloadMistake(task, 'is past its retention: what was kept of it is being deleted.');
  if (item.state === 'kept') await change(operator, task, [item, { ...item, state: 'held' }]);
  const objects = await operator.bucket.tagAll(task, 'held');
  await operator.record({ type: 'payload.held', task, objects });
  const open = 'The task is still open: once it is over, hold it again for what is put until then.\n';
  return `${task}: on hold, with ${objects} objects.\n${state === 'open' ? open : ''}`;
};

/**
 * Lifts a legal hold. Retention is what it would have been, so what is past it goes. The entry is written before the key is
 * released: until then, this can be repeated.
 */
export const releaseHold = async (operator: PayloadOperator, task: string): Promise<string> => {
  await taskOf(operator, task);
  const item = await keyOf(operator, task);
  if (item.state !== 'held') throw payloadMistake(task, 'is not under legal hold.');
  const objects = await operator.bucket.tagAll(task, 'kept');
  await operator.record({ type: 'payload.hold_lifted', task, objects });
  await change(operator, task, [item, { ...item, state: 'kept' }]);
  return `${task}: the hold is lifted; it is kept until ${toIso(item.purgeAt * SECOND_MS)}.\n`;
};

type Kept = Exclude<KeyItem, { readonly state: 'erased' }>;

const keyOf = async ({ keys }: PayloadOperator, task: string): Promise<Kept> => {
  const item = await keys.read(task);
  if (!item) throw payloadMistake(task, 'nothing is kept of it.');
  if (item.state === 'erased') throw payloadMistake(task, `was erased on ${toIso(item.erasedAt)}.`);
  return item;
};

const change = async ({ keys }: PayloadOperator, task: string, [from, to]: [Kept, Kept]): Promise<void> => {
  if (!(await keys.replace(task, from, to)))
    throw payloadMistake(task, 'somebody else has just changed it: look at it again and repeat.');
};
