import { CIRCUIT_FAILURES } from '../../lambdas/core/limits.ts';
import { newActive, runSql } from './asks.ts';
import type { RawAnswer } from './raw-call.ts';
import type { Caller, RunningStack } from './running-stack.ts';

/** More at a time would only make each of them late. */
const AT_A_TIME = 3;

/**
 * Sends each statement under grants of several tasks, with a success wherever so many failures would open the circuit of
 * its task. Says what came of each.
 */
export const insist = async <T>(
  {
    running,
    crew,
    action,
  }: { readonly running: RunningStack; readonly crew: Caller; readonly action: string },
  statements: readonly T[],
  sqlOf: (statement: T) => string,
): Promise<ReadonlyMap<T, RawAnswer>> => {
  const answers = new Map<T, RawAnswer>();
  const queue = [...statements];
  const work = async (): Promise<void> => {
    const { grant } = await newActive(running, crew, { action, durationSeconds: 900 });
    let failuresInRow = 0;
    for (let statement = queue.shift(); statement !== undefined; statement = queue.shift()) {
      const answer = await crew.ask(runSql(grant, sqlOf(statement)));
      answers.set(statement, answer);
      failuresInRow = answer.status === 200 ? 0 : failuresInRow + 1;
      if (failuresInRow < CIRCUIT_FAILURES - 1) continue;
      const calm = await crew.ask(runSql(grant, CALM[action] ?? ''));
      if (calm.status !== 200) throw new Error(calm.text);
      failuresInRow = 0;
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, work));
  return answers;
};

/** What works under each action and changes nothing. */
const CALM: Readonly<Record<string, string>> = {
  'postgres:read': 'SELECT 1',
  'postgres:write': 'DELETE FROM orders WHERE id < 0',
};
