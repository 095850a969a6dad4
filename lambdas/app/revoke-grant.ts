import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { NOTE_MAX_CHARACTERS } from '../core/limits.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { DecideDeps } from './decide-approval.ts';
import { mayEnd } from './list-live-grants.ts';
import type { Store } from './ports.ts';
import { recordAside, recordRefusedDecision } from './record-refusal.ts';
import { signalEnd } from './start-workflow.ts';
import { hasSignedInLately, personOf, type Visitor } from './visitor.ts';

export interface RevokeDeps
  extends Pick<DecideDeps, 'policy' | 'principals' | 'clock' | 'software' | 'workflow' | 'alarm' | 'log'> {
  readonly store: Pick<Store, 'readGrant' | 'readWaitToken' | 'saveRevocation' | 'appendSystem'>;
}

/**
 * Says that a grant ends. From this write on every use is refused; whoever waits for its end is woken, ends it and proves
 * it dead. The entry comes first: what nobody could write down has not happened.
 */
export const revokeGrant = async (
  deps: RevokeDeps,
  visitor: Visitor,
  ask: { readonly grantId: string; readonly note: string },
): Promise<Result<Grant, DecisionRefusal>> => {
  const revoked = await attempt(deps, visitor, ask);
  if (!revoked.ok)
    await recordRefusedDecision(deps, visitor, {
      code: revoked.failure.code,
      decision: 'revoke',
      about: ask.grantId,
    });
  return revoked;
};

const attempt = async (
  deps: RevokeDeps,
  visitor: Visitor,
  { grantId, note }: { readonly grantId: string; readonly note: string },
): Promise<Result<Grant, DecisionRefusal>> => {
  const person = personOf(visitor, deps.principals);
  const grant = await deps.store.readGrant(grantId);
  if (!grant) return fail({ code: 'not_found' });
  if (!person) return fail({ code: 'not_a_person' });
  const at = deps.clock();
  if (!hasSignedInLately(visitor, at)) return fail({ code: 'sign_in_again' });
  if (note.trim() === '') return fail({ code: 'reason_missing' });
  if (note.length > NOTE_MAX_CHARACTERS) return fail({ code: 'too_long' });
  if (!mayEnd(deps, grant, person)) return fail({ code: 'not_allowed' });
  if (isOver(grant)) return fail({ code: 'over' });
  await recordAside(deps, visitor, { type: 'grant.revocation', grant: grantId, note });
  const { issuer, subject } = person;
  await deps.store.saveRevocation({ grant: grantId, by: { issuer, subject }, note, at });
  // Who waits for people keeps the token of that wait.
  const waitsFor = grant.state === 'pending_approval' ? grant.approval : grantId;
  await signalEnd(deps, { waitsFor, grantId });
  return ok(grant);
};
