import type { Asked, Granted, Subject, VoteWay } from '../approval/approval.ts';
import type { DeterminingPolicy } from '../failure.ts';
import type { Consent, EndCause, EndingStep, EndState } from '../grant/grant.ts';
import type { Owner, PrincipalId, PrincipalType } from '../identity/principal.ts';
import type { RunOutcome, SettledRun } from '../run/run.ts';
import type { EpochMs } from '../time.ts';

/** Who made a thing happen: the caller of a request, one of our own functions, or a person at the command line, by AWS's name. */
export type Actor =
  | {
      readonly kind: 'principal';
      readonly issuer: string;
      readonly subject: string;
      readonly type: PrincipalType;
      readonly name: string;
      /** SHA-256 over the sorted groups, hex; null when they are unknown. */
      readonly groupsHash: string | null;
      readonly tokenFingerprint: string;
      readonly delegation: readonly PrincipalId[];
      readonly client: { readonly ip: string; readonly userAgent: string };
    }
  | { readonly kind: 'system'; readonly function: string }
  | { readonly kind: 'operator'; readonly arn: string };

/** What every event carries. `requestId` is the gateway's or the workflow's, `invocationId` the Lambda's. */
export interface EventContext {
  readonly actor: Actor;
  readonly requestId: string;
  readonly invocationId: string;
  readonly policyDigest: string;
  readonly software: string;
}

/** Where access leads. */
export interface AuditTarget {
  readonly resource: string;
  readonly kind: string;
  readonly account: string;
  readonly region: string;
  readonly resourceId: string;
  /** Null where nothing is connected to. */
  readonly host: string | null;
  readonly database: string | null;
  readonly user: string;
}

/** `issuer` is a configured one or null: what a forged token claims is not repeated. */
export interface RefusalCount {
  readonly reason: string;
  readonly issuer: string | null;
  readonly count: number;
}

/** What else is known of a credential of some kinds. No secret. */
export interface IssuedFacts {
  /** By which CloudTrail knows what was done with a session. */
  readonly accessKeyId?: string;
  /** How much of AWS's own room for policy and tags it takes, in per cent. */
  readonly packedPolicyPercent?: number;
  /** The fingerprint of the caller's own key, as a machine logs it: `SHA256:…`. */
  readonly publicKey?: string;
}

/** The facts of a change; `EventContext` is added where it is committed. Times are epoch milliseconds. */
export type AuditFact =
  | {
      readonly type: 'grant.requested';
      readonly grant: string;
      readonly task: string;
      readonly resource: string;
      readonly action: string;
      /** Null where the resource has none. */
      readonly profile: string | null;
      readonly rights: string;
      readonly unmasked: readonly string[];
      readonly requestedSeconds: number;
      readonly reason: string;
      readonly owners: readonly Owner[];
      readonly decision: 'allowed' | 'needs_approval' | 'denied';
      readonly denial: string | null;
      readonly quorum: number;
      readonly determinedBy: readonly DeterminingPolicy[];
      readonly target: AuditTarget | null;
      /** The approval that people are asked for; null where nobody is. */
      readonly approval: string | null;
    }
  | {
      /** People approved; the approval is used up by this. */
      readonly type: 'grant.approved';
      readonly grant: string;
      readonly approval: string;
      readonly granted: Granted;
      readonly consent: Consent;
    }
  | { readonly type: 'grant.activating'; readonly grant: string; readonly expiresAt: EpochMs }
  | {
      readonly type: 'grant.denied';
      readonly grant: string;
      readonly denial: string;
      readonly approval: string;
    }
  | {
      readonly type: 'grant.held';
      readonly grant: string;
      readonly quorum: number;
      readonly approval: string;
    }
  | {
      readonly type: 'grant.active';
      readonly grant: string;
      readonly expiresAt: EpochMs;
      readonly activeAfterMs: number;
    }
  | ({
      readonly type: 'credential.issued';
      readonly grant: string;
      readonly credential: string;
      readonly kind: string;
      readonly target: AuditTarget;
      /** SHA-256 of the credential, hex. Never the value. */
      readonly fingerprint: string;
      readonly expiresAt: EpochMs;
      readonly ordinal: number;
    } & IssuedFacts)
  /** It was recorded as issued, and was not handed out; whether it became usable is not known. */
  | { readonly type: 'credential.undelivered'; readonly grant: string; readonly credential: string }
  | {
      readonly type: 'grant.ended';
      readonly grant: string;
      readonly state: EndState;
      readonly cause: EndCause;
    }
  | {
      readonly type: 'ending.proved';
      readonly grant: string;
      readonly deadAfterMs: number;
      readonly steps: readonly EndingStep[];
    }
  | {
      readonly type: 'ending.failed';
      readonly grant: string;
      readonly attempts: number;
      readonly quarantined: boolean;
      readonly error: string;
      readonly steps: readonly EndingStep[];
    }
  | {
      readonly type: 'task.opened';
      readonly task: string;
      readonly name: string;
      readonly leaseSeconds: number | null;
      readonly owners: readonly Owner[];
    }
  | { readonly type: 'task.renewed'; readonly task: string; readonly openUntil: EpochMs }
  | { readonly type: 'task.ended'; readonly task: string; readonly cause: string }
  | { readonly type: 'task.settled'; readonly task: string; readonly grants: number }
  | {
      readonly type: 'run.requested';
      readonly grant: string;
      readonly run: string;
      readonly resource: string;
      readonly action: string;
      readonly class: string;
      readonly verb: string;
      readonly bounded: boolean;
      /** Normalised: without any constant of the caller's. */
      readonly statement: string;
      readonly literalMacs: readonly string[];
      readonly requestHash: string;
      readonly tables: readonly string[];
      readonly functions: readonly string[];
      readonly maxRows: number;
      readonly decision: 'allowed' | 'needs_approval' | 'denied';
      readonly quorum: number;
      readonly determinedBy: readonly DeterminingPolicy[];
      readonly unmasked: readonly string[];
      /** Why this statement; null where the caller said it of the grant alone. */
      readonly reason: string | null;
      /** The approval that people are asked for, or of the plan that this is part of; null where nobody is. */
      readonly approval: string | null;
    }
  | {
      /** A statement that was refused by its form: nothing of its text is kept here. */
      readonly type: 'run.refused';
      readonly grant: string;
      readonly code: string;
      readonly part: string;
      readonly bytes: number;
    }
  | {
      readonly type: 'run.started';
      readonly grant: string;
      readonly run: string;
      readonly attempt: string;
      readonly catalogueDigest: string;
      readonly estimatedRows: number | null;
      readonly maskedColumns: readonly string[];
      /** The approval that is used by this; null where nobody was asked. */
      readonly approval: string | null;
    }
  | {
      readonly type: 'run.approved';
      readonly grant: string;
      readonly run: string;
      readonly approval: string;
      readonly consent: Consent;
    }
  | {
      readonly type: 'run.denied';
      readonly grant: string;
      readonly run: string;
      readonly denial: string;
      readonly approval: string;
    }
  | {
      readonly type: 'run.held';
      readonly grant: string;
      readonly run: string;
      readonly quorum: number;
      readonly approval: string;
    }
  | ({
      readonly type: 'run.ended';
      readonly grant: string;
      readonly run: string;
      readonly state: SettledRun['state'];
      readonly durationMs: number | null;
    } & RunOutcome)
  /** The approval that people are asked for, whose chain has the rest. */
  | { readonly type: 'plan.requested'; readonly grant: string; readonly approval: string }
  | {
      readonly type: 'approval.requested';
      readonly approval: string;
      readonly subject: Subject;
      readonly grant: string;
      /** SHA-256 (hex) of everything that is asked for. */
      readonly digest: string;
      readonly quorum: number;
      readonly approveBy: EpochMs;
      readonly askedBy: readonly DeterminingPolicy[];
      /** All that the digest covers, so that whoever holds the trail alone can make it again. No statement is in it, only keyed hashes. */
      readonly asked: Asked;
      readonly supersedes: string | null;
    }
  | {
      readonly type: 'approval.inspected';
      readonly approval: string;
      readonly estimatedRows: readonly (number | null)[];
      readonly maskedColumns: readonly string[];
    }
  | {
      /** One person's word; `state` is what has come of it. */
      readonly type: 'approval.voted';
      readonly approval: string;
      readonly digest: string;
      readonly decision: 'approve' | 'deny';
      readonly way: VoteWay;
      readonly note: string | null;
      readonly granted: Granted | null;
      readonly state: 'pending' | 'approved' | 'denied';
      readonly grantedHash: string | null;
    }
  | { readonly type: 'approval.reminded'; readonly approval: string; readonly reminders: number }
  | {
      readonly type: 'approval.used';
      readonly approval: string;
      readonly digest: string;
      readonly grantedHash: string;
      readonly by: string;
      /** Of a plan, which of its statements, from 0; null of a grant and a run. */
      readonly statement: number | null;
    }
  | {
      readonly type: 'approval.closed';
      readonly approval: string;
      readonly state: 'lapsed' | 'cancelled' | 'superseded';
      readonly cause: string;
    }
  | { readonly type: 'approval.review_closed'; readonly approval: string; readonly note: string }
  | {
      /** Somebody's word that did not count. */
      readonly type: 'decision.refused';
      readonly code: string;
      readonly decision: string;
      readonly about: string;
    }
  | { readonly type: 'grant.revocation'; readonly grant: string; readonly note: string }
  | {
      /** From the write that this stands in, every use within the scope is refused. */
      readonly type: 'containment.placed';
      readonly containment: string;
      readonly scope: string;
      readonly key: string;
      /** Of whom a principal's key, or a task, is known to be. */
      readonly names: readonly string[];
      readonly why: string;
    }
  | {
      readonly type: 'containment.pass';
      readonly containment: string;
      readonly pass: number;
      readonly grants: number;
      readonly runs: number;
      readonly approvals: number;
      readonly tasks: number;
      readonly owed: number;
      /** It found nothing, after everything that could still have begun had its time. */
      readonly counts: boolean;
    }
  | {
      readonly type: 'containment.settled';
      readonly containment: string;
      readonly passes: number;
      readonly settledAfterMs: number;
    }
  | {
      readonly type: 'containment.lifted';
      readonly containment: string;
      readonly scope: string;
      readonly key: string;
      readonly from: 'holding' | 'settled';
      readonly why: string;
    }
  | {
      readonly type: 'request.refused';
      readonly code: string;
      readonly operation: string;
      /** The id or name that was asked about, as far as it was well-formed; empty when none was. */
      readonly about: string;
    }
  | {
      readonly type: 'access.previewed';
      readonly resource: string;
      readonly action: string;
      readonly profile: string | null;
      readonly requestedSeconds: number;
      readonly effect: 'allow' | 'deny';
      readonly quorum: number;
      readonly determinedBy: readonly DeterminingPolicy[];
    }
  | {
      /** Sessions of a role are refused by when they were issued, because too many ended early to be named. */
      readonly type: 'target.overflow';
      readonly resource: string;
      readonly role: string;
      readonly issuedBefore: EpochMs;
      /** Grants that have not ended and need a new session. */
      readonly hit: readonly string[];
    }
  | {
      readonly type: 'target.orphan_ended';
      readonly resource: string;
      readonly user: string;
      readonly dead: boolean;
      readonly steps: readonly EndingStep[];
    }
  | {
      /** Requests that never reached a function, counted, because each one kept would be a way to flood the trail. */
      readonly type: 'tokens.refused';
      readonly from: EpochMs;
      readonly to: EpochMs;
      readonly refusals: readonly RefusalCount[];
      /** False when there were more than were counted. */
      readonly isComplete: boolean;
    }
  | {
      /** The task's key was destroyed at `erasedAt`; `objects` were deleted with it. */
      readonly type: 'payload.erased';
      readonly task: string;
      readonly erasedAt: EpochMs;
      readonly objects: number;
    }
  /** `authenticatedAt` is when the issuer says that the person last proved who they are. */
  | { readonly type: 'person.signed_in'; readonly authenticatedAt: EpochMs }
  /** By the person: who decides later under that sign-in is not them. */
  | { readonly type: 'person.signed_out' }
  | { readonly type: 'payload.held'; readonly task: string; readonly objects: number }
  | { readonly type: 'payload.hold_lifted'; readonly task: string; readonly objects: number }
  | { readonly type: 'config.activated'; readonly digest: string; readonly previous: string | null };

export type AuditEvent = AuditFact & EventContext;
