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
  };
}

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
