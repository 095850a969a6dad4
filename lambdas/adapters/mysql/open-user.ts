import type { MysqlResource } from '../../core/config/resource.ts';
import { takeGrantLock } from './grant-lock.ts';
import type { Identity } from './identity.ts';
import type { Session } from './session.ts';

export interface OpenUserAsk {
  readonly resource: MysqlResource;
  readonly grantId: string;
  readonly identity: Identity;
  readonly isStillWanted: () => Promise<boolean>;
}

/**
 * The lock comes first and the question second: an end that was written before the question is seen here, and one that
 * comes later waits for the lock and finds the user. MySQL has no transaction for this, so the user is made locked and can
 * log in with the last statement only; an attempt that was cut short is completed by the next, or ended.
 */
export const openUser = async (session: Session, ask: OpenUserAsk): Promise<'opened' | 'unwanted'> => {
  await takeGrantLock(session, ask.grantId);
  if (!(await ask.isStillWanted())) return 'unwanted';
  const { templateRole, connectionLimit } = ask.resource.target;
  await session.ask('CALL latchkey.make_user(?, ?, ?, ?, ?)', [
    ask.grantId,
    ...ask.identity,
    templateRole,
    connectionLimit,
  ]);
  return 'opened';
};
