import type { ChainHead } from '../audit/entry.ts';
import type { RunAction } from '../config/resource.ts';
import type { DeterminingPolicy } from '../failure.ts';
import type { Consent, Grant } from '../grant/grant.ts';
import type { PrincipalId } from '../identity/principal.ts';
import type { MaskCounts } from '../masking/mask.ts';
import type { StatementClass } from '../sql/statement.ts';
import type { EpochMs } from '../time.ts';

/**
 * The life of one operation that Latchkey executes under a grant.
 *
 *     denied <── pending_approval ──> lapsed | cancelled
 *                    │      ^
 *                    v      │ the target's estimate made policy ask for people
 *                  queued ──┴─> running ──> succeeded | failed
 *
 * `running` is written under a condition before the target is asked, so at most one attempt ever gets there. What dies
 * after that is settled as failed with the code `outcome_unknown` and is never tried again.
 */
export type Run = DeniedRun | PendingApprovalRun | QueuedRun | RunningRun | SettledRun;

export type RunState = Run['state'];
export type OpenRun = PendingApprovalRun | QueuedRun | RunningRun;

interface RunCore {
  readonly id: string;
  /** Raised by one with each stored change; every write is conditioned on it. */
  readonly version: number;
  /** The last entry about this run; it stands in its grant's chain. */
  readonly head: ChainHead;
  readonly grant: string;
  readonly task: string;
  readonly principal: Grant['principal'];
  /** Whom the request was made through. */
  readonly delegation?: readonly PrincipalId[] | undefined;
  /** Of the token that asked: what policy is asked with again before execution. */
  readonly groups: readonly string[];
  readonly resource: string;
  readonly action: RunAction;
  readonly class: StatementClass;
  readonly verb: string;
  readonly bounded: boolean;
  readonly maxRows: number;
  /** SHA-256 (hex) of the sealed statement and parameters in the task's vault. */
  readonly requestHash: string;
  /** Categories that policy lets this caller see as they are. */
  readonly unmasked: readonly string[];
  readonly createdAt: EpochMs;
  readonly policyDigest: string;
  readonly determinedBy: readonly DeterminingPolicy[];
  /** Why this statement, where the caller said so; else the grant's reason counts. */
  readonly reason?: string | undefined;
  /** The approval that was last asked for, or that of the plan it is part of; undefined where nobody had to be asked. */
  readonly approval?: string | undefined;
  /** Which of the approval's statements it is. */
  readonly statementIndex?: number | undefined;
  /** Whose consent it stands on, once that has been used. */
  readonly consent?: Consent | undefined;
}

export interface DeniedRun extends RunCore {
  readonly state: 'denied';
  /** Undefined: by policy. */
  readonly denial?: 'denied_by_person' | undefined;
}

export interface PendingApprovalRun extends RunCore {
  readonly state: 'pending_approval';
  readonly quorum: number;
  readonly approveBy: EpochMs;
  readonly approval: string;
}

/** Decided and recorded; no target has been asked. */
export interface QueuedRun extends RunCore {
  readonly state: 'queued';
  readonly startBy: EpochMs;
}

/** From here on the target may have executed it. */
export interface RunningRun extends RunCore {
  readonly state: 'running';
  readonly startedAt: EpochMs;
  /** Who has not recorded an outcome by then is not going to. */
  readonly settleBy: EpochMs;
}

export interface SettledRun extends RunCore {
  readonly state: 'succeeded' | 'failed' | 'lapsed' | 'cancelled';
  readonly startedAt: EpochMs | undefined;
  readonly endedAt: EpochMs;
  readonly outcome: RunOutcome;
}

/** Why a run came to nothing, in codes; words of the target are in the vault, masked. */
export type RunFailureCode =
  | 'target_refused'
  | 'took_too_long'
  | 'answer_too_large'
  | 'too_many_rows_changed'
  | 'shadowed'
  | 'definition_changed'
  | 'connection_lost'
  | 'outcome_unknown'
  | 'not_started'
  | 'statement_refused'
  | 'policy_denied'
  | 'grant_over'
  | 'contained'
  | 'payload_gone'
  | 'nobody_approved'
  | 'cancelled_by_principal'
  | 'approval_mismatch'
  | 'approval_over';

export interface RunOutcome {
  readonly code: 'done' | RunFailureCode;
  /** PostgreSQL's five characters, or the part of the statement that was refused; null where neither applies. */
  readonly detail: string | null;
  readonly rowCount: number;
  readonly bytes: number;
  readonly truncated: boolean;
  readonly masked: MaskCounts;
  /** SHA-256 (hex) of the sealed, masked answer in the task's vault; null when there is none. */
  readonly resultHash: string | null;
}

export const isSettled = (run: Run): run is SettledRun => 'outcome' in run;

/** Machines will carry it on; what waits for people, or is over, nobody waits for. */
export const isOnItsWay = ({ state }: Run): boolean => state === 'queued' || state === 'running';
