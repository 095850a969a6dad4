import type { Consent } from '../grant/grant.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import { APPROVAL_USE_SECONDS, SECOND_MS } from '../limits.ts';
import { fail, ok, type Result } from '../result.ts';
import type { EpochMs } from '../time.ts';
import type { Approval, PendingApproval, Vote } from './approval.ts';
import { isPending } from './approval.ts';
import { consentOf, isOneOf, leastOf } from './consent.ts';
import type { DecisionRefusal } from './decision-refusal.ts';
import { digestOf, grantedHashOf } from './digest.ts';
import type { ApprovalChange } from './open-approval.ts';

export interface Ballot {
  readonly vote: Vote;
  /** Of what the person was shown. */
  readonly digest: string;
}

/** Whether policy says yes with these people. */
export type IsEnough = (consent: Consent) => boolean;

/**
 * Counts one person's word. A no ends it whoever has said yes; the same word of the same person again changes nothing and
 * is answered as before, also when it is all over (`again`). Whether policy lets this person decide is asked outside.
 */
export const castVote = (
  approval: Approval,
  { vote, digest }: Ballot,
  { now, isEnough }: { readonly now: EpochMs; readonly isEnough: IsEnough },
): Result<ApprovalChange | { readonly again: Approval }, DecisionRefusal> => {
  if (hasSaid(approval, vote)) return ok({ again: approval });
  if (!isPending(approval)) return fail({ code: 'over' });
  if (now >= approval.asked.approveBy) return fail({ code: 'late' });
  if (digest !== approval.digest || digestOf(approval.asked) !== approval.digest)
    return fail({ code: 'changed' });
  if (vote.voter.type !== 'human') return fail({ code: 'not_a_person' });
  if (isOneOf(approval.excluded, vote.voter)) return fail({ code: 'own_request' });
  const votes = [...approval.votes.filter(({ voter }) => !isSamePrincipal(voter, vote.voter)), vote];
  if (vote.decision === 'deny') return ok(denied(approval, votes, vote));
  const consent = consentOf(votes);
  return vote.way === 'break_glass' || (consent.approvals >= approval.quorum && isEnough(consent))
    ? ok(approved(approval, votes, vote))
    : ok({ next: { ...approval, votes }, fact: factOf(approval, vote, 'pending') });
};

const hasSaid = ({ votes }: Approval, { voter, decision, way }: Vote): boolean =>
  votes.some(
    (one) =>
      isSamePrincipal(one.voter, voter) &&
      one.decision === decision &&
      (one.way === way || way !== 'break_glass'),
  );

const denied = (approval: PendingApproval, votes: readonly Vote[], vote: Vote): ApprovalChange => ({
  next: { ...approval, votes, remindAt: undefined, state: 'denied', closedAt: vote.at, review: undefined },
  fact: factOf(approval, vote, 'denied'),
});

const approved = (approval: PendingApproval, votes: readonly Vote[], vote: Vote): ApprovalChange => {
  const granted = leastOf(approval.asked, votes);
  const grantedHash = grantedHashOf(approval.digest, granted);
  return {
    next: {
      ...approval,
      votes,
      remindAt: undefined,
      state: 'approved',
      decidedAt: vote.at,
      useBy: approval.asked.planUntil ?? vote.at + APPROVAL_USE_SECONDS * SECOND_MS,
      granted,
      grantedHash,
      uses: approval.asked.statements.map(() => 0),
      review: vote.way === 'break_glass' ? { state: 'open' } : undefined,
    },
    fact: { ...factOf(approval, vote, 'approved'), grantedHash },
  };
};

const factOf = (
  { id, digest }: PendingApproval,
  { decision, way, note, granted }: Vote,
  state: 'pending' | 'approved' | 'denied',
) => ({
  type: 'approval.voted' as const,
  approval: id,
  digest,
  decision,
  way,
  note: note ?? null,
  granted: granted ?? null,
  state,
  grantedHash: null,
});
