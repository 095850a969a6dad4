import { GENESIS } from '../audit/chain.ts';
import type { AuditTarget } from '../audit/event.ts';
import type { ResourceAction, ResourceKind, Rights } from '../config/resource.ts';
import type { Principal } from '../identity/principal.ts';
import { ACTIVATION_MAX_SECONDS, SECOND_MS } from '../limits.ts';
import type { Verdict } from '../policy/question.ts';
import type { EpochMs } from '../time.ts';
import type { Change } from './change.ts';
import type { Denial, DeniedGrant, Grant, PendingApprovalGrant, Place, PreparingGrant } from './grant.ts';

/** A request for access, well-formed and complete. */
export interface AccessRequest {
  readonly id: string;
  readonly task: string;
  readonly resource: string;
  readonly kind: ResourceKind;
  readonly action: ResourceAction;
  readonly profile?: string | undefined;
  readonly durationSeconds: number;
  readonly reason: string;
  readonly principal: Principal;
  readonly policyDigest: string;
  readonly target: AuditTarget | null;
  readonly entryGroups: readonly string[] | undefined;
  readonly rights: Rights;
  readonly unmasked: readonly string[];
  /** The id that an approval will have, should people have to be asked, and how long they have. */
  readonly approval: string;
  readonly approvalSeconds: number;
}

/** What was decided about a request before a grant is made of it. */
export type AccessDecision =
  | { readonly effect: 'refuse'; readonly denial: Denial; readonly determinedBy: Verdict['determinedBy'] }
  | Extract<Verdict, { effect: 'allow' }>;

type OpenedGrant = DeniedGrant | PendingApprovalGrant | PreparingGrant;

/** Every request that could be read becomes a grant, also a refused one: the trail of a denial is a grant's trail. */
export const openGrant = (
  request: AccessRequest,
  decision: AccessDecision,
  now: EpochMs,
): Change<OpenedGrant> => ({
  next: openedGrant(request, decision, now),
  fact: {
    type: 'grant.requested',
    grant: request.id,
    task: request.task,
    resource: request.resource,
    action: request.action,
    profile: request.profile ?? null,
    rights: request.rights,
    unmasked: request.unmasked,
    requestedSeconds: request.durationSeconds,
    reason: request.reason,
    owners: request.principal.owners,
    decision: decisionWord(decision),
    denial: decision.effect === 'refuse' ? decision.denial : null,
    quorum: decision.effect === 'allow' ? decision.quorum : 0,
    determinedBy: decision.determinedBy,
    target: request.target,
    approval: decision.effect === 'allow' && decision.quorum > 0 ? request.approval : null,
  },
});

const decisionWord = (decision: AccessDecision): 'allowed' | 'needs_approval' | 'denied' => {
  if (decision.effect === 'refuse') return 'denied';
  return decision.quorum === 0 ? 'allowed' : 'needs_approval';
};

const openedGrant = (request: AccessRequest, decision: AccessDecision, now: EpochMs): OpenedGrant => {
  const core = grantCore(request, decision, now);
  if (decision.effect === 'refuse') return { ...core, state: 'denied', denial: decision.denial };
  if (decision.quorum === 0)
    return { ...core, state: 'preparing', activateBy: now + ACTIVATION_MAX_SECONDS * SECOND_MS };
  return {
    ...core,
    state: 'pending_approval',
    quorum: decision.quorum,
    approveBy: now + request.approvalSeconds * SECOND_MS,
    approval: request.approval,
  };
};

const placeOf = ({ account, region, resourceId }: Place): Place => ({ account, region, resourceId });

const grantCore = (request: AccessRequest, decision: AccessDecision, now: EpochMs): Omit<Grant, 'state'> => ({
  id: request.id,
  version: 0,
  head: GENESIS,
  task: request.task,
  principal: {
    issuer: request.principal.issuer,
    subject: request.principal.subject,
    type: request.principal.type,
    name: request.principal.name,
  },
  owners: request.principal.owners,
  delegation: request.principal.delegation,
  groups: request.principal.groups.known ? request.principal.groups.names : [],
  entryGroups: request.entryGroups,
  resource: request.resource,
  place: request.target === null ? undefined : placeOf(request.target),
  kind: request.kind,
  action: request.action,
  profile: request.profile,
  rights: request.rights,
  unmasked: request.unmasked,
  requestedSeconds: request.durationSeconds,
  reason: request.reason,
  createdAt: now,
  policyDigest: request.policyDigest,
  determinedBy: decision.determinedBy,
});
