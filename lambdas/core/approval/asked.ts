import type { Resource } from '../config/resource.ts';
import type { Grant, PendingApprovalGrant } from '../grant/grant.ts';
import { planOfApproval } from '../grant/ids.ts';
import type { PrincipalId } from '../identity/principal.ts';
import { isSamePrincipal } from '../identity/principal.ts';
import type { PendingApprovalRun } from '../run/run.ts';
import { tablesOf } from '../run/run-life.ts';
import type { Statement } from '../sql/statement.ts';
import type { EpochMs } from '../time.ts';
import type { Asked, AskedStatement } from './approval.ts';
import { resourceDigestOf } from './digest.ts';

/** Everything about a grant that people consent to. */
export const askedOfGrant = (grant: PendingApprovalGrant, resource: Resource): Asked => ({
  ...requestOf(grant, resource),
  approval: grant.approval,
  subject: { kind: 'grant', id: grant.id },
  statements: [],
  approveBy: grant.approveBy,
  planHash: null,
  planUntil: null,
  determinedBy: grant.determinedBy.map(({ id }) => id),
});

export const askedOfRun = (
  run: PendingApprovalRun,
  grant: Grant,
  about: { readonly resource: Resource; readonly statement: AskedStatement },
): Asked => ({
  ...requestOf(grant, about.resource),
  groups: run.groups,
  reason: run.reason ?? grant.reason,
  action: run.action,
  approval: run.approval,
  subject: { kind: 'run', id: run.id },
  statements: [about.statement],
  approveBy: run.approveBy,
  planHash: null,
  planUntil: null,
  determinedBy: run.determinedBy.map(({ id }) => id),
});

/** A list of statements that are looked at together. Each is bound as by itself. */
export const askedOfPlan = (
  grant: Grant,
  plan: {
    readonly approval: string;
    readonly resource: Resource;
    readonly statements: readonly AskedStatement[];
    readonly approveBy: EpochMs;
    readonly planHash: string;
    readonly planUntil: EpochMs;
    readonly reason: string;
    readonly determinedBy: readonly string[];
  },
): Asked => ({
  ...requestOf(grant, plan.resource),
  approval: plan.approval,
  subject: { kind: 'plan', id: planOfApproval(plan.approval) },
  statements: plan.statements,
  reason: plan.reason,
  approveBy: plan.approveBy,
  planHash: plan.planHash,
  planUntil: plan.planUntil,
  determinedBy: plan.determinedBy,
});

const requestOf = (grant: Grant, resource: Resource) => ({
  version: 1 as const,
  requester: grant.principal,
  owners: grant.owners,
  groups: grant.groups,
  task: grant.task,
  grant: grant.id,
  resource: grant.resource,
  resourceDigest: resourceDigestOf(resource),
  action: grant.action,
  profile: grant.profile ?? null,
  seconds: grant.requestedSeconds,
  reason: grant.reason,
});

/** The same request, asked once more because policy or the resource is not what it was. */
export const askedAgain = (
  asked: Asked,
  again: Pick<Asked, 'approval' | 'approveBy' | 'resourceDigest' | 'determinedBy'>,
): Asked => ({ ...asked, ...again });

export const askedStatement = (statement: Statement, mac: string, times = 1): AskedStatement => ({
  mac,
  class: statement.class,
  verb: statement.verb,
  bounded: statement.bounded,
  tables: tablesOf(statement),
  times,
});

/** Whoever asks, answers for the agent, or passed the request on: none of them is a second pair of eyes. */
export const excludedFrom = (
  ...asking: readonly Pick<Grant, 'principal' | 'owners' | 'delegation'>[]
): readonly PrincipalId[] => {
  const all = asking.flatMap(({ principal, owners, delegation = [] }) => [
    principal,
    ...owners,
    ...delegation,
  ]);
  return all
    .map(({ issuer, subject }) => ({ issuer, subject }))
    .filter((one, index, list) => list.findIndex((other) => isSamePrincipal(one, other)) === index);
};
