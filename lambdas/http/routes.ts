import type { FunctionName } from '../core/config/compiled.ts';

export type HttpMethod = 'GET' | 'POST' | 'DELETE';

export interface Route {
  /** Stable name: the OpenAPI operationId and the key of the function's handler table. */
  readonly operation: string;
  readonly method: HttpMethod;
  /** API Gateway's own syntax for parameters: `/v1/grants/{id}`. */
  readonly path: string;
  readonly function: Extract<FunctionName, 'api' | 'reader' | 'vend' | 'containment'>;
  readonly summary: string;
  /**
   * Calls to AWS on the warm path, each answered once: kept by a test. Polling adds one read per look, an
   * `Idempotency-Key` on a new task one read, the first run of a task the making of its key, each live grant of a
   * task that ends or is renewed its own calls, and each grant and run that lives or is owed, beyond the first, one look of who reads a stop.
   */
  readonly awsCalls: number;
}

/** The one list of routes: API Gateway, the router, OpenAPI and the tests are made from it. */
export const ROUTES = [
  {
    operation: 'whoAmI',
    method: 'GET',
    path: '/v1/me',
    function: 'api',
    summary: 'Who you are here',
    awsCalls: 0,
  },
  {
    operation: 'listResources',
    method: 'GET',
    path: '/v1/resources',
    function: 'api',
    summary: 'What you may ask for',
    awsCalls: 0,
  },
  {
    operation: 'openTask',
    method: 'POST',
    path: '/v1/tasks',
    function: 'api',
    summary: 'Open a task that access is tied to',
    awsCalls: 1,
  },
  {
    operation: 'listTasks',
    method: 'GET',
    path: '/v1/tasks',
    function: 'reader',
    summary: 'Your tasks, newest first',
    awsCalls: 1,
  },
  {
    operation: 'readTask',
    method: 'GET',
    path: '/v1/tasks/{id}',
    function: 'reader',
    summary: 'One task and what it holds',
    awsCalls: 2,
  },
  {
    operation: 'renewTask',
    method: 'POST',
    path: '/v1/tasks/{id}/heartbeat',
    function: 'api',
    summary: 'Renew the lease of a task',
    awsCalls: 3,
  },
  {
    operation: 'endTask',
    method: 'DELETE',
    path: '/v1/tasks/{id}',
    function: 'api',
    summary: 'End a task and everything it holds',
    awsCalls: 5,
  },
  {
    operation: 'requestAccess',
    method: 'POST',
    path: '/v1/grants',
    function: 'api',
    summary: 'Ask for access to a resource',
    awsCalls: 3,
  },
  {
    operation: 'listGrants',
    method: 'GET',
    path: '/v1/grants',
    function: 'reader',
    summary: 'Your grants, newest first',
    awsCalls: 1,
  },
  {
    operation: 'readGrant',
    method: 'GET',
    path: '/v1/grants/{id}',
    function: 'reader',
    summary: 'One grant, also when it is over',
    awsCalls: 1,
  },
  {
    operation: 'vendCredential',
    method: 'POST',
    path: '/v1/grants/{id}/credentials',
    function: 'vend',
    summary: 'A short-lived credential under an active grant',
    awsCalls: 2,
  },
  {
    operation: 'requestRun',
    method: 'POST',
    path: '/v1/grants/{id}/runs',
    function: 'api',
    summary: 'Run one SQL statement under an active grant',
    awsCalls: 9,
  },
  {
    operation: 'readRun',
    method: 'GET',
    path: '/v1/runs/{id}',
    function: 'reader',
    summary: 'One run and, while its grant may be used, its masked answer',
    awsCalls: 3,
  },
  {
    operation: 'requestPlan',
    method: 'POST',
    path: '/v1/plans',
    function: 'api',
    summary: 'Ask people to approve several statements as one plan',
    awsCalls: 5,
  },
  {
    operation: 'readPlan',
    method: 'GET',
    path: '/v1/plans/{id}',
    function: 'reader',
    summary: 'One plan: what people said, and how often each statement has run',
    awsCalls: 1,
  },
  {
    operation: 'endPlan',
    method: 'DELETE',
    path: '/v1/plans/{id}',
    function: 'api',
    summary: 'Withdraw a plan as a whole',
    awsCalls: 3,
  },
  {
    operation: 'cancelRun',
    method: 'DELETE',
    path: '/v1/runs/{id}',
    function: 'api',
    summary: 'Withdraw a run that waits for people',
    awsCalls: 1,
  },
  {
    operation: 'releaseGrant',
    method: 'DELETE',
    path: '/v1/grants/{id}',
    function: 'api',
    summary: 'End a grant and prove that it is dead',
    awsCalls: 5,
  },
  {
    operation: 'contain',
    method: 'POST',
    path: '/v1/containments',
    function: 'containment',
    summary: 'Stop a principal, a task, a resource or everything; people only',
    awsCalls: 5,
  },
  {
    operation: 'listContainments',
    method: 'GET',
    path: '/v1/containments',
    function: 'containment',
    summary: 'The stops that you may see, those that stand first; people only',
    awsCalls: 1,
  },
  {
    operation: 'readContainment',
    method: 'GET',
    path: '/v1/containments/{id}',
    function: 'containment',
    summary: 'One stop: who, why, and what is still being ended; people only',
    awsCalls: 10,
  },
  {
    operation: 'liftContainment',
    method: 'DELETE',
    path: '/v1/containments/{id}',
    function: 'containment',
    summary: 'Lift what somebody else has stopped; people only',
    awsCalls: 3,
  },
  {
    operation: 'readOpenApi',
    method: 'GET',
    path: '/v1/openapi.json',
    function: 'reader',
    summary: 'This API as OpenAPI 3.1',
    awsCalls: 0,
  },
  {
    operation: 'listProblems',
    method: 'GET',
    path: '/v1/problems',
    function: 'reader',
    summary: 'Every problem this API answers with',
    awsCalls: 0,
  },
  {
    operation: 'readProblem',
    method: 'GET',
    path: '/v1/problems/{code}',
    function: 'reader',
    summary: 'One problem: what it means and what to do',
    awsCalls: 0,
  },
] as const satisfies readonly Route[];

export type Operation = (typeof ROUTES)[number]['operation'];
