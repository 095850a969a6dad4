import type { Approval, Granted, Vote, VoteWay } from '../core/approval/approval.ts';
import { isPending } from '../core/approval/approval.ts';
import { castVote } from '../core/approval/cast-vote.ts';
import { isOffered } from '../core/approval/consent.ts';
import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';
import { ACTION_OF_WAY, DECIDING_ACTIONS, isExcluded, mayPerson } from '../core/approval/standing-consent.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import type { Resource } from '../core/config/resource.ts';
import type { Consent } from '../core/grant/grant.ts';
import { isPrincipalContained } from '../core/grant/use-grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { NOTE_MAX_CHARACTERS } from '../core/limits.ts';
import { answerWith, type Policy } from '../core/policy/decide-access.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';
import { type ApprovalFacts, type FactsDeps, factsOf, offersNow } from './approval-facts.ts';
import { decideUntilCommitted } from './attempts.ts';
import { callerContext } from './caller.ts';
import type { Alarm, Backoff, Commit, Log, Notifier, Store, Workflow } from './ports.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';
import { recordRefusedDecision } from './record-refusal.ts';
import { signalEnd } from './start-workflow.ts';
import { tellPeople } from './tell-people.ts';
import { hasSignedInLately, personOf, type Visitor } from './visitor.ts';

export interface DecideDeps extends TrailDeps, FactsDeps {
  readonly store: FactsDeps['store'] &
    Pick<Store, 'readApproval' | 'readWaitToken' | 'commit' | 'appendSystem'>;
  readonly policy: Policy;
  readonly resources: readonly Resource[];
  readonly principals: readonly PrincipalEntry[];
  readonly workflow: Pick<Workflow, 'endWait'>;
  readonly notifier: Notifier;
  readonly backoff: Backoff;
  readonly alarm: Alarm;
  readonly log: Log;
}

/** What somebody has decided. `digest` is of what they were shown; `granted` is what they would give, at most what was asked. */
export interface Decision {
  readonly approvalId: string;
  readonly digest: string;
  readonly decision: 'approve' | 'deny';
  readonly way: VoteWay;
  readonly granted?: Granted | undefined;
  readonly note?: string | undefined;
}

type Decided = Result<Approval, DecisionRefusal>;

/**
 * Records one person's word, if policy lets them have one, under the condition that nothing has moved since: the approval
 * is pending, its time is not over, what was shown is what is stored, and what waits for it still waits. Then whoever
 * waits is woken. A word that does not count is recorded too.
 */
export const decideApproval = async (
  deps: DecideDeps,
  visitor: Visitor,
  decision: Decision,
): Promise<Decided> => {
  const decided = await decideUntilCommitted(() => attempt(deps, visitor, decision), deps.backoff);
  if (decided.ok) await wake(deps, decided.value);
  else
    await recordRefusedDecision(deps, visitor, {
      code: decided.failure.code,
      decision: `${decision.decision} by ${decision.way}`,
      about: decision.approvalId,
    });
  return decided;
};

const attempt = async (deps: DecideDeps, visitor: Visitor, decision: Decision): Promise<Decided | 'lost'> => {
  const now = deps.clock();
  const approval = await deps.store.readApproval(decision.approvalId);
  if (!approval) return fail({ code: 'not_found' });
  const heard = voteOf(deps, visitor, { approval, decision, now });
  if (!heard.ok) return heard;
  const vote = heard.value;
  const facts = await factsOf(deps, approval, now);
  const isEnough = (consent: Consent) =>
    facts.questions?.every((question) => answerWith(deps.policy, question, consent).allowed) === true;
  const cast = castVote(approval, { vote, digest: decision.digest }, { now, isEnough });
  if (!cast.ok) return cast;
  if ('again' in cast.value) return ok(cast.value.again);
  if (!facts.stands) return fail({ code: 'over' });
  // Whoever is stopped gives nothing to others either. They may still deny.
  if (vote.granted && isPrincipalContained(facts.containment, vote.voter))
    return fail({ code: 'not_allowed' });
  if (vote.granted && facts.statements === 'exchanged') return exchanged(deps);
  if (vote.granted && !isLetThrough(deps, { approval, facts }, vote.granted))
    return fail({ code: 'not_offered' });
  const { state, entry } = record<Approval>(cast.value, callerContext(visitor, deps.software), now);
  const conditions = conditionsOf(state, now);
  const outcome = await deps.store.commit({ approvals: [state], entries: [entry], ...conditions });
  if (outcome === 'lost') return 'lost';
  if (vote.way === 'break_glass' && vote.decision === 'approve') deps.alarm('BrokenGlass');
  return ok(state);
};

/** Consent is to the bytes that people are asked about, and what is kept are others. */
const exchanged = ({ alarm }: DecideDeps): Decided => {
  alarm('ApprovalMismatch');
  return fail({ code: 'changed' });
};

/** The word of a person who may have one about this. Whether it counts is another question, which `castVote` answers. */
const voteOf = (
  deps: DecideDeps,
  visitor: Visitor,
  about: { readonly approval: Approval; readonly decision: Decision; readonly now: EpochMs },
): Result<Vote, DecisionRefusal> => {
  const { approval, now } = about;
  const { decision, way, note } = about.decision;
  const person = personOf(visitor, deps.principals);
  if (!person) return fail({ code: 'not_a_person' });
  if (!hasSignedInLately(visitor, now)) return fail({ code: 'sign_in_again' });
  if (isExcluded(approval, person, deps.principals)) return fail({ code: 'own_request' });
  const resource = deps.resources.find(({ id }) => id === approval.asked.resource);
  const { action: requested, seconds } = approval.asked;
  const granted = about.decision.granted ?? { action: requested, seconds };
  const mistake = formMistake(about.decision, granted, { approval, resource });
  if (mistake) return fail(mistake);
  const ways = decision === 'deny' ? DECIDING_ACTIONS : [ACTION_OF_WAY[way]];
  if (!ways.some((action) => mayPerson(deps.policy, approval, { person, action, at: now })))
    return fail({ code: 'not_allowed' });
  const given = decision === 'approve' ? granted : undefined;
  return ok({ voter: person, decision, way, at: now, note, granted: given });
};

/** Whoever goes ahead alone goes no further than everybody together: what policy forbids, and what nobody can read, is not given. */
const isLetThrough = (
  deps: DecideDeps,
  about: { readonly approval: Approval; readonly facts: ApprovalFacts },
  granted: Granted,
): boolean => offersNow(deps, about).some(({ action }) => action === granted.action);

/** What is wrong with the form of it, whoever says it. */
const formMistake = (
  { decision, way, note }: Decision,
  granted: Granted,
  { approval, resource }: { readonly approval: Approval; readonly resource: Resource | undefined },
): DecisionRefusal | undefined => {
  if ((note?.length ?? 0) > NOTE_MAX_CHARACTERS) return { code: 'too_long' };
  if (way === 'break_glass' && decision === 'approve' && !note?.trim()) return { code: 'reason_missing' };
  if (decision === 'approve' && !(resource && isOffered(granted, approval.asked, resource)))
    return { code: 'not_offered' };
  return undefined;
};

/** What must hold in the instant of the write, on the items of others. */
const conditionsOf = (approval: Approval, now: EpochMs): Partial<Commit> => {
  const { subject, grant, task, requester, resource, action } = approval.asked;
  const last = { principalKey: principalKey(requester), resource, action, approval: approval.id };
  return {
    standingTask: { id: task, at: now },
    ...(subject.kind === 'plan'
      ? {}
      : { waits: { kind: subject.kind, id: subject.id, approval: approval.id } }),
    ...(subject.kind === 'grant' ? {} : { liveGrant: { id: grant, at: now } }),
    ...(approval.state === 'approved' ? { lastApproved: last } : {}),
  };
};

/** The decision stands whatever comes of this: who is not woken wakes by its own clock or the sweeper's. */
const wake = async (deps: DecideDeps, approval: Approval): Promise<void> => {
  const { id, asked } = approval;
  if (!isPending(approval)) await signalEnd(deps, { waitsFor: id, grantId: asked.grant });
  await tellPeople(deps, { approval: id, grantId: asked.grant });
};
