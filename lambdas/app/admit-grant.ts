import type { Approval, GrantedApproval, PendingApproval } from '../core/approval/approval.ts';
import { closeApproval, useApproval } from '../core/approval/approval-life.ts';
import { approversOf } from '../core/approval/consent.ts';
import { type DecidedAgain, decideAgain } from '../core/approval/decide-again.ts';
import { isBoundTo, outcomeOf } from '../core/approval/outcome.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import { offersAction, type Resource } from '../core/config/resource.ts';
import { admitGrant as admitted, denyGrant, holdGrant } from '../core/grant/admit-grant.ts';
import type { Change } from '../core/grant/change.ts';
import { endGrant } from '../core/grant/end-grant.ts';
import type { EndCause, Grant, PendingApprovalGrant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import { type ContainmentRegister, isContained, isTaskOpen } from '../core/grant/use-grant.ts';
import { groupsToday } from '../core/identity/listed-entry.ts';
import { maxSeconds, type Policy, rightsFor, unmaskedCategories } from '../core/policy/decide-access.ts';
import type { EpochMs } from '../core/time.ts';
import { askAgain, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import { findTarget } from './find-target.ts';
import type { Alarm, Backoff, Clock, RandomBytes, Store, UseRead } from './ports.ts';
import { type Recorded, record } from './record.ts';

export interface AdmitDeps {
  readonly store: Pick<Store, 'readForUse' | 'readRunForUse' | 'readApproval' | 'commit'>;
  readonly loadPolicy: () => Promise<Policy>;
  readonly resources: readonly Resource[];
  readonly principals: readonly PrincipalEntry[];
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly backoff: Backoff;
  readonly alarm: Alarm;
}

/** `go`: nobody has to be asked any more. `wait`: people have to decide, or to decide again. `over`: nothing comes of it. */
export type Admission = 'go' | 'wait' | 'over';

/**
 * Takes what people have decided about a grant, and nothing else, for a reason to go on: who called this, and with which
 * token, says nothing. Safe to repeat: the approval is used up in the transaction that lets the grant go on.
 */
export const admitGrant = async (
  deps: AdmitDeps,
  grantId: string,
  context: EventContext,
): Promise<Admission> => {
  const policy = await deps.loadPolicy();
  return decideUntilCommitted(() => attempt({ ...deps, policy }, grantId, context), deps.backoff);
};

type Deps = AdmitDeps & { readonly policy: Policy };

interface Deciding {
  readonly grant: PendingApprovalGrant;
  readonly containment: ContainmentRegister;
  readonly context: EventContext;
  readonly now: EpochMs;
}

const attempt = async (deps: Deps, grantId: string, context: EventContext): Promise<Admission | 'lost'> => {
  const read = await deps.store.readForUse(grantId);
  const { grant } = read;
  if (!grant || isOver(grant)) return 'over';
  if (grant.state !== 'pending_approval') return 'go';
  const now = deps.clock();
  const about = { grant, containment: read.containment, context, now };
  const outcome = outcomeOf(await deps.store.readApproval(grant.approval), now);
  if (outcome.kind === 'mismatch' || !isAbout(outcome.approval, grant)) return refuse(deps, about);
  const cause = whyOver({ ...read, grant }, now);
  if (cause && (outcome.kind === 'waiting' || outcome.kind === 'granted'))
    return cancel(deps, about, outcome.approval, endGrant(grant, cause, now));
  switch (outcome.kind) {
    case 'waiting':
      return 'wait';
    case 'denied':
      return finish(deps, about, denyGrant(grant, 'denied_by_person'));
    case 'late':
      return finish(deps, about, endGrant(grant, 'nobody_approved', now), [
        record<Approval>(closeApproval(outcome.approval, LAPSED, now), context, now),
      ]);
    case 'granted':
      return take(deps, about, outcome.approval);
    default:
      return finish(deps, about, endGrant(grant, 'nobody_approved', now));
  }
};

/** Why nothing comes of it, whatever people say; undefined while it stands. */
const whyOver = (
  { grant, task, containment, isRevoked }: UseRead & { readonly grant: Grant },
  now: EpochMs,
): EndCause | undefined => {
  if (isRevoked) return 'revoked_by_person';
  if (isContained(containment, grant)) return 'contained';
  if (isTaskOpen(task, now)) return undefined;
  return task?.state === 'open' ? 'lease_lost' : 'task_ended';
};

const LAPSED = { state: 'lapsed', cause: 'nobody_approved' } as const;

/** Whatever has become of it: what is not about this grant is not touched, and nothing is taken from it. */
const isAbout = ({ asked }: Approval, grant: PendingApprovalGrant): boolean =>
  isBoundTo(asked, grant, { kind: 'grant', id: grant.id }) && isAsAsked(asked, grant);

const isAsAsked = (
  { action, profile, seconds, reason, approveBy }: Approval['asked'],
  grant: PendingApprovalGrant,
): boolean =>
  action === grant.action &&
  (profile ?? undefined) === grant.profile &&
  seconds === grant.requestedSeconds &&
  reason === grant.reason &&
  approveBy === grant.approveBy;

const take = async (deps: Deps, about: Deciding, approval: GrantedApproval): Promise<Admission | 'lost'> => {
  const { grant, containment, context, now } = about;
  const resource = findTarget(deps.resources, grant);
  const groups = groupsToday(grant, deps.principals);
  if (typeof resource === 'string' || !groups) return cancel(deps, about, approval);
  const { principal, action, profile, requestedSeconds: durationSeconds } = grant;
  const question = { principal, groups, action, profile, resource, durationSeconds };
  if (durationSeconds > maxSeconds(resource) || !offersAction(resource, action))
    return cancel(deps, about, approval, denyGrant(grant, 'policy_denied'));
  const again = decideAgain(deps.policy, approval, {
    question,
    people: { principals: deps.principals, containment },
  });
  if (again.kind === 'no') return cancel(deps, about, approval, denyGrant(grant, 'policy_denied'));
  if (again.kind === 'ask') return hold(deps, about, { approval, resource, again });
  const unmasked = unmaskedCategories(deps.policy, { principal, groups, resource });
  const rights = rightsFor(resource, approval.granted.action, unmasked);
  const { granted, votes } = approval;
  const given = { granted, rights, consent: again.consent, approvers: approversOf(votes) };
  const change = admitted(grant, given, now);
  const used = useApproval(approval, { by: grant.id, statement: 0 });
  return (await finish(deps, about, change, [record<Approval>(used, context, now)])) === 'lost'
    ? 'lost'
    : 'go';
};

const hold = async (
  deps: Deps,
  deciding: Deciding,
  about: {
    readonly approval: GrantedApproval;
    readonly resource: Resource;
    readonly again: Extract<DecidedAgain, { kind: 'ask' }>;
  },
): Promise<Admission | 'lost'> => {
  const { grant, context, now } = deciding;
  const { approval, resource, again } = about;
  const id = newApprovalId(deps.random, grant.task);
  const { recorded, asked } = askAgain(approval, { id, resource, ...again }, { context, now });
  const change = holdGrant(grant, { approval: id, quorum: again.quorum, approveBy: asked.approveBy });
  return (await finish(deps, deciding, change, recorded)) === 'lost' ? 'lost' : 'wait';
};

/** What it stood on is gone, so nothing comes of the consent either. */
const cancel = (
  deps: Deps,
  about: Deciding,
  approval: PendingApproval | GrantedApproval,
  change: Change<Grant> = endGrant(about.grant, 'cancelled_by_principal', about.now),
): Promise<Admission | 'lost'> => {
  const closed = closeApproval(approval, { state: 'cancelled', cause: change.fact.type }, about.now);
  return finish(deps, about, change, [record<Approval>(closed, about.context, about.now)]);
};

/** What is asked for is not what people saw. The approval is left as it is, for whoever looks into it. */
const refuse = async (deps: Deps, about: Deciding): Promise<Admission | 'lost'> => {
  deps.alarm('ApprovalMismatch');
  return finish(deps, about, endGrant(about.grant, 'approval_mismatch', about.now));
};

const finish = async (
  deps: Deps,
  { context, now }: Deciding,
  change: Change<Grant>,
  approvals: readonly Recorded<Approval>[] = [],
): Promise<'over' | 'lost'> => {
  const { state, entry } = record<Grant>(change, context, now);
  const outcome = await deps.store.commit({
    grants: [state],
    approvals: approvals.map((one) => one.state),
    entries: [entry, ...approvals.map((one) => one.entry)],
  });
  return outcome === 'lost' ? 'lost' : 'over';
};
