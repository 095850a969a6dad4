import type { PostgresResource } from '../../core/config/resource.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import { findRole, grantLock } from './grant-role.ts';
import { roleStatements } from './role-statements.ts';
import { inTransaction, type Session } from './session.ts';

export interface OpenAsk {
  readonly resource: PostgresResource;
  readonly grantId: string;
  /** The role whose rights the grant's role inherits. */
  readonly template: string;
  readonly verifier: string | undefined;
  readonly isStillWanted: () => Promise<boolean>;
}

const DUPLICATE_OBJECT = '42710';

/**
 * The target's one transaction. The lock comes first and the question second: an end that was written before the
 * question is seen here, and one that comes later waits for the lock and finds the role.
 */
export const openRole = async (session: Session, ask: OpenAsk): Promise<'opened' | 'unwanted'> => {
  try {
    return await inTransaction(session, async () => {
      await session.ask('SELECT pg_advisory_xact_lock($1)', [grantLock(ask.grantId)]);
      if (!(await ask.isStillWanted())) return 'unwanted';
      for (const statement of roleStatements(ask)) await session.ask(statement);
      return 'opened';
    });
  } catch (error) {
    const isDuplicate = error instanceof TargetRefusal && error.code === DUPLICATE_OBJECT;
    // A role of this name with this grant's id as its comment was made whole by an earlier attempt. Any other is a stranger.
    if (isDuplicate && (await findRole(session, ask.grantId))?.comment === ask.grantId) return 'opened';
    throw error;
  }
};
