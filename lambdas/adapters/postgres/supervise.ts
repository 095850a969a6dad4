import { setTimeout as pause } from 'node:timers/promises';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { PostgresResource } from '../../core/config/resource.ts';
import {
  POSTGRES_POLL_MS,
  POSTGRES_TERMINATE_WAIT_MS,
  RUN_KILL_GRACE_MS,
  RUN_KILL_WAIT_MS,
  SECOND_MS,
} from '../../core/limits.ts';
import type { SignOwn } from '../database/sign-own.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import type { RunSession } from './run-session.ts';
import { asAdmin } from './session.ts';

export interface Supervision {
  /** The time was up, and the session was ended or cut. */
  hasFired(): boolean;
  /** The time is up, whoever ended the statement. */
  isOver(): boolean;
  /** No longer watches. Waits for an ending that is under way, or makes one when the session may have been left running. */
  release(mayStillRun: boolean): Promise<void>;
}

export interface Watched {
  readonly session: RunSession;
  readonly resource: PostgresResource;
  readonly maxSeconds: number;
  readonly signOwn: SignOwn;
}

/**
 * Ends a session whose time is up from a second connection: the server's own `statement_timeout` is a setting, which
 * a statement could change, and counts anew with each fetch. When that connection cannot do it in time, or at all, the
 * run's own connection is cut, which the server finds out by itself when it looks for its client.
 */
export const supervise = (watched: Watched): Supervision => {
  const { session, maxSeconds } = watched;
  const start = performance.now();
  let ending: Promise<void> | undefined;
  const timer = setTimeout(
    () => {
      ending = endSession(watched);
    },
    maxSeconds * SECOND_MS + RUN_KILL_GRACE_MS,
  );
  return {
    hasFired: () => ending !== undefined,
    isOver: () => performance.now() - start >= maxSeconds * SECOND_MS,
    async release(mayStillRun) {
      clearTimeout(timer);
      if (mayStillRun) ending ??= endSession(watched);
      await ending;
      if (mayStillRun) session.cut();
    },
  };
};

const endSession = async (watched: Watched): Promise<void> => {
  const tooLate = new AbortController();
  await Promise.race([
    terminate(watched),
    pause(RUN_KILL_WAIT_MS, undefined, { signal: tooLate.signal }).catch(() => undefined),
  ]);
  tooLate.abort();
  watched.session.cut();
};

/**
 * Told once, by number and user: should the process have ended by itself and its number been given to another, only
 * a run of the same grant could be hit, and the server shows no more of other users' sessions to the administrator.
 */
const terminate = async ({ session, resource, signOwn }: Watched): Promise<void> => {
  const where = 'FROM pg_stat_activity WHERE pid = $1 AND usename = $2';
  const values = [session.pid, session.user];
  try {
    await asAdmin({ resource, signOwn }, async (admin) => {
      await admin.ask(`SELECT pg_terminate_backend(pid) ${where}`, values);
      const until = performance.now() + POSTGRES_TERMINATE_WAIT_MS;
      while ((await admin.ask(`SELECT ${where}`, values)).length > 0 && performance.now() < until)
        await pause(POSTGRES_POLL_MS);
    });
  } catch (error) {
    if (!(error instanceof DependencyUnavailable || error instanceof TargetRefusal)) throw error;
  }
};
