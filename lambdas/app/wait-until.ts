import { SECOND_MS, WAIT_POLL_MAX_MS, WAIT_POLL_MIN_MS } from '../core/limits.ts';
import type { Clock, Sleep } from './ports.ts';

export interface Patience {
  readonly clock: Clock;
  readonly sleep: Sleep;
}

/** Looks until `isDone` or until the time is up, and hands back the last look either way. The first look is the caller's. */
export const waitUntil = async <T>(
  look: { readonly first: T; readonly again: () => Promise<T>; readonly isDone: (seen: T) => boolean },
  seconds: number,
  { clock, sleep }: Patience,
): Promise<T> => {
  const until = clock() + seconds * SECOND_MS;
  let seen = look.first;
  // What ends soon is seen soon, and what takes long costs few reads.
  for (let pauseMs = WAIT_POLL_MIN_MS; !look.isDone(seen) && clock() < until; pauseMs *= 1.5) {
    await sleep(Math.min(pauseMs, WAIT_POLL_MAX_MS, Math.max(1, until - clock())));
    seen = await look.again();
  }
  return seen;
};
