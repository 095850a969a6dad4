import { PAYLOADS_CHAIN } from '../lambdas/core/audit/system-chain.ts';
import { toIso } from '../lambdas/core/time.ts';
import { type PayloadOperator, payloadMistake, taskOf } from './payload-operator.ts';

/**
 * Destroys a task's key and deletes what it had sealed. Safe to repeat: after a crash it goes on where it stopped.
 * Throws `Mistakes` while the task is not over, and under a legal hold. Answers what to tell the person.
 */
export const erasePayloads = async (operator: PayloadOperator, task: string): Promise<string> => {
  const { state, ...rest } = await taskOf(operator, task);
  if (state === 'open' || ('ending' in rest && rest.ending === 'pending'))
    throw payloadMistake(task, 'is not over, so more may still be kept of it: end the task first.');
  const erasedAt = await destroyKey(operator, task);
  const objects = await operator.bucket.deleteAll(task);
  const known = await isRecorded(operator, { task, erasedAt });
  if (objects > 0 || !known) await operator.record({ type: 'payload.erased', task, erasedAt, objects });
  return [
    `${task}: its key is destroyed (${toIso(erasedAt)}) and ${objects} objects are deleted; that is an entry of ${PAYLOADS_CHAIN}.`,
    'What remains is the trail: names, normalised statements, keyed hashes of literals that nobody can compute again, and',
    'hashes of what was sealed. It verifies as before. Exports of statements that somebody made earlier are theirs to delete.',
    '',
  ].join('\n');
};

/** The tombstone takes the key's place in one write. Answers when that was, also when it was long ago. */
const destroyKey = async ({ keys }: PayloadOperator, task: string): Promise<number> => {
  const item = await keys.read(task);
  if (item?.state === 'erased') return item.erasedAt;
  if (item?.state === 'held')
    throw payloadMistake(task, 'is under legal hold: nothing of it may be erased until release-hold.');
  const tombstone = { state: 'erased', erasedAt: Date.now() } as const;
  const isDone = item ? await keys.replace(task, item, tombstone) : await keys.create(task, tombstone);
  if (!isDone) throw payloadMistake(task, 'somebody else has just changed it: look at it again and repeat.');
  return tombstone.erasedAt;
};

const isRecorded = async (
  { store }: PayloadOperator,
  { task, erasedAt }: { task: string; erasedAt: number },
): Promise<boolean> => {
  for await (const { event } of store.readChain(PAYLOADS_CHAIN))
    if (event.type === 'payload.erased' && event.task === task && event.erasedAt === erasedAt) return true;
  return false;
};
