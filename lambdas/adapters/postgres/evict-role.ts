import { setTimeout as pause } from 'node:timers/promises';
import { escapeIdentifier, escapeLiteral } from 'pg';
import { POSTGRES_PATIENCE_MS, POSTGRES_POLL_MS, POSTGRES_TERMINATE_WAIT_MS } from '../../core/limits.ts';
import type { Terminated } from '../database/ending-steps.ts';
import type { GrantRole } from './grant-role.ts';
import type { Session } from './session.ts';

/** Work as the administrator in a database of the same target, on a connection of its own. */
export type InDatabase = <T>(database: string, work: (session: Session) => Promise<T>) => Promise<T>;

/** Ends every session of a role and looks until none is left. */
export const terminateBackends = (session: Session, role: GrantRole): Promise<Terminated> =>
  terminateAll(session, 'usesysid = $1', role.oid);

/** Sessions whose role was dropped beneath them. Only a crash in the last moment of an ending could leave one of ours. */
export const terminateOwnerless = (session: Session, database: string): Promise<Terminated> =>
  terminateAll(session, 'datname = $1 AND usesysid NOT IN (SELECT oid FROM pg_roles)', database);

const terminateAll = async (session: Session, where: string, value: unknown): Promise<Terminated> => {
  const found = new Set<number>();
  const until = performance.now() + POSTGRES_TERMINATE_WAIT_MS;
  for (;;) {
    // Asked again each time: a login that was under way when logins were forbidden shows up late.
    const left = await session.ask<{ pid: number }>(
      `SELECT pid, pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${where}`,
      [value],
    );
    for (const { pid } of left) found.add(pid);
    if (left.length === 0) return { found: found.size, gone: true };
    if (performance.now() > until) return { found: found.size, gone: false };
    await pause(POSTGRES_POLL_MS);
  }
};

/**
 * Transactions that a role prepared: they outlive its sessions and keep their locks. Only the role itself may roll
 * them back, each from its own database, so the administrator must hold the role with SET.
 */
export const rollBackPrepared = async (
  session: Session,
  role: GrantRole,
  inDatabase: InDatabase,
): Promise<number> => {
  const prepared = await session.ask<{ gid: string; database: string }>(
    'SELECT gid, database FROM pg_prepared_xacts WHERE owner = $1',
    [role.name],
  );
  for (const { gid, database } of prepared)
    await inDatabase(database, async (there) => {
      await there.ask(`SET ROLE ${escapeIdentifier(role.name)}`);
      await there.ask(`ROLLBACK PREPARED ${escapeLiteral(gid)}`);
    });
  return prepared.length;
};

/**
 * Does work that may have to wait for a lock. A user can hold a lock on its own role, in an open or a prepared
 * transaction; so whenever the work has waited for a while, whatever the role has running is ended. The work stands
 * first in the queue by then, before any login that would take the lock anew.
 */
export const evictingMeanwhile = async <T>(work: Promise<T>, evict: () => Promise<void>): Promise<T> => {
  const done = new AbortController();
  const evictor = (async () => {
    for (;;) {
      await pause(POSTGRES_PATIENCE_MS, undefined, { signal: done.signal });
      await evict();
    }
  })();
  // When evicting fails, the work runs into its own time limit and tells.
  const settled = evictor.catch(() => undefined);
  try {
    return await work;
  } finally {
    done.abort();
    await settled;
  }
};
