import { ADMINISTRATOR_SESSION, administratorOf } from '../../core/aws/administrator-role.ts';
import { RUNNER_TIMEOUT_SECONDS, SESSION_MAX_SECONDS } from '../../core/limits.ts';
import type { SessionKeys } from './assume-role.ts';
import { type KeptSessionsTools, keptSessions } from './kept-sessions.ts';

/** What the administrator of a target signs with; undefined where that is whoever asks. */
export type AdministratorKeys = (
  target: Parameters<typeof administratorOf>[0],
) => Promise<SessionKeys | undefined>;

/** In another account by the role that is named there, and otherwise as the function itself, without a call to AWS. */
export const administratorKeys = (tools: KeptSessionsTools): AdministratorKeys => {
  const sessionOf = keptSessions(tools);
  return async (target) => {
    const there = administratorOf(target);
    if (!there) return undefined;
    const ask = { ...there, sessionName: ADMINISTRATOR_SESSION, seconds: SESSION_MAX_SECONDS };
    return (await sessionOf(ask, RUNNER_TIMEOUT_SECONDS)).keys;
  };
};

/** For people, who sign as themselves wherever a target is. */
export const asThemselves: AdministratorKeys = async () => undefined;
