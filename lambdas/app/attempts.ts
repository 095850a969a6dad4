import { COMMIT_ATTEMPTS_MAX } from '../core/limits.ts';
import type { Backoff } from './ports.ts';
import { DependencyUnavailable } from './ports.ts';

/**
 * Runs a decision again from its first read each time its commit loses a race. Nothing of an earlier attempt is
 * kept, so nothing is decided on what no longer holds.
 */
export const decideUntilCommitted = async <T>(
  attempt: () => Promise<T | 'lost'>,
  backoff: Backoff,
): Promise<T> => {
  for (let tried = 0; tried < COMMIT_ATTEMPTS_MAX; tried += 1) {
    const outcome = await attempt();
    if (outcome !== 'lost') return outcome;
    await backoff(tried);
  }
  throw new DependencyUnavailable('dynamodb', new Error('the item is contended'));
};
