import type { Principal, PrincipalId } from '../identity/principal.ts';
import { isSameHolder, isSamePrincipal, principalKey } from '../identity/principal.ts';
import { CREDENTIALS_PER_GRANT_MAX, POLL_RETRY_AFTER_SECONDS } from '../limits.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { EpochMs } from '../time.ts';
import type { ActiveGrant, Grant } from './grant.ts';
import { isOver } from './grant.ts';
import type { Task } from './task.ts';

/** Who an operator has stopped. */
export interface ContainmentRegister {
  readonly everything: boolean;
  readonly principals: readonly string[];
  readonly tasks: readonly string[];
  readonly resources: readonly string[];
}

export interface Use {
  readonly grant: Grant | undefined;
  readonly task: Task | undefined;
  readonly containment: ContainmentRegister;
  readonly isRevoked: boolean;
  readonly principal: Principal;
}

/**
 * The whole check at the time of use, against one consistent read, the clock and the caller's token of now.
 * The stored window decides, never a workflow. Someone else's grant looks exactly like one that does not exist.
 */
export const checkUse = (use: Use, now: EpochMs): Result<ActiveGrant> => {
  const { grant, task, containment, isRevoked, principal } = use;
  if (!grant || !isSameHolder(grant.principal, principal)) return fail({ code: 'not_found' });
  const through = [...(grant.delegation ?? []), ...principal.delegation];
  if (isContained(containment, { ...grant, delegation: through })) return fail({ code: 'contained' });
  if (isUsedByApprover(grant, principal)) return fail({ code: 'own_approval' });
  if (isOver(grant)) return fail({ code: 'grant_over', state: grant.state });
  if (isRevoked) return fail({ code: 'grant_over', state: 'revoked' });
  if (!isTaskOpen(task, now)) return fail({ code: 'grant_over', state: 'task_ended' });
  if (grant.state !== 'active')
    return fail({ code: 'grant_pending', state: grant.state, retryAfterSeconds: POLL_RETRY_AFTER_SECONDS });
  if (now >= grant.expiresAt) return fail({ code: 'grant_over', state: 'expired' });
  if (!holdsGroups(principal, grant.groups)) return fail({ code: 'groups_unavailable' });
  if (grant.credentialsIssued >= CREDENTIALS_PER_GRANT_MAX)
    return fail({ code: 'credential_limit', max: CREDENTIALS_PER_GRANT_MAX });
  return ok(grant);
};

/** Four eyes stay four: whoever approved what an agent asked for does not use it through the agent. */
const isUsedByApprover = ({ approvers = [] }: Grant, { delegation }: Principal): boolean =>
  delegation.some((through) => approvers.some((approver) => isSamePrincipal(approver, through)));

export const isTaskOpen = (task: Task | undefined, now: EpochMs): boolean =>
  task?.state === 'open' && now < task.openUntil;

/** Whether what stands on a grant still stands, whoever asks. */
export const isActiveNow = (read: Omit<Use, 'principal'>, now: EpochMs): boolean =>
  read.grant?.state === 'active' &&
  !read.isRevoked &&
  now < read.grant.expiresAt &&
  isTaskOpen(read.task, now) &&
  !isContained(read.containment, read.grant);

/** What somebody reaches, by whom, and through whom. */
export interface Reach {
  readonly principal: PrincipalId;
  /** Whoever is stopped is stopped behind an agent too. */
  readonly delegation?: readonly PrincipalId[] | undefined;
  readonly task: string;
  readonly resource: string;
}

export const isContained = (
  containment: ContainmentRegister,
  { principal, delegation = [], task, resource }: Reach,
): boolean =>
  containment.everything ||
  [principal, ...delegation].some((one) => isPrincipalContained(containment, one)) ||
  containment.tasks.includes(task) ||
  containment.resources.includes(resource);

export const isPrincipalContained = (
  { principals }: Pick<ContainmentRegister, 'principals'>,
  principal: PrincipalId,
): boolean => principals.includes(principalKey(principal));

/** The decision stood on these groups, so a caller that lost one of them since has lost the grant's use too. */
const holdsGroups = (principal: Principal, decidedOn: readonly string[]): boolean =>
  principal.groups.known
    ? decidedOn.every((group) => principal.groups.known && principal.groups.names.includes(group))
    : decidedOn.length === 0;

/** `until` is when this credential ends by itself, `roleArn` the role that it is a session of, `publicKey` what it lets in. */
export const countCredential = (
  grant: ActiveGrant,
  issued: {
    readonly until: EpochMs;
    readonly roleArn?: string | undefined;
    readonly publicKey?: string | undefined;
  },
): ActiveGrant => ({
  ...grant,
  credentialsIssued: grant.credentialsIssued + 1,
  credentialsUntil: Math.max(grant.credentialsUntil ?? 0, issued.until),
  issuedFrom: withOne(grant.issuedFrom, issued.roleArn),
  publicKeys: withOne(grant.publicKeys, issued.publicKey),
});

/** Each once; undefined while there is none. */
const withOne = (known: readonly string[] | undefined, one: string | undefined) =>
  one === undefined ? known : [...new Set([...(known ?? []), one])];
