import type { ChainHead } from '../audit/entry.ts';
import type { ResourceAction, ResourceKind, Rights } from '../config/resource.ts';
import type { DeterminingPolicy } from '../failure.ts';
import type { Owner, PrincipalId, PrincipalType } from '../identity/principal.ts';
import type { EpochMs } from '../time.ts';

/**
 * The life of a grant, so typed that an impossible one cannot be written down.
 *
 *     denied <─┐
 *     pending_approval ─┬─> preparing ──> activating ──> active ─┬─> released   given back by its principal
 *                       ├─> lapsed        │       │              ├─> expired    ran out
 *                       └─> cancelled     └──┬────┘              └─> revoked    taken away
 *                                            └─> failed | cancelled
 *
 * The left-most column of endings never touched the target. Everything that entered `activating` may have, so
 * its end carries an `ending` that is pending until death was proved.
 */
export type Grant =
  | DeniedGrant
  | PendingApprovalGrant
  | PreparingGrant
  | ActivatingGrant
  | ActiveGrant
  | EndedGrant;

export type GrantState = Grant['state'];
export type OpenGrant = PendingApprovalGrant | PreparingGrant | ActivatingGrant | ActiveGrant;

interface GrantCore {
  readonly id: string;
  /** Raised by one with each stored change; every write is conditioned on it. */
  readonly version: number;
  /** The last entry of this grant's audit chain, whose name is the grant's id. */
  readonly head: ChainHead;
  readonly task: string;
  readonly principal: PrincipalId & { readonly type: PrincipalType; readonly name: string };
  readonly owners: readonly Owner[];
  /** Whom the request was made through; undefined on grants of before it was kept, where the owners name them. */
  readonly delegation?: readonly PrincipalId[] | undefined;
  /** The groups the decision stood on; a use asks that they are still in the caller's token. */
  readonly groups: readonly string[];
  /** Those of them that `principals.yaml` gave; undefined when it has no entry for the caller. */
  readonly entryGroups: readonly string[] | undefined;
  readonly resource: string;
  /** The instance or cluster that the resource meant when it was asked for: an end anywhere else would prove nothing. */
  readonly place?: Place | undefined;
  readonly kind: ResourceKind;
  readonly action: ResourceAction;
  /** Which of the resource's profiles it gives; undefined where the resource has none. */
  readonly profile?: string | undefined;
  /** What its role may do at the target, by what policy said when it was asked for. */
  readonly rights: Rights;
  /** Categories that its principal may see as they are, by the policy of then; each run asks again. */
  readonly unmasked: readonly string[];
  readonly requestedSeconds: number;
  readonly reason: string;
  readonly createdAt: EpochMs;
  readonly policyDigest: string;
  readonly determinedBy: readonly DeterminingPolicy[];
  /** The approval that was last asked for; undefined where nobody had to be. */
  readonly approval?: string | undefined;
  /** Whose consent the grant stands on, once it has been used; undefined: nobody's was needed. */
  readonly consent?: Consent | undefined;
  /** Who approved it: none of them uses it through the agent. */
  readonly approvers?: readonly PrincipalId[] | undefined;
}

/** The people behind something, as policy is told of them. */
export interface Consent {
  readonly approvals: number;
  readonly approverGroups: readonly string[];
}

/** `resourceId` is never used twice, so that what is rebuilt under an old name is told from what it replaced. */
export interface Place {
  readonly account: string;
  readonly region: string;
  readonly resourceId: string;
}

/** Why a request was never given: codes of the failure union that a decision can answer. */
export type Denial =
  | 'principal_unknown'
  | 'groups_unavailable'
  | 'owner_unknown'
  | 'contained'
  | 'duration_too_long'
  | 'policy_denied'
  | 'denied_by_person';

export interface DeniedGrant extends GrantCore {
  readonly state: 'denied';
  readonly denial: Denial;
}

export interface PendingApprovalGrant extends GrantCore {
  readonly state: 'pending_approval';
  readonly quorum: number;
  readonly approveBy: EpochMs;
  readonly approval: string;
}

/** Decided and recorded; the target has not been touched. */
export interface PreparingGrant extends GrantCore {
  readonly state: 'preparing';
  readonly activateBy: EpochMs;
}

/** From here on the target may hold something of ours. The window starts here. */
export interface ActivatingGrant extends GrantCore {
  readonly state: 'activating';
  readonly activateBy: EpochMs;
  readonly expiresAt: EpochMs;
}

export interface ActiveGrant extends GrantCore {
  readonly state: 'active';
  readonly activatedAt: EpochMs;
  readonly expiresAt: EpochMs;
  readonly credentialsIssued: number;
  /** When the last of its credentials ends by itself; undefined while none was issued. */
  readonly credentialsUntil?: EpochMs | undefined;
  /** The roles that they are sessions of, which configuration may no longer say; undefined for other kinds. */
  readonly issuedFrom?: readonly string[] | undefined;
  /** Those that were let in under it, as lines of ours; only where access is by key. */
  readonly publicKeys?: readonly string[] | undefined;
}

export type EndState = 'released' | 'expired' | 'revoked' | 'cancelled' | 'lapsed' | 'failed';

/** Why a grant ended, in more words than its state. */
export type EndCause =
  | 'released_by_principal'
  | 'task_ended'
  | 'window_over'
  | 'lease_lost'
  | 'policy_changed'
  | 'contained'
  | 'workflow_ended_early'
  | 'rights_outgrown'
  | 'cancelled_by_principal'
  | 'nobody_approved'
  | 'activation_failed'
  | 'revoked_by_person'
  | 'approval_mismatch';

export interface EndedGrant extends GrantCore {
  readonly state: EndState;
  readonly cause: EndCause;
  readonly endedAt: EpochMs;
  readonly activatedAt: EpochMs | undefined;
  readonly expiresAt: EpochMs | undefined;
  readonly credentialsIssued: number;
  readonly credentialsUntil?: EpochMs | undefined;
  readonly issuedFrom?: readonly string[] | undefined;
  /** Those that were let in under it, as lines of ours; only where access is by key. */
  readonly publicKeys?: readonly string[] | undefined;
  readonly ending: Ending;
}

/** `none`: nothing outside was ever made. `quarantined` is retried for ever and alarms until it is `dead`. */
export type Ending =
  | { readonly status: 'none' }
  | {
      readonly status: 'pending' | 'quarantined';
      readonly attempts: number;
      readonly nextAttemptAt: EpochMs;
      readonly lastError: string | undefined;
    }
  | {
      readonly status: 'dead';
      readonly attempts: number;
      readonly deadAt: EpochMs;
      readonly deadAfterMs: number;
      readonly steps: readonly EndingStep[];
    };

/** One thing that was done or checked at the target, `atMs` after the grant had ended. */
export interface EndingStep {
  readonly name: string;
  readonly outcome: string;
  readonly atMs: number;
}

export const isOver = (grant: Grant): grant is EndedGrant | DeniedGrant =>
  grant.state === 'denied' || isEnded(grant);

export const isEnded = (grant: Grant): grant is EndedGrant => 'ending' in grant;
