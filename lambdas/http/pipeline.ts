import middy from '@middy/core';
import type { APIGatewayProxyEvent, APIGatewayProxyResult, Context } from 'aws-lambda';
import { type Caller, clientOf } from '../app/caller.ts';
import { type Clock, DependencyUnavailable, type Log } from '../app/ports.ts';
import { formatReceipt } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { Failure, FailureCode } from '../core/failure.ts';
import { decodeIdentity } from '../core/identity/identity-context.ts';
import type { Call, Handlers, Reply } from './operations.ts';
import { FORMS } from './operations.ts';
import type { EdgeFailure, Problem } from './problem.ts';
import { problemOf } from './problem.ts';
import { header, readCall } from './read-call.ts';
import type { Operation } from './routes.ts';
import { ROUTES } from './routes.ts';

export interface PipelineDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** The receipt for answers that no entry of their own stands for. */
  readonly configReceipt: () => Promise<Receipt | undefined>;
  /** Keeps a refusal in the trail before it is answered; functions that may not write have none. */
  readonly recordRefusal: ((caller: Caller, refusal: Refusal) => Promise<Receipt>) | undefined;
}

export interface Refusal {
  readonly code: FailureCode;
  readonly operation: Operation;
  /** What was asked about, as far as it was well-formed. */
  readonly about: string;
}

type Answer = APIGatewayProxyResult;

/** One pipeline for every function behind the gateway: problems outermost, then a log line, then the told-in-order dispatch. */
export const httpHandler = <O extends Operation>(handlers: Handlers<O>, deps: PipelineDeps) =>
  middy<APIGatewayProxyEvent, Answer>()
    .use({
      onError: (request) => {
        request.response = answerToThrown(request.event, request.error, deps);
      },
    })
    .use({ after: (request) => logAnswer(request.event, request.response, deps) })
    .handler((event, context) => dispatch(handlers, { event, context }, deps));

interface Incoming {
  readonly event: APIGatewayProxyEvent;
  readonly context: Context;
}

const dispatch = async <O extends Operation>(
  handlers: Handlers<O>,
  { event, context }: Incoming,
  deps: PipelineDeps,
): Promise<Answer> => {
  const { requestId } = event.requestContext;
  const operation = operationOf(event);
  if (!operation || !isHandled(handlers, operation))
    return answerFailure({ code: 'unknown_route' }, requestId);
  const identity = decodeIdentity(event.requestContext.authorizer, deps.clock());
  if (!identity.ok) return answerUnrecorded(identity.failure, requestId, deps);
  const read = readCall(event, FORMS[operation]);
  if (!read.ok) return answerUnrecorded(read.failure, requestId, deps);
  const caller: Caller = {
    principal: identity.value,
    client: clientOf(event.requestContext.identity),
    requestId,
    invocationId: context.awsRequestId,
  };
  // The form of the operation has been checked, so the parts have the types its handler takes.
  const call = { operation, caller, ...read.value } as Call<typeof operation>;
  const result = await handlers[operation](call);
  if (!result.ok) return answerRefusal(call, result.failure, deps);
  const receipt = result.value.receipt ?? (await deps.configReceipt());
  return answerReply({ event, waitSeconds: call.waitSeconds }, result.value, receipt);
};

const operationOf = (event: APIGatewayProxyEvent): Operation | undefined =>
  ROUTES.find(({ method, path }) => method === event.httpMethod && path === event.resource)?.operation;

const isHandled = <O extends Operation>(handlers: Handlers<O>, operation: Operation): operation is O =>
  Object.hasOwn(handlers, operation);

/** Refusals that tell of an attempt to do something; errors of form are only answered. */
const RECORDED: ReadonlySet<FailureCode> = new Set<FailureCode>([
  'principal_unknown',
  'groups_unavailable',
  'own_approval',
  'contained',
  'unknown_resource',
  'unknown_action',
  'not_found',
  'task_over',
  'too_many_grants',
  'grant_over',
  'credential_limit',
  'key_taken',
  'profile_too_large',
  'not_a_run',
  'not_vended',
  'budget_spent',
  'circuit_open',
  'plan_unusable',
  'statement_refused',
  'policy_denied',
  'owner_unknown',
  'idempotency_mismatch',
]);

const answerRefusal = async <O extends Operation>(
  call: Call<O>,
  failure: Failure,
  deps: PipelineDeps,
): Promise<Answer> => {
  const { requestId } = call.caller;
  if (!deps.recordRefusal || !RECORDED.has(failure.code)) return answerUnrecorded(failure, requestId, deps);
  const refusal = { code: failure.code, operation: call.operation, about: aboutOf(call) };
  return answerFailure(failure, requestId, await deps.recordRefusal(call.caller, refusal));
};

/** Where the receipt cannot be read, the refusal stands without one. */
const answerUnrecorded = async (
  failure: Failure,
  requestId: string,
  { configReceipt }: PipelineDeps,
): Promise<Answer> => answerFailure(failure, requestId, await configReceipt().catch(() => undefined));

const aboutOf = (call: { readonly path: unknown; readonly body: unknown }): string => {
  const { id, grant, resource } = { ...objectOr(call.body), ...objectOr(call.path) };
  return String(id ?? grant ?? resource ?? '');
};

const objectOr = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {};

const BASE_HEADERS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
} as const;

const answerReply = (
  { event, waitSeconds }: { readonly event: APIGatewayProxyEvent; readonly waitSeconds: number },
  reply: Reply,
  receipt: Receipt | undefined,
): Answer => ({
  statusCode: reply.status,
  headers: {
    ...BASE_HEADERS,
    'Content-Type': reply.contentType ?? 'application/json',
    ...(receipt ? { 'Latchkey-Audit': formatReceipt(receipt) } : {}),
    ...preferenceApplied(event, waitSeconds),
    ...reply.headers,
  },
  body: typeof reply.body === 'string' ? reply.body : JSON.stringify(reply.body),
});

/** RFC 7240: said only when the caller asked by header and the operation honoured it. */
const preferenceApplied = (event: APIGatewayProxyEvent, waitSeconds: number): Record<string, string> =>
  waitSeconds > 0 && header(event, 'prefer') ? { 'Preference-Applied': `wait=${waitSeconds}` } : {};

export const answerFailure = (failure: Failure | EdgeFailure, requestId: string, receipt?: Receipt): Answer =>
  answerProblem(problemOf(failure, requestId), receipt);

export const answerProblem = (problem: Problem, receipt?: Receipt): Answer => ({
  statusCode: problem.status,
  headers: {
    ...BASE_HEADERS,
    'Content-Type': 'application/problem+json',
    ...(problem.status === 401 ? { 'WWW-Authenticate': 'Bearer' } : {}),
    ...(problem.retryAfterSeconds === undefined ? {} : { 'Retry-After': String(problem.retryAfterSeconds) }),
    ...(receipt ? { 'Latchkey-Audit': formatReceipt(receipt) } : {}),
  },
  body: JSON.stringify(problem),
});

/** Only the kind of what was thrown is logged: a message may hold what must not be kept. */
const answerToThrown = (event: APIGatewayProxyEvent, error: unknown, deps: PipelineDeps): Answer => {
  const { requestId } = event.requestContext;
  const isAway = error instanceof DependencyUnavailable;
  deps.log('error', isAway ? 'dependency unavailable' : 'unexpected error', {
    requestId,
    error: error instanceof Error ? error.name : 'unknown',
    ...(isAway ? { dependency: error.dependency, cause: causeName(error.cause) } : {}),
  });
  return answerFailure(
    isAway ? { code: 'dependency_unavailable', dependency: error.dependency } : { code: 'internal_error' },
    requestId,
  );
};

const causeName = (cause: unknown): string => (cause instanceof Error ? cause.name : 'unknown');

const logAnswer = (
  event: APIGatewayProxyEvent,
  answer: Answer | null | undefined,
  deps: PipelineDeps,
): void => {
  deps.log('info', 'answered', {
    requestId: event.requestContext.requestId,
    route: `${event.httpMethod} ${event.resource}`,
    status: answer?.statusCode ?? 0,
    durationMs: Math.max(0, deps.clock() - (event.requestContext.requestTimeEpoch || deps.clock())),
  });
};
