import middy from '@middy/core';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { DependencyUnavailable } from '../app/ports.ts';
import { type Answer, pageAnswer } from './answer.ts';
import { decide, showApproval, showInbox, unknownPage } from './approvals.ts';
import { CONSOLE_ROUTES, type ConsoleRouteName } from './console-routes.ts';
import { contain, liftContainment, showContainment, showContainments } from './containments.ts';
import { revoke, showGrants } from './grants.ts';
import { messagePage } from './message-page.ts';
import { AWAY, BROKEN } from './refusal-words.ts';
import type { ConsoleHandler } from './request.ts';
import { beginSignIn, endSignIn, signOut } from './sign-in.ts';
import { bareFrame, type ConsoleDeps } from './visit.ts';

export type ConsoleHandlers = Readonly<Record<ConsoleRouteName, ConsoleHandler>>;

/** One handler for each route; Slack's own calls are no pages, and their handler comes from outside. */
export const consoleHandlers = (deps: ConsoleDeps, slack: ConsoleHandler): ConsoleHandlers => ({
  inbox: (call) => showInbox(deps, call),
  showApproval: (call) => showApproval(deps, call),
  decide: (call) => decide(deps, call),
  liveGrants: (call) => showGrants(deps, call),
  revoke: (call) => revoke(deps, call),
  containments: (call) => showContainments(deps, call),
  contain: (call) => contain(deps, call),
  showContainment: (call) => showContainment(deps, call),
  liftContainment: (call) => liftContainment(deps, call),
  signIn: (call) => beginSignIn(deps, call),
  callback: (call) => endSignIn(deps, call),
  signOut: (call) => signOut(deps, call),
  slack,
});

/** The console behind the gateway: pages for errors outermost, then a log line, then the route's handler. */
export const consoleHandler = (handlers: ConsoleHandlers, deps: ConsoleDeps) =>
  middy<APIGatewayProxyEvent, Answer>()
    .use({
      onError: (request) => {
        request.response = answerToThrown(request.event, request.error, deps);
      },
    })
    .use({ after: (request) => logAnswer(request.event, request.response, deps) })
    .handler(async (event: APIGatewayProxyEvent, { awsRequestId }: Context) => {
      const name = routeOf(event);
      return name ? handlers[name]({ event, invocationId: awsRequestId }) : unknownPage(deps);
    });

const routeOf = (event: APIGatewayProxyEvent): ConsoleRouteName | undefined =>
  CONSOLE_ROUTES.find(({ method, path }) => method === event.httpMethod && path === event.resource)?.name;

/** Only the kind of what was thrown is logged, and nothing of it is shown. */
const answerToThrown = (event: APIGatewayProxyEvent, error: unknown, deps: ConsoleDeps): Answer => {
  const { requestId } = event.requestContext;
  const isAway = error instanceof DependencyUnavailable;
  deps.log('error', isAway ? 'dependency unavailable' : 'unexpected error', {
    requestId,
    error: nameOf(error),
    ...(isAway ? { dependency: error.dependency, cause: nameOf(error.cause) } : {}),
  });
  const message = isAway ? AWAY : BROKEN;
  return pageAnswer(message.status, messagePage(bareFrame(deps), message, { requestId }));
};

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : 'unknown');

const logAnswer = (
  event: APIGatewayProxyEvent,
  answer: Answer | null | undefined,
  { clock, log }: ConsoleDeps,
): void => {
  log('info', 'answered', {
    requestId: event.requestContext.requestId,
    route: `${event.httpMethod} ${event.resource}`,
    status: answer?.statusCode ?? 0,
    durationMs: Math.max(0, clock() - (event.requestContext.requestTimeEpoch || clock())),
  });
};
