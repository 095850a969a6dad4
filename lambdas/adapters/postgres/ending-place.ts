import { DependencyUnavailable } from '../../app/ports.ts';
import { POSTGRES_ENDINGS_MAX_COUNT, POSTGRES_FULL_WAIT_MS } from '../../core/limits.ts';
import { pauseBefore } from '../database/when-room.ts';
import { type AdminPlace, asAdmin, type Session } from './session.ts';

/**
 * One ending as the administrator, when it finds a place among those that are under way. An ending needs a second
 * connection half-way, so if endings took all that the administrator may have, each would wait for the others.
 * Throws `DependencyUnavailable` when none is free for `POSTGRES_FULL_WAIT_MS`.
 */
export const inEndingPlace = async <T>(
  where: AdminPlace,
  work: (session: Session) => Promise<T>,
): Promise<T> => {
  const until = performance.now() + POSTGRES_FULL_WAIT_MS;
  for (let attempt = 0; ; attempt += 1) {
    const done = await asAdmin(where, async (session) =>
      (await takePlace(session)) ? { result: await work(session) } : undefined,
    );
    if (done) return done.result;
    if (performance.now() > until) throw new DependencyUnavailable('target', undefined);
    await pauseBefore(attempt);
  }
};

/** Keys of two numbers are never those of a grant, which are one of 64 bits. The place is given back with the session. */
const takePlace = async (session: Session): Promise<boolean> => {
  const taken = await session.ask(
    'SELECT FROM generate_series(1, $1::int) AS place WHERE pg_try_advisory_lock(1, place) LIMIT 1',
    [POSTGRES_ENDINGS_MAX_COUNT],
  );
  return taken.length > 0;
};
