import { ENDING_BACKOFF_MAX_MS, ENDING_BACKOFF_MIN_MS, QUARANTINE_AFTER_ATTEMPTS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import type { Change } from './change.ts';
import type { EndCause, EndedGrant, EndingStep, EndState, Grant, OpenGrant } from './grant.ts';

/** The state a cause leads to. A grant that was never active cannot be given back or run out. */
const STATE_OF_CAUSE: Readonly<Record<EndCause, EndState>> = {
  released_by_principal: 'released',
  task_ended: 'released',
  window_over: 'expired',
  lease_lost: 'revoked',
  policy_changed: 'revoked',
  contained: 'revoked',
  workflow_ended_early: 'revoked',
  rights_outgrown: 'revoked',
  cancelled_by_principal: 'cancelled',
  nobody_approved: 'lapsed',
  activation_failed: 'failed',
  revoked_by_person: 'revoked',
  approval_mismatch: 'failed',
};

/**
 * Closes a grant at once: from this write on every use is refused. Whatever may exist at the target is then
 * ended and proved dead, which `ending` keeps track of.
 */
export const endGrant = (grant: OpenGrant, asked: EndCause, now: EpochMs): Change<EndedGrant> => {
  const cause = causeFor(grant, asked);
  const state = STATE_OF_CAUSE[cause];
  const mayHoldTarget = grant.state === 'activating' || grant.state === 'active';
  const next: EndedGrant = {
    ...coreOf(grant),
    state,
    cause,
    endedAt: now,
    activatedAt: grant.state === 'active' ? grant.activatedAt : undefined,
    expiresAt: mayHoldTarget ? grant.expiresAt : undefined,
    credentialsIssued: grant.state === 'active' ? grant.credentialsIssued : 0,
    credentialsUntil: grant.state === 'active' ? grant.credentialsUntil : undefined,
    issuedFrom: grant.state === 'active' ? grant.issuedFrom : undefined,
    publicKeys: grant.state === 'active' ? grant.publicKeys : undefined,
    ending: mayHoldTarget
      ? { status: 'pending', attempts: 0, nextAttemptAt: now + ENDING_BACKOFF_MIN_MS, lastError: undefined }
      : { status: 'none' },
  };
  return { next, fact: { type: 'grant.ended', grant: grant.id, state, cause } };
};

/** Giving back what was not yet active is withdrawing it. */
const causeFor = (grant: OpenGrant, asked: EndCause): EndCause => {
  if (grant.state === 'active') return asked;
  if (asked === 'released_by_principal' || asked === 'task_ended') return 'cancelled_by_principal';
  if (asked === 'window_over') return 'activation_failed';
  return asked;
};

const coreOf = (grant: OpenGrant) => ({
  id: grant.id,
  version: grant.version,
  head: grant.head,
  task: grant.task,
  principal: grant.principal,
  owners: grant.owners,
  delegation: grant.delegation,
  groups: grant.groups,
  entryGroups: grant.entryGroups,
  resource: grant.resource,
  place: grant.place,
  kind: grant.kind,
  action: grant.action,
  profile: grant.profile,
  rights: grant.rights,
  unmasked: grant.unmasked,
  requestedSeconds: grant.requestedSeconds,
  reason: grant.reason,
  createdAt: grant.createdAt,
  policyDigest: grant.policyDigest,
  determinedBy: grant.determinedBy,
  approval: grant.approval,
  consent: grant.consent,
});

/** Whether an end is still owed: something may live at the target. */
export const owesEnding = (grant: Grant): grant is EndedGrant =>
  'ending' in grant && (grant.ending.status === 'pending' || grant.ending.status === 'quarantined');

/** A first proof of death is under way. In quarantine waiting longer does not help. */
export const isDying = (grant: Grant): boolean => owesEnding(grant) && grant.ending.status === 'pending';

/**
 * When access should have ended: what the time to dead is measured from. A window that ran out while nobody
 * looked counts from its own end, not from the moment somebody noticed.
 */
export const accessEndedAt = (grant: EndedGrant): EpochMs =>
  grant.state === 'expired' && grant.expiresAt !== undefined
    ? Math.min(grant.expiresAt, grant.endedAt)
    : grant.endedAt;

/** Death was proved at the target. */
export const recordDeath = (
  grant: EndedGrant,
  steps: readonly EndingStep[],
  now: EpochMs,
): Change<EndedGrant> => {
  const deadAfterMs = now - accessEndedAt(grant);
  const attempts = attemptsOf(grant) + 1;
  return {
    next: { ...grant, ending: { status: 'dead', attempts, deadAt: now, deadAfterMs, steps } },
    fact: { type: 'ending.proved', grant: grant.id, deadAfterMs, steps },
  };
};

/** Death was not proved: tried again later, for ever, and from the third time on in quarantine under an alarm. */
export const recordFailedEnding = (
  grant: EndedGrant,
  attempt: { readonly error: string; readonly steps: readonly EndingStep[] },
  now: EpochMs,
): Change<EndedGrant> => {
  const attempts = attemptsOf(grant) + 1;
  const quarantined = attempts >= QUARANTINE_AFTER_ATTEMPTS;
  return {
    next: {
      ...grant,
      ending: {
        status: quarantined ? 'quarantined' : 'pending',
        attempts,
        nextAttemptAt: now + backoffMs(attempts),
        lastError: attempt.error,
      },
    },
    fact: { type: 'ending.failed', grant: grant.id, attempts, quarantined, ...attempt },
  };
};

const attemptsOf = (grant: EndedGrant): number => ('attempts' in grant.ending ? grant.ending.attempts : 0);

export const backoffMs = (attempts: number): number =>
  Math.min(ENDING_BACKOFF_MIN_MS * 2 ** Math.min(attempts, 20), ENDING_BACKOFF_MAX_MS);
