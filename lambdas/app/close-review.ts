import type { Approval, ClosedApproval, GrantedApproval } from '../core/approval/approval.ts';
import { closeReview as closed, reviewOf } from '../core/approval/approval-life.ts';
import { hasVoted } from '../core/approval/consent.ts';
import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import { isExcluded, mayPerson } from '../core/approval/standing-consent.ts';
import { NOTE_MAX_CHARACTERS } from '../core/limits.ts';
import { fail, ok, type Result } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import { callerContext } from './caller.ts';
import type { DecideDeps } from './decide-approval.ts';
import { record } from './record.ts';
import { recordRefusedDecision } from './record-refusal.ts';
import { tellPeople } from './tell-people.ts';
import { hasSignedInLately, personOf, type Visitor } from './visitor.ts';

export interface ReviewNote {
  readonly approvalId: string;
  readonly note: string;
}

/** Somebody who had no part in it has looked at what was done in an emergency, and says what they found. */
export const closeReview = async (
  deps: DecideDeps,
  visitor: Visitor,
  ask: ReviewNote,
): Promise<Result<Approval, DecisionRefusal>> => {
  const reviewed = await decideUntilCommitted(() => attempt(deps, visitor, ask), deps.backoff);
  if (reviewed.ok) await tellPeople(deps, { approval: ask.approvalId, grantId: reviewed.value.asked.grant });
  else
    await recordRefusedDecision(deps, visitor, {
      code: reviewed.failure.code,
      decision: 'close the review',
      about: ask.approvalId,
    });
  return reviewed;
};

const attempt = async (
  deps: DecideDeps,
  visitor: Visitor,
  { approvalId, note }: ReviewNote,
): Promise<Result<Approval, DecisionRefusal> | 'lost'> => {
  const approval = await deps.store.readApproval(approvalId);
  const now = deps.clock();
  const person = personOf(visitor, deps.principals);
  if (!approval || approval.state === 'pending' || !reviewOf(approval)) return fail({ code: 'not_found' });
  if (!person) return fail({ code: 'not_a_person' });
  if (!hasSignedInLately(visitor, now)) return fail({ code: 'sign_in_again' });
  if (note.trim() === '') return fail({ code: 'reason_missing' });
  if (note.length > NOTE_MAX_CHARACTERS) return fail({ code: 'too_long' });
  if (isExcluded(approval, person, deps.principals) || hasVoted(approval, person))
    return fail({ code: 'own_request' });
  if (!mayPerson(deps.policy, approval, { person, action: 'review', at: now }))
    return fail({ code: 'not_allowed' });
  if (reviewOf(approval)?.state === 'closed') return fail({ code: 'over' });
  const { issuer, subject } = person;
  const change = closed<GrantedApproval | ClosedApproval>(approval, { issuer, subject }, { note, at: now });
  const { state, entry } = record<Approval>(change, callerContext(visitor, deps.software), now);
  const outcome = await deps.store.commit({ approvals: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : ok(state);
};
