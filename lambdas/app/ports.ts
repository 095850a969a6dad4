import type { Approval } from '../core/approval/approval.ts';
import type { AuditEntry, ChainHead, Receipt } from '../core/audit/entry.ts';
import type { RefusalCount } from '../core/audit/event.ts';
import type { PostgresResource, Resource } from '../core/config/resource.ts';
import type { ActiveGrant, Grant } from '../core/grant/grant.ts';
import type { Task } from '../core/grant/task.ts';
import type { ContainmentRegister } from '../core/grant/use-grant.ts';
import type { PrincipalId } from '../core/identity/principal.ts';
import type { Budgets, Usage } from '../core/run/budget.ts';
import type { Run } from '../core/run/run.ts';
import type { Catalogue, ResultField } from '../core/sql/catalogue.ts';
import type { Statement } from '../core/sql/statement.ts';
import type { EpochMs } from '../core/time.ts';

/** Something we must have did not answer. The edge makes it a 503 (fail closed); a workflow retries it. */
export class DependencyUnavailable extends Error {
  override readonly name = 'DependencyUnavailable';
  readonly dependency: string;
  constructor(dependency: string, cause: unknown) {
    super(`${dependency} is unavailable`, { cause });
    this.dependency = dependency;
  }
}

/** A request that was made before with the same key: `bodyHash` tells whether it is the same request. */
export interface IdempotencyRecord {
  readonly principalKey: string;
  readonly key: string;
  readonly bodyHash: string;
  /** The id of the task or grant it made. */
  readonly made: string;
  readonly createdAt: EpochMs;
}

/** One transaction: the states, their audit entries and whatever must hold at that instant. All or nothing. */
export interface Commit {
  /** Each is stored under the condition that the table still holds `version - 1` of it (version 1: that it holds none). */
  readonly grants?: readonly Grant[];
  readonly tasks?: readonly Task[];
  readonly runs?: readonly Run[];
  readonly approvals?: readonly Approval[];
  readonly entries: readonly AuditEntry[];
  readonly idempotency?: IdempotencyRecord;
  /** Refused unless this task is open and its `openUntil` is after `at`. */
  readonly openTask?: { readonly id: string; readonly at: EpochMs };
  /**
   * The same of a task whose count of grants does not change. Not beside `tasks` or `openTask` of that task: a transaction
   * may speak of an item once. A `usage` that begins a run asks for it itself, of the same item, and then stands for it.
   */
  readonly standingTask?: { readonly id: string; readonly at: EpochMs };
  /** Refused unless the stored grant is active and `expiresAt` is after `at`. */
  readonly activeGrant?: { readonly at: EpochMs };
  readonly usage?: UsageChange;
  /** Refused unless this grant or run still waits for exactly this approval. */
  readonly waits?: { readonly kind: 'grant' | 'run'; readonly id: string; readonly approval: string };
  /** Refused while the key is another grant's: from the commit on it is this one's, until well after the grant is over. */
  readonly keyHold?: { readonly grant: ActiveGrant; readonly fingerprint: string; readonly at: EpochMs };
  /** Refused unless this grant, which is not written here, is active and `expiresAt` is after `at`. */
  readonly liveGrant?: { readonly id: string; readonly at: EpochMs };
  /** Kept to be compared with what the same caller asks for next. */
  readonly lastApproved?: LastApproved & { readonly approval: string };
}

/** What somebody asks for again and again. */
export interface LastApproved {
  readonly principalKey: string;
  readonly resource: string;
  readonly action: string;
}

/** Somebody's word that access ends, kept apart from the grant, which whoever writes this can not write. */
export interface Revocation {
  readonly grant: string;
  readonly by: PrincipalId;
  readonly note: string;
  readonly at: EpochMs;
}

/** What a run has used, counted in the transaction that tells of it. */
export interface UsageChange extends Usage {
  readonly task: string;
  readonly principalKey: string;
  readonly at: EpochMs;
  /** A failure opens the circuit a little further, a success closes it; undefined: neither. */
  readonly outcome?: 'success' | 'failure';
  /** Refused unless the task is open after `at` and both counters of runs are below their budgets. */
  readonly begins?: true;
}

/** `lost`: something was not as it was read. Read again and decide again from the start. */
export type CommitOutcome = 'committed' | 'lost';

export interface Page<T> {
  readonly items: readonly T[];
  readonly next: string | undefined;
}

/** What the sweeper looks at: something whose time has come. */
export type DueItem =
  | { readonly kind: 'grant'; readonly id: string }
  | { readonly kind: 'task'; readonly id: string }
  | { readonly kind: 'run'; readonly id: string }
  | { readonly kind: 'approval'; readonly id: string }
  /** Of the grant with this id. */
  | { readonly kind: 'revocation'; readonly id: string };

/** What a use is checked against, of one consistent read. */
export interface UseRead {
  readonly grant: Grant | undefined;
  readonly task: Task | undefined;
  readonly containment: ContainmentRegister;
  /** A person has said that it ends; whoever writes the end may not have come to it yet. */
  readonly isRevoked: boolean;
  /** Whose the key is that was asked about; undefined: nobody's. */
  readonly keyHolder?: KeyHolder | undefined;
}

export interface KeyHolder {
  readonly grant: string;
  readonly until: EpochMs;
}

/** State and trail together, because they change together. Every read is consistent unless it says otherwise. */
export interface Store {
  /** One read for the whole use check; with whose a key is, where one was brought. */
  readForUse(grantId: string, keyFingerprint?: string): Promise<UseRead>;
  /** One read for the whole creation check. */
  readForRequest(ask: { taskId: string; principalKey: string; idempotencyKey: string | undefined }): Promise<{
    task: Task | undefined;
    grantCount: number;
    containment: ContainmentRegister;
    earlier: IdempotencyRecord | undefined;
  }>;
  /** One read for everything that a run is decided on; `at` says which day's budget. */
  readForRun(ask: {
    grantId: string;
    principalKey: string;
    idempotencyKey: string | undefined;
    at: EpochMs;
  }): Promise<UseRead & { budgets: Budgets; earlier: IdempotencyRecord | undefined }>;
  /** One read of a run together with all that its use is checked against; with the budgets, where policy asks for them. */
  readRunForUse(
    runId: string,
    budgetOf?: { principalKey: string; at: EpochMs },
  ): Promise<UseRead & { run: Run | undefined; budgets: Budgets }>;
  readApproval(id: string): Promise<Approval | undefined>;
  /** Those that wait for people, or whose review is open; oldest first. Eventually consistent. */
  listApprovals(kind: 'waiting' | 'review'): Promise<readonly Approval[]>;
  /** The id of the approval of what this caller was last given of the same kind. */
  readLastApproved(of: LastApproved): Promise<string | undefined>;
  /** The first one stays. */
  saveRevocation(revocation: Revocation): Promise<void>;
  readRun(id: string): Promise<Run | undefined>;
  readGrant(id: string): Promise<Grant | undefined>;
  readTask(id: string): Promise<Task | undefined>;
  readIdempotency(principalKey: string, key: string): Promise<IdempotencyRecord | undefined>;
  commit(commit: Commit): Promise<CommitOutcome>;
  /** Ids of every grant that was ever made under a task. */
  grantsOfTask(taskId: string): Promise<readonly string[]>;
  /** Newest first. Eventually consistent. */
  listGrants(principalKey: string, cursor: string | undefined): Promise<Page<Grant>>;
  listTasks(principalKey: string, cursor: string | undefined): Promise<Page<Task>>;
  /** Eventually consistent; whoever acts on it reads the thing itself first. */
  due(until: EpochMs): Promise<readonly DueItem[]>;
  /** Every grant that is over and not yet proved dead. Eventually consistent. */
  owed(): Promise<readonly DueItem[]>;
  /** Of a grant that waits for its end, or an approval that waits for people; beside them, so that neither version nor chain is touched. */
  saveWaitToken(id: string, token: string): Promise<void>;
  readWaitToken(id: string): Promise<string | undefined>;
  /** Chains of what has no grant and no task. Appends retry their own races. */
  readSystemHead(chain: string): Promise<{ head: ChainHead; entry: AuditEntry | undefined }>;
  appendSystem(chain: string, make: (head: ChainHead) => AuditEntry): Promise<Receipt>;
  /** Of one chain, in order. */
  readChain(chain: string): AsyncIterable<AuditEntry>;
}

/** Step Functions, seen from here. *Already exists*, *timed out* and *does not exist* are not failures. */
export interface Workflow {
  start(grant: Pick<Grant, 'id' | 'kind'>, wait: ApprovalWait): Promise<void>;
  startRun(runId: string, wait: ApprovalWait): Promise<void>;
  endWait(token: string): Promise<void>;
  renewWait(token: string): Promise<void>;
}

/** Whether people are asked before anything else, and how long they have whenever they are. */
export interface ApprovalWait {
  readonly isAsked: boolean;
  readonly seconds: number;
}

/** Has people told of what has become of an approval. Resolves when that is under way, not when they are told. */
export interface Notifier {
  notify(approvalId: string): Promise<void>;
}

/** How the sweeper reaches the functions that reach targets. */
export interface Endings {
  end(grant: Pick<Grant, 'id' | 'kind'>): Promise<void>;
  /** Ends what the target holds and no live grant stands for; answers how many were found. */
  reconcile(resource: Pick<Resource, 'id' | 'kind'>): Promise<number>;
}

/** Tokens that the authorizer refused, as its log tells them: it has no rights, so it can keep nothing itself. */
export interface RefusedTokens {
  countBetween(
    from: EpochMs,
    to: EpochMs,
  ): Promise<{ readonly refusals: readonly RefusalCount[]; readonly isComplete: boolean }>;
}

/** One statement, to be executed once with the login of its grant, which never leaves the function. */
export interface ExecuteAsk {
  readonly resource: PostgresResource;
  readonly grantId: string;
  readonly statement: Statement;
  /** The bytes that were asked for and decided on; what is executed is never written anew from the tree. */
  readonly sql: string;
  /** For `$1`, `$2` …; null is SQL's NULL. */
  readonly params: readonly (string | null)[];
  readonly limits: { readonly maxRows: number; readonly maxBytes: number; readonly maxSeconds: number };
  /**
   * Asked inside the transaction, when PostgreSQL has planned the statement and holds its locks, and before it is
   * executed. `false` rolls back and nothing is executed.
   */
  readonly proceed: (inspection: Inspection) => Promise<boolean>;
}

/** What the database said of a statement before it was executed. */
export interface Inspection {
  readonly catalogue: Catalogue;
  /** `EXPLAIN`'s estimate of rows that are returned or changed; undefined where PostgreSQL plans nothing. */
  readonly estimatedRows: number | undefined;
  readonly fields: readonly ResultField[];
  /**
   * Functions of PostgreSQL and of extensions that views of the statement call by name, each once, sorted. They are
   * executed as if the statement named them, so they must be on the same allow-list.
   */
  readonly viewFunctions: readonly string[];
}

/** Why an execution came to nothing. Text of the target (`message`, `detail`, `hint`) has not been masked yet. */
export type ExecutionFailure =
  | { readonly code: 'not_proceeded' }
  /** The target refused: `sqlState` is PostgreSQL's five characters. */
  | { readonly code: 'target_refused'; readonly sqlState: string; readonly message: string }
  /** A name in the statement means something that is not PostgreSQL's own; `part` names it. */
  | { readonly code: 'shadowed'; readonly part: string }
  /** A definition that the decision stood on was replaced meanwhile. */
  | { readonly code: 'definition_changed' }
  | { readonly code: 'took_too_long'; readonly maxSeconds: number }
  | { readonly code: 'answer_too_large'; readonly maxBytes: number }
  /** A write touched more rows than `EXPLAIN` had promised by a set factor, and was rolled back. */
  | { readonly code: 'too_many_rows_changed'; readonly estimated: number; readonly changed: number }
  /** The connection was lost: a read came to nothing; whether a write was committed nobody can tell. */
  | { readonly code: 'connection_lost'; readonly committed: 'no' | 'unknown' };

/** One value as PostgreSQL's text format has it. */
export type CellText = string | null;

export interface Executed {
  readonly fields: readonly ResultField[];
  readonly rows: readonly (readonly CellText[])[];
  /** There were more rows than the cap: the rest was left unread. */
  readonly truncated: boolean;
  /** Rows returned, or changed by a write. */
  readonly rowCount: number;
  /** Notices of the target, unmasked. */
  readonly notices: readonly string[];
  /** Of the values, before masking. */
  readonly bytes: number;
}

/** How statements reach a target. Throws `DependencyUnavailable` when it could not be reached, so nothing was executed. */
export interface StatementTarget {
  execute(
    ask: ExecuteAsk,
  ): Promise<
    | { readonly ok: true; readonly value: Executed }
    | { readonly ok: false; readonly failure: ExecutionFailure }
  >;
}

/** What is kept of a task beside the trail: sealed under the task's own data key, so that destroying the key erases it. */
export interface TaskVault {
  /** Seals and stores; answers SHA-256 (hex) of the sealed bytes, which is what the trail holds. */
  put(name: string, content: string): Promise<{ readonly sealedHash: string }>;
  /** Undefined when it was never stored or is past its retention. Throws when it is not what the hash says. */
  get(name: string, sealedHash: string): Promise<string | undefined>;
  /** HMAC-SHA256, hex, under a key of this task for this purpose alone. */
  mac(purpose: 'literal' | 'mask' | 'approval', text: string): string;
}

/** `open` makes the task's key where there is none; `find` answers undefined for a task that has none, or whose key was destroyed. */
export interface Vaults {
  open(task: string): Promise<TaskVault>;
  find(task: string): Promise<TaskVault | undefined>;
}

/** Counts what a person has to hear of, at once. */
export type Alarm = (
  what: 'ApprovalMismatch' | 'BrokenGlass' | 'ContainmentPlaced' | 'DecisionRefused' | 'SessionsOverflow',
) => void;

export type Clock = () => EpochMs;
export type RandomBytes = (count: number) => Uint8Array;
export type Sleep = (ms: number) => Promise<void>;
/** Resolves after a random pause that grows with the number of tries, so that losers of a race do not meet again. */
export type Backoff = (tried: number) => Promise<void>;

/** One line of the operational log, by code and ids. The trail is elsewhere and never waits for this. */
export type Log = (
  level: 'info' | 'warn' | 'error',
  message: string,
  fields?: Readonly<Record<string, string | number | boolean>>,
) => void;
