import type { Failure } from '../failure.ts';
import { POLL_RETRY_AFTER_SECONDS, SECOND_MS } from '../limits.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { EpochMs } from '../time.ts';
import type { Change } from './change.ts';
import type { ActivatingGrant, ActiveGrant, Grant } from './grant.ts';
import { isOver } from './grant.ts';

/**
 * Opens the window. From here on the target may hold something of ours, so this is stored before the target is
 * touched. A grant that is already activating (an earlier attempt died) is handed back unchanged as `again`.
 */
export const beginActivation = (
  grant: Grant,
  now: EpochMs,
): Result<Change<ActivatingGrant> | { readonly again: ActivatingGrant }> => {
  if (grant.state === 'activating' && now < grant.activateBy) return ok({ again: grant });
  if (grant.state !== 'preparing') return fail(notActivatable(grant));
  if (now >= grant.activateBy) return fail({ code: 'grant_over', state: 'failed' });
  const expiresAt = now + grant.requestedSeconds * SECOND_MS;
  return ok({
    next: { ...grant, state: 'activating', expiresAt },
    fact: { type: 'grant.activating', grant: grant.id, expiresAt },
  });
};

/** The target is ready. Lost against an end that came in between: whoever called undoes what it made. */
export const completeActivation = (grant: Grant, now: EpochMs): Result<Change<ActiveGrant>> => {
  if (grant.state !== 'activating' || now >= grant.expiresAt) return fail(notActivatable(grant));
  const { activateBy: _, ...kept } = grant;
  return ok({
    next: { ...kept, state: 'active', activatedAt: now, credentialsIssued: 0 },
    fact: {
      type: 'grant.active',
      grant: grant.id,
      expiresAt: grant.expiresAt,
      activeAfterMs: now - grant.createdAt,
    },
  });
};

const notActivatable = (grant: Grant): Failure =>
  isOver(grant)
    ? { code: 'grant_over', state: grant.state }
    : { code: 'grant_pending', state: grant.state, retryAfterSeconds: POLL_RETRY_AFTER_SECONDS };
