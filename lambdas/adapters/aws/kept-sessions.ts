import type { Clock } from '../../app/ports.ts';
import { KEPT_SESSION_SECONDS, SECOND_MS, SIGNING_SESSION_MARGIN_SECONDS } from '../../core/limits.ts';
import type { AssumeAsk, AssumedSession, AssumeRole } from './assume-role.ts';

export interface KeptSessionsTools {
  readonly assume: AssumeRole;
  readonly clock: Clock;
}

/** `seconds`: how long what is done with the session needs it. */
export type KeptSessions = (ask: AssumeAsk, seconds: number) => Promise<AssumedSession>;

/**
 * Sessions of a function's own work, of which each role has one that is used again for a while. They never leave this process.
 * What is given to a caller has a session of its own.
 */
export const keptSessions = ({ assume, clock }: KeptSessionsTools): KeptSessions => {
  const kept = new Map<string, Promise<AssumedSession>>();
  return async (ask, seconds) => {
    const session = await kept.get(ask.roleArn);
    const now = clock();
    if (
      session &&
      now - session.issuedAt < KEPT_SESSION_SECONDS * SECOND_MS &&
      session.expiresAt - now > (seconds + SIGNING_SESSION_MARGIN_SECONDS) * SECOND_MS
    )
      return session;
    const made = assume(ask);
    kept.set(ask.roleArn, made);
    // A failure is not kept: the next call tries again.
    made.catch(() => kept.delete(ask.roleArn));
    return made;
  };
};
