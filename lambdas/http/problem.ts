import type * as z from 'zod';
import type { Approval } from '../core/approval/approval.ts';
import type { Failure } from '../core/failure.ts';
import type { DeniedGrant } from '../core/grant/grant.ts';
import { POLL_RETRY_AFTER_SECONDS } from '../core/limits.ts';
import { noteOf } from './approval-view.ts';
import { OUTCOME_DETAILS } from './outcome-details.ts';
import type { EdgeCode, ProblemCode } from './problem-catalogue.ts';
import { PROBLEMS } from './problem-catalogue.ts';
import type { RunView } from './run-schemas.ts';
import type { ProblemView } from './schemas.ts';
import { grantView } from './views.ts';

export type Problem = z.input<typeof ProblemView>;
export type EdgeFailure = { readonly code: EdgeCode };

/** RFC 9457 for one occurrence. Never says which check of a token failed or whether someone else's thing exists. */
export const problemOf = (failure: Failure | EdgeFailure, requestId: string): Problem => {
  const kind = PROBLEMS[failure.code];
  return {
    type: `/v1/problems/${failure.code}`,
    title: kind.title,
    status: kind.status,
    code: failure.code,
    detail: kind.remedy,
    instance: `urn:uuid:${requestId}`,
    retryable: kind.retryable,
    ...(kind.retryable ? { retryAfterSeconds: POLL_RETRY_AFTER_SECONDS } : {}),
    ...factsOf(failure),
  };
};

const see = (action: string, href: string) => ({ next: { action, href } });

/** What this occurrence adds. Exhaustive: a failure that is not listed here does not compile. */
const factsOf = (failure: Failure | EdgeFailure): Partial<Problem> => {
  switch (failure.code) {
    case 'invalid_request':
      return { errors: [...failure.errors] };
    case 'body_too_large':
      return { detail: `Send at most ${failure.maxBytes} bytes.` };
    case 'policy_denied':
      return {
        determinedBy: failure.determinedBy.map(({ id, reason }) =>
          reason === undefined ? { id } : { id, reason },
        ),
        ...see('see what you may ask for', '/v1/resources'),
      };
    case 'unknown_resource':
      return {
        ...(failure.didYouMean === undefined ? {} : { detail: `Did you mean \`${failure.didYouMean}\`?` }),
        ...see('see what you may ask for', '/v1/resources'),
      };
    case 'unknown_action':
      return { detail: `This resource offers ${failure.offered.map((name) => `\`${name}\``).join(', ')}.` };
    case 'unknown_profile':
      return {
        detail:
          failure.offered.length === 0
            ? 'This resource has no profiles: leave `profile` out.'
            : `Name one of its profiles: ${failure.offered.map((name) => `\`${name}\``).join(', ')}.`,
      };
    case 'duration_too_long':
      return { detail: `Ask for at most ${failure.maxSeconds} seconds.` };
    case 'task_over':
      return see('open a task', '/v1/tasks');
    case 'too_many_grants':
      return { detail: `A task may have ${failure.max} grants. End this one and open a new one.` };
    case 'grant_pending':
      return { retryAfterSeconds: failure.retryAfterSeconds };
    case 'grant_over':
      return failure.state === 'denied'
        ? { detail: 'It was denied, so there is nothing to use. Do not ask for the same again.' }
        : { detail: `It is over (${failure.state}). Ask for a new grant if it is still needed.` };
    case 'credential_limit':
      return {
        detail: `A grant gives ${failure.max} credentials. Keep the connection open, or ask for a new grant.`,
      };
    case 'profile_too_large':
      return {
        detail: `AWS packs policy and tags of a session together, and they are too large. Cut profile \`${failure.profile}\` in resources.yaml, beginning with allow[${failure.largest}]: name actions by a wildcard within their service, or make two profiles of it.`,
      };
    case 'statement_refused':
      return { detail: `\`${failure.part}\`: ${failure.reason}` };
    case 'budget_spent':
      return { detail: `This ${failure.of} has used its ${failure.max} ${failure.what}. End this task.` };
    case 'plan_unusable':
      return failure.why === 'pending'
        ? { detail: PLAN_DETAILS.pending, retryable: true, retryAfterSeconds: POLL_RETRY_AFTER_SECONDS }
        : { detail: PLAN_DETAILS[failure.why] };
    case 'scope_unknown':
    case 'containment_over':
      return see('see what stands', '/v1/containments');
    case 'too_many_containments':
      return { detail: `${failure.max} stand. Stop everything instead, or lift what is no longer needed.` };
    case 'circuit_open':
      return { retryAfterSeconds: failure.retryAfterSeconds };
    case 'denied_by_person':
      return failure.note === undefined ? {} : { detail: `They said: ${failure.note}` };
    case 'run_failed':
      return { detail: failure.words ?? OUTCOME_DETAILS[failure.outcome] };
    case 'not_a_run':
    case 'not_vended':
      return see('see what you may ask for', '/v1/resources');
    case 'not_a_person':
    case 'not_allowed':
    case 'own_containment':
    case 'principal_unknown':
    case 'groups_unavailable':
      return see('see who you are here', '/v1/me');
    case 'malformed_json':
    case 'unsupported_media_type':
    case 'token_refused':
    case 'owner_unknown':
    case 'own_approval':
    case 'key_taken':
    case 'contained':
    case 'not_found':
    case 'idempotency_mismatch':
    case 'dependency_unavailable':
    case 'unknown_route':
    case 'access_denied':
    case 'throttled':
    case 'timeout':
    case 'internal_error':
      return {};
    default:
      return failure satisfies never;
  }
};

const PLAN_DETAILS: Readonly<Record<Extract<Failure, { code: 'plan_unusable' }>['why'], string>> = {
  unknown: 'There is no such plan under this grant.',
  pending: 'People have not decided about it yet: look at the plan, and run it when it is approved.',
  over: 'The plan is over, was denied or withdrawn. Ask for a new one if it is still needed.',
  statement:
    'These bytes are not in the plan: `sql`, `params` and `maxRows` must be exactly what was approved.',
  spent: 'It has run as often as the plan says.',
  changed: 'Policy or the resource has changed since people approved it. Ask for a new plan.',
};

/** A run that was denied, or came to nothing, with the run in it. */
export type RunProblem = Extract<Failure, { code: 'policy_denied' | 'denied_by_person' | 'run_failed' }>;

export const problemOfRun = (
  failure: RunProblem,
  run: z.input<typeof RunView>,
  requestId: string,
): Problem => ({ ...problemOf(failure, requestId), run });

/** A denied grant is a decision with a trail: the problem of its denial, with the grant in it. */
export const problemOfDenial = (
  { grant, approval }: { readonly grant: DeniedGrant; readonly approval: Approval | undefined },
  { requestId, consoleUrl, maxSeconds }: DenialContext,
): Problem => ({
  ...problemOf(denialFailure(grant, maxSeconds, approval && noteOf(approval)), requestId),
  grant: grantView(grant, consoleUrl, approval),
});

interface DenialContext {
  readonly requestId: string;
  readonly consoleUrl: string;
  /** The longest window that could have been asked for. */
  readonly maxSeconds: number;
}

const denialFailure = (grant: DeniedGrant, maxSeconds: number, note: string | undefined): Failure => {
  switch (grant.denial) {
    case 'principal_unknown':
    case 'groups_unavailable':
    case 'owner_unknown':
    case 'contained':
      return { code: grant.denial };
    case 'duration_too_long':
      return { code: 'duration_too_long', maxSeconds };
    case 'policy_denied':
      return { code: 'policy_denied', determinedBy: grant.determinedBy };
    case 'denied_by_person':
      return { code: 'denied_by_person', note };
  }
};

export const isProblemCode = (code: string): code is ProblemCode => Object.hasOwn(PROBLEMS, code);
