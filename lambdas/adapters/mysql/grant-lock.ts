import { DependencyUnavailable } from '../../app/ports.ts';
import { MYSQL_GRANT_LOCK_ROUNDS_MAX, MYSQL_GRANT_LOCK_WAIT_SECONDS } from '../../core/database/limits.ts';
import { mysqlUser } from '../../core/grant/ids.ts';
import type { Session } from './session.ts';

/**
 * Takes the lock that the making and the ending of one grant's user share; it is given back with the session. Any user of
 * the server may take any such lock, so that of a grant whose user holds it is ended first: the lock is for us. Throws
 * `DependencyUnavailable` while another of our functions holds it.
 */
export const takeGrantLock = async (session: Session, grantId: string): Promise<void> => {
  const take = async (seconds: number): Promise<boolean> => {
    const [row] = await session.ask<{ got: number | null }>(
      `SELECT GET_LOCK('latchkey ${mysqlUser(grantId)}', ${seconds}) AS got`,
    );
    return row?.got === 1;
  };
  if (await take(0)) return;
  for (let round = 0; round < MYSQL_GRANT_LOCK_ROUNDS_MAX; round += 1) {
    await session.ask('CALL latchkey.free_lock(?)', [grantId]);
    if (await take(MYSQL_GRANT_LOCK_WAIT_SECONDS)) return;
  }
  throw new DependencyUnavailable('target', new Error('the lock of a grant is taken'));
};
