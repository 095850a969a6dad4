import { setTimeout as pause } from 'node:timers/promises';
import type { CloseReport } from '../../app/ports-of-targets.ts';
import type { MysqlResource } from '../../core/config/resource.ts';
import { MYSQL_POLL_MS, MYSQL_TERMINATE_WAIT_MS } from '../../core/database/limits.ts';
import { mysqlUser } from '../../core/grant/ids.ts';
import type { EpochMs } from '../../core/time.ts';
import { allGone, NotDead, reportSteps, type TakeStep, type Terminated } from '../database/ending-steps.ts';
import type { SignOwn } from '../database/sign-own.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import { dropDefinitions } from './definitions.ts';
import { takeGrantLock } from './grant-lock.ts';
import type { Identity } from './identity.ts';
import { preparedOutcome } from './prepared.ts';
import { probeLogin } from './probe-login.ts';
import type { Session } from './session.ts';

export interface CloseUserAsk {
  readonly resource: MysqlResource;
  readonly grantId: string;
  readonly identity: Identity;
  /** When access should have ended: what the steps are timed from. */
  readonly since: EpochMs;
}

export interface CloseTools {
  readonly signOwn: SignOwn;
  readonly clock: () => EpochMs;
}

type Closing = CloseUserAsk & CloseTools & { readonly session: Session };

/**
 * Ends a grant's user, in the one order that leaves no gap: no new login and no more rights, no open session, proof by a
 * login that is refused, then what acts as the user, then the user itself, then nobody is left. Each step can be
 * repeated, so a crash anywhere is made good by doing it all again.
 */
export const closeUser = (session: Session, ask: CloseUserAsk, tools: CloseTools): Promise<CloseReport> => {
  const closing = { ...ask, ...tools, session };
  return reportSteps(closing, async (take) => {
    // Before the lock too: whoever holds it back can then not come again.
    await forbidLogin(closing);
    await takeGrantLock(session, ask.grantId);
    await endUser(closing, take);
  });
};

const endUser = async (closing: Closing, take: TakeStep): Promise<void> => {
  const { session, grantId } = closing;
  let isThere = false;
  await take('nologin', async () => {
    isThere = await forbidLogin(closing);
    // What is left of a making that was cut short before there was a user: that it was to be made.
    if (!isThere) await dropUser(closing);
    return isThere ? 'done' : 'absent';
  });
  if (isThere) {
    await take('terminate', async () => allGone(await endSessions(closing)));
    await take('prepared', () => preparedOutcome(session, closing.resource));
    await take('probe', () => probe(closing));
    await take('drop_defined', async () => {
      const dropped = await dropDefinitions(session, grantId);
      return dropped === 0 ? 'nothing' : `dropped_${dropped}`;
    });
    await take('drop_user', async () => {
      await dropUser(closing);
      return 'done';
    });
  }
  await take('sessions', async () => allGone(await endSessions(closing)));
};

/** Of two ends that take away the same role at the same time, one is refused. Then the role is gone, and asking again finds that. */
const forbidLogin = (closing: Closing): Promise<boolean> =>
  lockUser(closing).catch((error: unknown) => {
    if (!(error instanceof TargetRefusal)) throw error;
    return lockUser(closing);
  });

const lockUser = async ({ session, grantId, identity }: Closing): Promise<boolean> => {
  const [row] = await session.ask<{ found: number }>('CALL latchkey.lock_user(?, ?, ?)', [
    grantId,
    ...identity,
  ]);
  return row?.found === 1;
};

const dropUser = async ({ session, grantId }: Closing): Promise<void> => {
  await session.ask('CALL latchkey.drop_user(?)', [grantId]);
};

/**
 * Asked again each time: a login that was under way when logins were forbidden shows up late, and an event starts anew
 * until it is dropped.
 */
const endSessions = async ({ session, grantId }: Closing): Promise<Terminated> => {
  const until = performance.now() + MYSQL_TERMINATE_WAIT_MS;
  let most = 0;
  for (;;) {
    await dropDefinitions(session, grantId, ['EVENT']);
    const [row] = await session.ask<{ found: number }>('CALL latchkey.end_sessions(?)', [grantId]);
    const left = row?.found ?? Number.NaN;
    if (left === 0) return { found: most, gone: true };
    most = Math.max(most, left);
    if (performance.now() > until) return { found: most, gone: false };
    await pause(MYSQL_POLL_MS);
  }
};

const probe = async ({ resource, grantId, signOwn }: Closing): Promise<string> => {
  const outcome = await probeLogin({ resource, user: mysqlUser(grantId), signOwn });
  if (outcome !== 'refused') throw new NotDead(outcome);
  return outcome;
};
