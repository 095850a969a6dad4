import { TASK_ID_PATTERN } from '../lambdas/core/grant/ids.ts';
import { erasePayloads } from './erase-payloads.ts';
import { holdPayloads, releaseHold } from './hold-payloads.ts';
import {
  connectOperator,
  type PayloadOperator,
  type PayloadPlaces,
  payloadMistake,
} from './payload-operator.ts';

const VERBS = {
  hold: holdPayloads,
  'release-hold': releaseHold,
  erase: erasePayloads,
} as const satisfies Record<string, (operator: PayloadOperator, task: string) => Promise<string>>;

export type PayloadVerb = keyof typeof VERBS;

/** Runs one verb for one task and answers what to tell the person. Throws `Mistakes` before anything is touched. */
export const runPayloadVerb = async (
  verb: PayloadVerb,
  { task, isSure }: { readonly task: string; readonly isSure: boolean },
  places: PayloadPlaces,
): Promise<string> => {
  if (!TASK_ID_PATTERN.test(task)) throw payloadMistake(verb, `\`${task}\` is not the id of a task.`);
  if (verb === 'erase' && !isSure)
    throw payloadMistake(task, 'nobody can undo this. Add --yes if that is what you want.');
  return VERBS[verb](await connectOperator(places), task);
};
