import type { DeterminingPolicy } from '../failure.ts';
import type { PrincipalId, PrincipalType } from '../identity/principal.ts';

/** *May it?*, asked for one number of approvals. Everything a policy can see is here. */
export interface AccessQuestion {
  readonly principal: PrincipalId & { readonly type: PrincipalType; readonly name: string };
  /** The groups of the token of now (or of `principals.yaml`). */
  readonly groups: readonly string[];
  readonly action: string;
  readonly resource: string;
  readonly context: {
    readonly durationSeconds: number;
    readonly approvals: number;
    readonly approverGroups: readonly string[];
    /** Absent where the resource has no profiles. */
    readonly profile?: string;
    /** Absent when a grant is asked for, present when one statement is. */
    readonly run?: RunFacts;
  };
}

/** What is known of one statement before it is executed. Tables are `schema.name`. */
export interface RunFacts {
  readonly class: string;
  readonly verb: string;
  readonly bounded: boolean;
  readonly tables: readonly string[];
  readonly columns: readonly string[];
  readonly functions: readonly string[];
  /** The database's own estimate; absent until it has been asked. */
  readonly estimatedRows?: number;
  readonly usedByTask: UsedFacts;
  readonly usedByPrincipal: UsedFacts;
}

export interface UsedFacts {
  readonly runs: number;
  readonly rows: number;
  readonly bytes: number;
  readonly failures: number;
}

/** *May it see this as it is?*, asked for one category of one resource. */
export interface UnmaskQuestion extends Pick<AccessQuestion, 'principal' | 'groups' | 'resource'> {
  readonly category: string;
}

export type AskUnmask = (question: UnmaskQuestion) => PolicyAnswer;

/** What a person may do about the requests of others. */
export type PersonAction = 'approve' | 'approve_by_button' | 'break_glass' | 'review' | 'revoke';

/** *May this person?*, asked for one resource and one request of somebody else on it. */
export interface PersonQuestion extends Pick<AccessQuestion, 'principal' | 'groups' | 'resource'> {
  readonly action: PersonAction;
  readonly context: {
    /** The action that was requested: `postgres:write`. */
    readonly requested: string;
    readonly durationSeconds: number;
    /** Since people were asked. */
    readonly waitedSeconds: number;
  };
}

export type AskPerson = (question: PersonQuestion) => PolicyAnswer;

/** Stops of access, and the end of one. */
export type ContainmentAction = 'contain' | 'lift';

/** *May this person?*, asked for one stop. Of a task, it is asked for whom the task belongs to. */
export interface ContainmentQuestion extends Pick<AccessQuestion, 'principal' | 'groups'> {
  readonly action: ContainmentAction;
  readonly stopped:
    | { readonly scope: 'everything' }
    | { readonly scope: 'resource'; readonly resource: string }
    | {
        readonly scope: 'principal' | 'task';
        readonly holder: AccessQuestion['principal'];
        readonly holderGroups: readonly string[];
      };
}

export type AskContainment = (question: ContainmentQuestion) => PolicyAnswer;

/** One answer of the engine: `allowed` only when a permit matched, no forbid did and nothing failed to evaluate. */
export interface PolicyAnswer {
  readonly allowed: boolean;
  readonly determinedBy: readonly DeterminingPolicy[];
}

export type AskPolicy = (question: AccessQuestion) => PolicyAnswer;

/** `quorum` 0: unattended. `determinedBy` are the policies behind the verdict: for a denial the forbids, if any. */
export type Verdict =
  | {
      readonly effect: 'allow';
      readonly quorum: number;
      readonly determinedBy: readonly DeterminingPolicy[];
      /** When people are needed: what said no without them. */
      readonly askedBy: readonly DeterminingPolicy[];
    }
  | { readonly effect: 'deny'; readonly determinedBy: readonly DeterminingPolicy[] };
