import type { FailureCode } from '../core/failure.ts';

/** Problems that no use case makes: the pipeline's and the gateway's own. */
export type EdgeCode = 'unknown_route' | 'access_denied' | 'throttled' | 'timeout' | 'internal_error';
export type ProblemCode = FailureCode | EdgeCode;

export interface ProblemKind {
  readonly status: number;
  readonly title: string;
  readonly retryable: boolean;
  /** For people: when this is answered. */
  readonly meaning: string;
  /** One sentence on what to do next; also the `detail` where an occurrence has nothing to add. */
  readonly remedy: string;
}

/** Every problem this API answers with. `GET /v1/problems/{code}` serves it, and `type` points there. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = {
  malformed_json: {
    status: 400,
    title: 'The body is not JSON',
    retryable: false,
    meaning: 'The body could not be read as one JSON object in UTF-8 with each key in it once.',
    remedy: 'Send one JSON object in which no key is there twice.',
  },
  invalid_request: {
    status: 400,
    title: 'The request is not of the expected form',
    retryable: false,
    meaning: 'A field is missing, unknown or outside its limits; `errors` names each one.',
    remedy: 'Correct what `errors` names; `GET /v1/openapi.json` has the form.',
  },
  unsupported_media_type: {
    status: 415,
    title: 'Only JSON is understood',
    retryable: false,
    meaning: 'The `Content-Type` is not `application/json`.',
    remedy: 'Send `Content-Type: application/json`.',
  },
  body_too_large: {
    status: 413,
    title: 'The body is too large',
    retryable: false,
    meaning: 'No request of this API needs a body of this size.',
    remedy: 'Send a smaller body.',
  },
  token_refused: {
    status: 401,
    title: 'The token was not accepted',
    retryable: false,
    meaning: 'No bearer token, or one that did not pass every check. Which check is never said.',
    remedy: 'Get a fresh token for this audience and send it as `Authorization: Bearer …`.',
  },
  access_denied: {
    status: 403,
    title: 'Not for this caller',
    retryable: false,
    meaning: 'The gateway refused the call before it reached a function.',
    remedy: 'Ask the infra team whether this caller may use this API.',
  },
  principal_unknown: {
    status: 403,
    title: 'This caller is not listed',
    retryable: false,
    meaning: 'The token is good, but `principals.yaml` has no entry for it and it carries no groups.',
    remedy: 'Ask the infra team to add the issuer and subject that `GET /v1/me` shows to principals.yaml.',
  },
  groups_unavailable: {
    status: 403,
    title: 'The groups of this caller are not known',
    retryable: false,
    meaning: 'The token carries no readable groups, too many of them, or no longer those the grant stood on.',
    remedy: 'Get a token that carries the groups; `GET /v1/me` shows what was read.',
  },
  owner_unknown: {
    status: 403,
    title: 'Nobody answers for this agent',
    retryable: false,
    meaning: 'People would have to approve, and without a known owner four eyes cannot be checked.',
    remedy: 'Ask the infra team to name an owner for this agent in principals.yaml.',
  },
  policy_denied: {
    status: 403,
    title: 'Policy does not allow this',
    retryable: false,
    meaning: 'No policy permits it, or one forbids it; `determinedBy` names those that decided.',
    remedy: 'Do not ask again; `GET /v1/resources` lists what you may ask for.',
  },
  denied_by_person: {
    status: 403,
    title: 'A person said no',
    retryable: false,
    meaning: 'Somebody who may decide about it has denied the request; `approval.note` is what they said.',
    remedy: 'Do not ask for the same again; read what they said, or ask for less.',
  },
  contained: {
    status: 403,
    title: 'Access is stopped',
    retryable: false,
    meaning: 'An operator has stopped this principal, task, resource or everything.',
    remedy: 'Do not ask again; an operator has to lift the stop.',
  },
  unknown_resource: {
    status: 404,
    title: 'There is no such resource',
    retryable: false,
    meaning: 'The configuration has no resource of this id.',
    remedy: 'Use an id that `GET /v1/resources` lists.',
  },
  unknown_action: {
    status: 422,
    title: 'The resource does not offer this action',
    retryable: false,
    meaning: 'The action is not one the resource is configured for.',
    remedy: 'Use an action that `GET /v1/resources` lists for it.',
  },
  unknown_profile: {
    status: 422,
    title: 'The resource has no such profile',
    retryable: false,
    meaning: 'A resource whose rights come in several profiles is asked for by one of their names.',
    remedy:
      'Set `profile` to one that `GET /v1/resources` lists for it, or leave it out where none is listed.',
  },
  duration_too_long: {
    status: 422,
    title: 'The window is too long',
    retryable: false,
    meaning: 'Longer than the resource allows, or than anything may last without a person.',
    remedy: 'Ask for a shorter `durationSeconds`.',
  },
  not_found: {
    status: 404,
    title: 'There is nothing of yours here',
    retryable: false,
    meaning: 'It does not exist or is not the caller’s; the two are never told apart.',
    remedy: 'Check the id; `GET /v1/grants` and `GET /v1/tasks` list yours.',
  },
  unknown_route: {
    status: 404,
    title: 'There is no such route',
    retryable: false,
    meaning: 'The path or the method is not part of this API.',
    remedy: 'See `GET /v1/openapi.json`.',
  },
  task_over: {
    status: 410,
    title: 'The task is over',
    retryable: false,
    meaning: 'It was ended, its lease ran out, or it reached the longest life of a task.',
    remedy: 'Open a new task with `POST /v1/tasks`.',
  },
  too_many_grants: {
    status: 429,
    title: 'The task has had too many grants',
    retryable: false,
    meaning: 'A task that keeps asking is a loop; denied requests count too.',
    remedy: 'End this task and open a new one.',
  },
  grant_pending: {
    status: 409,
    title: 'The grant is not active yet',
    retryable: true,
    meaning: 'It waits for people, or its target is being prepared.',
    remedy: 'Wait for it: `GET /v1/grants/{id}?wait=20`.',
  },
  own_approval: {
    status: 403,
    title: 'Whoever approved this does not use it',
    retryable: false,
    meaning: 'The call was made through somebody who approved the grant.',
    remedy: 'Let somebody else use the agent, or ask for a grant that others approve.',
  },
  grant_over: {
    status: 410,
    title: 'The grant is over',
    retryable: false,
    meaning: 'It was released, ran out, was revoked, denied or cancelled, or its task ended.',
    remedy: 'Ask for a new grant if it is still needed.',
  },
  credential_limit: {
    status: 429,
    title: 'No more credentials under this grant',
    retryable: false,
    meaning: 'One grant gives a limited number of credentials.',
    remedy: 'Keep the connection open, or ask for a new grant.',
  },
  profile_too_large: {
    status: 422,
    title: 'The profile does not fit into a session',
    retryable: false,
    meaning: 'AWS refused a session for the size of its policy and tags together, so there is no credential.',
    remedy: 'Ask for a smaller profile, or have this one cut: `detail` says where to begin.',
  },
  key_taken: {
    status: 409,
    title: 'This key is another grant’s',
    retryable: false,
    meaning: 'A public key belongs to the grant it was first sent for, until a day after that grant.',
    remedy: 'Make a new key pair for this grant and send its public half.',
  },
  not_a_run: {
    status: 409,
    title: 'This grant is not for runs',
    retryable: false,
    meaning: 'Its action hands out a credential; statements are executed under a grant of another action.',
    remedy:
      'Use `POST /v1/grants/{id}/credentials`, or ask for a grant of `postgres:read` or `postgres:write`.',
  },
  not_vended: {
    status: 409,
    title: 'This grant hands out no credential',
    retryable: false,
    meaning: 'Its action is for runs: Latchkey executes the statements, and no login leaves it.',
    remedy: 'Send statements to `POST /v1/grants/{id}/runs`.',
  },
  statement_refused: {
    status: 422,
    title: 'The statement is refused by its form',
    retryable: false,
    meaning:
      'It was not understood, is more than one, does something that no grant covers, or would tell what is masked. Nothing was executed.',
    remedy: 'Change the part that `detail` names.',
  },
  budget_spent: {
    status: 429,
    title: 'The budget of runs is spent',
    retryable: false,
    meaning: 'A task, and a principal in a day, may use a limited number of runs, rows, bytes and failures.',
    remedy: 'End this task; ask the infra team if the work needs more.',
  },
  plan_unusable: {
    status: 409,
    title: 'Not by this plan',
    retryable: false,
    meaning: 'The plan that was named does not let this statement run now.',
    remedy: 'Look at the plan with `GET /v1/plans/{id}`.',
  },
  circuit_open: {
    status: 429,
    title: 'Too many failures in a row',
    retryable: true,
    meaning: 'Runs of this task kept failing, so it is given a pause.',
    remedy: 'Wait, and change what fails before trying again.',
  },
  run_failed: {
    status: 422,
    title: 'The run came to nothing',
    retryable: false,
    meaning:
      'The database refused it, it went over a limit, or what it stood on changed. `run.error.code` says which; a write was rolled back unless it says `outcome_unknown`.',
    remedy: 'See `run.error`, and change the statement.',
  },
  not_a_person: {
    status: 403,
    title: 'Only people do this',
    retryable: false,
    meaning:
      'The token is of an agent or a workload, or somebody else acts with it, or it is of nobody who is listed as a person.',
    remedy: 'Use a token of your own; an agent ends its own task with `DELETE /v1/tasks/{id}`.',
  },
  not_allowed: {
    status: 403,
    title: 'Not yours to decide',
    retryable: false,
    meaning: 'No policy lets this person do that, and they do not answer for the agent.',
    remedy: 'Ask somebody whom the policies name, now.',
  },
  scope_unknown: {
    status: 422,
    title: 'There is no such thing to stop',
    retryable: false,
    meaning:
      'No principal of that name, no task or no resource of that id: a stop of it would stop nothing. A principal that `principals.yaml` knows by its claims alone has to be named by its key.',
    remedy: 'Check the name or the id; nothing is stopped.',
  },
  own_containment: {
    status: 403,
    title: 'A second person lifts it',
    retryable: false,
    meaning: 'The caller placed this stop, or it is about them or about an agent that they answer for.',
    remedy: 'Ask somebody who had no part in it.',
  },
  containment_over: {
    status: 409,
    title: 'It is lifted already',
    retryable: false,
    meaning: 'This stop has been lifted. Another one of the same scope may stand.',
    remedy: 'See `GET /v1/containments`.',
  },
  too_many_containments: {
    status: 429,
    title: 'Too many stops stand',
    retryable: false,
    meaning: 'The register is read with every use, so it holds a limited number.',
    remedy: 'Stop everything instead, or lift what is no longer needed.',
  },
  idempotency_mismatch: {
    status: 422,
    title: 'The key was used for another request',
    retryable: false,
    meaning: 'The same `Idempotency-Key` came with a different body.',
    remedy: 'Use a new key for a new request.',
  },
  throttled: {
    status: 429,
    title: 'Too many requests',
    retryable: true,
    meaning: 'The gateway slowed this caller down.',
    remedy: 'Wait and try again.',
  },
  timeout: {
    status: 504,
    title: 'No answer in time',
    retryable: true,
    meaning: 'The function did not answer before the gateway cut the call. Something may have happened.',
    remedy: 'Ask again with the same `Idempotency-Key`.',
  },
  dependency_unavailable: {
    status: 503,
    title: 'Something needed is away',
    retryable: true,
    meaning: 'A store, a signer or a target did not answer; nothing was released.',
    remedy: 'Try again with the same `Idempotency-Key`.',
  },
  internal_error: {
    status: 500,
    title: 'Something is broken here',
    retryable: false,
    meaning: 'A bug. Nothing was released; `instance` finds it in the logs.',
    remedy: 'Tell the infra team the `instance`.',
  },
};
