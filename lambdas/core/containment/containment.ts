import type { Owner, PrincipalId, PrincipalType } from '../identity/principal.ts';
import type { EpochMs } from '../time.ts';

/**
 * The life of an operator's stop of a principal, a task, a resource or everything.
 *
 *     holding ──> settled
 *        └───────────┴──> lifted
 *
 * From the write that places it to the write that lifts it, every use within its scope is refused. While it holds, what is
 * within is ended, again and again, until two passes have found nothing.
 */
export type Containment = HoldingContainment | SettledContainment | LiftedContainment;

/** Refuses what is within. */
export type StandingContainment = HoldingContainment | SettledContainment;

export const SCOPE_KINDS = ['principal', 'task', 'resource', 'everything'] as const;

/** `key`: 32 hex digits of a principal, an id of a task or a resource, and of everything that word. */
export interface ContainmentScope {
  readonly kind: (typeof SCOPE_KINDS)[number];
  readonly key: string;
}

export const EVERYTHING: ContainmentScope = { kind: 'everything', key: 'everything' };

/** Whom a stop of a principal or a task is about, as it was known when it was placed, and who answers for them. */
export interface ContainedHolder extends PrincipalId {
  readonly type: PrincipalType;
  readonly name: string;
  readonly owners: readonly Owner[];
}

/** A person's word, with their reason. */
export interface Word {
  readonly by: PrincipalId & { readonly name: string };
  readonly why: string;
  readonly at: EpochMs;
}

interface ContainmentCore {
  readonly id: string;
  /** Raised by one with each stored change; every write is conditioned on it. */
  readonly version: number;
  readonly scope: ContainmentScope;
  /** Of a principal and a task; empty where the key is of nobody that we know. */
  readonly holders: readonly ContainedHolder[];
  readonly placed: Word;
  /** Passes that are in the trail: one that finds what the one before it left is not. */
  readonly passes: number;
  readonly lastPass: PassFound | undefined;
}

/** What one pass has found within the scope, and ended or had ended. */
export interface PassFound {
  /** Before it looked. */
  readonly at: EpochMs;
  readonly grants: number;
  readonly runs: number;
  readonly approvals: number;
  readonly tasks: number;
  /** Grants that are over and not proved dead, and runs that have not come to an end. */
  readonly owed: number;
}

export interface HoldingContainment extends ContainmentCore {
  readonly state: 'holding';
  /** When the first pass of the last ones in a row began that found nothing, and counts. */
  readonly emptySince: EpochMs | undefined;
}

export interface SettledContainment extends ContainmentCore {
  readonly state: 'settled';
  readonly settledAt: EpochMs;
}

export interface LiftedContainment extends ContainmentCore {
  readonly state: 'lifted';
  readonly settledAt: EpochMs | undefined;
  readonly lifted: Word;
}

export const isStanding = (containment: Containment): containment is StandingContainment =>
  containment.state !== 'lifted';

export const isSameScope = (a: ContainmentScope, b: ContainmentScope): boolean =>
  a.kind === b.kind && a.key === b.key;
