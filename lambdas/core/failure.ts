import type { RunFailureCode } from './run/run.ts';

/**
 * The closed union of everything that can go wrong by design. `http/problem.ts` maps each member to one
 * problem type in an exhaustive switch, so a new member that is not mapped does not compile.
 */
export type Failure =
  | { readonly code: 'malformed_json' }
  | { readonly code: 'unsupported_media_type' }
  | { readonly code: 'body_too_large'; readonly maxBytes: number }
  | { readonly code: 'invalid_request'; readonly errors: readonly FieldError[] }
  | { readonly code: 'token_refused' }
  | { readonly code: 'groups_unavailable' }
  | { readonly code: 'principal_unknown' }
  | { readonly code: 'owner_unknown' }
  | {
      readonly code: 'policy_denied';
      readonly determinedBy: readonly DeterminingPolicy[];
    }
  /** `note` is what they said. */
  | { readonly code: 'denied_by_person'; readonly note: string | undefined }
  | { readonly code: 'own_approval' }
  | { readonly code: 'contained' }
  | { readonly code: 'unknown_resource'; readonly resource: string; readonly didYouMean: string | undefined }
  | { readonly code: 'unknown_action'; readonly action: string; readonly offered: readonly string[] }
  | { readonly code: 'unknown_profile'; readonly offered: readonly string[] }
  | { readonly code: 'duration_too_long'; readonly maxSeconds: number }
  | { readonly code: 'not_found' }
  | { readonly code: 'task_over' }
  | { readonly code: 'too_many_grants'; readonly max: number }
  | { readonly code: 'grant_pending'; readonly state: string; readonly retryAfterSeconds: number }
  | { readonly code: 'grant_over'; readonly state: string }
  | { readonly code: 'credential_limit'; readonly max: number }
  /** Its `allow` and the names in the tags do not fit into a session together; `largest` is where to begin cutting. */
  | { readonly code: 'profile_too_large'; readonly profile: string; readonly largest: number }
  /** Another grant has let this key in, today or yesterday. */
  | { readonly code: 'key_taken' }
  /** The grant is of the other mode. */
  | { readonly code: 'not_a_run' }
  | { readonly code: 'not_vended' }
  | { readonly code: 'statement_refused'; readonly part: string; readonly reason: string }
  | {
      readonly code: 'budget_spent';
      readonly of: 'task' | 'principal';
      readonly what: string;
      readonly max: number;
    }
  | {
      readonly code: 'plan_unusable';
      readonly why: 'unknown' | 'pending' | 'over' | 'statement' | 'spent' | 'changed';
    }
  | { readonly code: 'circuit_open'; readonly retryAfterSeconds: number }
  /** A run that was decided on came to nothing: `outcome` is its code, `words` the target's, masked. */
  | { readonly code: 'run_failed'; readonly outcome: RunFailureCode; readonly words: string | undefined }
  /** Of an operator's stop: who may not, what is not there, and what is no second person's. */
  | { readonly code: 'not_a_person' }
  | { readonly code: 'not_allowed' }
  | { readonly code: 'scope_unknown' }
  | { readonly code: 'own_containment' }
  | { readonly code: 'containment_over' }
  | { readonly code: 'too_many_containments'; readonly max: number }
  | { readonly code: 'idempotency_mismatch' }
  | { readonly code: 'dependency_unavailable'; readonly dependency: string };

export type FailureCode = Failure['code'];

/** `pointer` is an RFC 6901 JSON Pointer into the body, or `?name` for a query parameter, or a header's name. */
export interface FieldError {
  readonly pointer: string;
  readonly detail: string;
}

/** A policy that decided, by its `@id`, with its `@reason`. */
export interface DeterminingPolicy {
  readonly id: string;
  readonly reason: string | undefined;
}
