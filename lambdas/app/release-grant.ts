import { receiptOf } from '../core/audit/chain.ts';
import { isDying } from '../core/grant/end-grant.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isSameHolder } from '../core/identity/principal.ts';
import { END_WAIT_MAX_SECONDS } from '../core/limits.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import type { EndDeps } from './end-grant.ts';
import { endGrant } from './end-grant.ts';
import type { Sleep } from './ports.ts';
import type { TrailDeps } from './record-refusal.ts';
import type { GrantAnswer } from './request-access.ts';
import { waitUntil } from './wait-until.ts';

export interface ReleaseDeps extends EndDeps, Omit<TrailDeps, 'store'> {
  readonly sleep: Sleep;
}

/** Ends the caller's grant and waits a while for the proof of death. Asked again, the same report. */
export const releaseGrant = async (
  deps: ReleaseDeps,
  caller: Caller,
  grantId: string,
): Promise<Result<GrantAnswer>> => {
  const ended = await endGrant(
    deps,
    {
      grantId,
      cause: 'released_by_principal',
      isMine: (grant) => isSameHolder(grant.principal, caller.principal),
    },
    callerContext(caller, deps.software),
  );
  const first = ended.grant;
  if (!first) return fail({ code: 'not_found' });
  const grant = await waitUntil<Grant>(
    {
      first,
      again: async () => (await deps.store.readGrant(grantId)) ?? first,
      isDone: (seen) => !isDying(seen),
    },
    END_WAIT_MAX_SECONDS,
    deps,
  );
  return ok({ grant, receipt: ended.entry ? receiptOf(ended.entry) : { chain: grant.id, ...grant.head } });
};
