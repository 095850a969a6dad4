import type { ChainHead } from '../audit/entry.ts';
import type { ResourceAction } from '../config/resource.ts';
import type { DeterminingPolicy } from '../failure.ts';
import type { Owner, PrincipalId, PrincipalType } from '../identity/principal.ts';
import type { StatementClass } from '../sql/statement.ts';
import type { EpochMs } from '../time.ts';

/**
 * Recorded human consent to one grant, one run or one plan. It is stored apart from what it is about, with a chain of its
 * own: whoever records decisions can write nothing else.
 *
 *     pending ─┬─> approved ─┬─> consumed     used once, by a conditional write (a plan: as often as it says)
 *              │             ├─> superseded   policy asks for more now: people are asked again
 *              │             └─> cancelled | lapsed
 *              ├─> denied
 *              ├─> lapsed                     nobody decided in time
 *              └─> cancelled                  withdrawn, or what it was about is over
 */
export type Approval = PendingApproval | GrantedApproval | ClosedApproval;
export type ApprovalState = Approval['state'];

export interface ApprovalCore {
  readonly id: string;
  /** Raised by one with each stored change; every write is conditioned on it. */
  readonly version: number;
  /** The last entry of this approval's own chain, whose name is its id. */
  readonly head: ChainHead;
  readonly asked: Asked;
  /** SHA-256 (hex) over the RFC 8785 form of `asked`. Whoever decides names it, and whoever uses the decision computes it again. */
  readonly digest: string;
  /** Who never counts: the requester, its owners, and whoever the request was made through. */
  readonly excluded: readonly PrincipalId[];
  readonly quorum: number;
  readonly createdAt: EpochMs;
  readonly policyDigest: string;
  /** Why people are asked. */
  readonly askedBy: readonly DeterminingPolicy[];
  /** The approval that this one takes the place of. */
  readonly supersedes: string | undefined;
  readonly votes: readonly Vote[];
  /** What the target said when it was asked before the people were; undefined where nobody could ask it. */
  readonly found: Found | undefined;
  /** How often people have been reminded. */
  readonly reminders: number;
  /** When they are reminded next; undefined: not again. */
  readonly remindAt: EpochMs | undefined;
}

/** Everything that consent is bound to. One byte more or less makes another digest. */
export interface Asked {
  readonly version: 1;
  readonly approval: string;
  readonly subject: Subject;
  readonly requester: PrincipalId & { readonly type: PrincipalType; readonly name: string };
  readonly owners: readonly Owner[];
  /** The groups that policy was asked with. */
  readonly groups: readonly string[];
  readonly task: string;
  readonly grant: string;
  readonly resource: string;
  /** SHA-256 (hex) over the RFC 8785 form of the resource's entry in the configuration. */
  readonly resourceDigest: string;
  readonly action: ResourceAction;
  /** Null where the resource has none; absent in what was asked before there were any. */
  readonly profile?: string | null;
  readonly seconds: number;
  readonly reason: string;
  /** Empty for a grant, one for a run, all of them in order for a plan. */
  readonly statements: readonly AskedStatement[];
  readonly approveBy: EpochMs;
  /** SHA-256 (hex) of a plan's sealed statements in the task's vault; null for a grant and a run. */
  readonly planHash: string | null;
  /** Until when a plan may be used; null for a grant and a run, which are used once. */
  readonly planUntil: EpochMs | null;
  readonly determinedBy: readonly string[];
}

export type Subject =
  | { readonly kind: 'grant'; readonly id: string }
  | { readonly kind: 'run'; readonly id: string }
  | { readonly kind: 'plan'; readonly id: string };

export interface AskedStatement {
  /** HMAC-SHA256 (hex) under the task's own key over its bytes, its parameters and `maxRows`: it binds each byte and tells none. */
  readonly mac: string;
  readonly class: StatementClass;
  readonly verb: string;
  readonly bounded: boolean;
  /** `schema.name` */
  readonly tables: readonly string[];
  /** How often it may run. */
  readonly times: number;
}

/** What the target says of one statement, which is not executed. Part of no digest: it is advice. */
export interface Found {
  readonly at: EpochMs;
  /** `EXPLAIN`'s estimate of rows, one for each statement. */
  readonly estimatedRows: readonly (number | null)[];
  /** Columns with values that are masked whole, by category, over all statements. */
  readonly maskedColumns: readonly string[];
}

/** One person's word. `groups` are those of the sign-in; `entryGroups` those of them that `principals.yaml` gave. */
export interface Vote {
  readonly voter: Person;
  readonly decision: 'approve' | 'deny';
  readonly way: VoteWay;
  readonly at: EpochMs;
  readonly note: string | undefined;
  /** What this person would give; undefined for a no. Of several the least counts. */
  readonly granted: Granted | undefined;
}

/** On the page, by the button of a message, or alone in an emergency. */
export type VoteWay = 'page' | 'button' | 'break_glass';

export interface Person extends PrincipalId {
  readonly name: string;
  readonly type: PrincipalType;
  readonly groups: readonly string[];
  readonly entryGroups: readonly string[] | undefined;
}

/** What people gave, which may be less than was asked for. A run and a plan are given as they are or not at all. */
export interface Granted {
  readonly action: ResourceAction;
  /** At most what was asked; the window begins when the grant is activated. */
  readonly seconds: number;
}

export interface PendingApproval extends ApprovalCore {
  readonly state: 'pending';
}

export interface GrantedApproval extends ApprovalCore {
  readonly state: 'approved' | 'consumed';
  readonly decidedAt: EpochMs;
  /** Who has not begun by then is too late: consent of an hour ago was to another world. */
  readonly useBy: EpochMs;
  readonly granted: Granted;
  /** SHA-256 (hex) over the RFC 8785 form of the digest and what was granted. */
  readonly grantedHash: string;
  /** Of a plan: how often each statement has run. */
  readonly uses: readonly number[];
  /** Somebody went ahead alone; somebody else has to look at it. */
  readonly review: Review | undefined;
}

export type Review =
  | { readonly state: 'open' }
  | { readonly state: 'closed'; readonly by: PrincipalId; readonly at: EpochMs; readonly note: string };

export interface ClosedApproval extends ApprovalCore {
  readonly state: 'denied' | 'lapsed' | 'cancelled' | 'superseded';
  readonly closedAt: EpochMs;
  /** A review of what was approved in an emergency outlives the approval. */
  readonly review: Review | undefined;
}

export const isPending = (approval: Approval): approval is PendingApproval => approval.state === 'pending';

export const isGranted = (approval: Approval): approval is GrantedApproval => 'granted' in approval;
