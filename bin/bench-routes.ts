import { type Operation, ROUTES, type Route } from '../lambdas/http/routes.ts';
import type { ApiAnswer } from './api-client.ts';
import { askForAccess, type Bench, openTask, readGrant, vend } from './bench-crew.ts';
import type { RouteResult } from './bench-results.ts';
import { summarize } from './bench-statistics.ts';
import { expect } from './expect-status.ts';

export interface RouteRun {
  readonly results: readonly RouteResult[];
  /** Active, and with most of their credentials still to be given. */
  readonly grants: readonly string[];
}

/** One timed request: its time and the calls to AWS that the function behind the route made for it. */
export interface Sample {
  readonly ms: number;
  readonly operations: readonly string[];
}

const CALLS_COUNT = 100;
const WARM_UP_COUNT = 10;
const GRANTS_PER_TASK = 50;
const LEASE_SECONDS = 3_600;

/** Every route but `DELETE /v1/grants/{id}`, which `bench-endings.ts` measures with a session open. */
export const measureRoutes = async (bench: Bench): Promise<RouteRun> => {
  const { crew } = bench;
  const get = (path: string) => async () => expect(await crew.get(path), 200);
  const results = [
    await measure(bench, 'whoAmI', get('/v1/me')),
    await measure(bench, 'listResources', get('/v1/resources')),
    await measure(bench, 'readOpenApi', get('/v1/openapi.json')),
    await measure(bench, 'listProblems', get('/v1/problems')),
    await measure(bench, 'readProblem', get('/v1/problems/policy_denied')),
  ];
  const tasks: string[] = [];
  const ofTask = (index: number) => `/v1/tasks/${tasks[index]}`;
  results.push(
    await measure(bench, 'openTask', async () => {
      const opened = await openTask(bench, LEASE_SECONDS);
      tasks.push(opened.body.id);
      return opened;
    }),
    await measure(bench, 'renewTask', async (n) => expect(await crew.post(`${ofTask(n)}/heartbeat`), 200)),
    await measure(bench, 'readTask', (n) => get(ofTask(n))()),
    await measure(bench, 'listTasks', get('/v1/tasks')),
    await measure(bench, 'endTask', async (n) => expect(await crew.end(ofTask(n)), 200)),
  );
  const grants = await measureGrants(bench);
  return { results: [...results, ...grants.results], grants: grants.grants };
};

const measureGrants = async (bench: Bench): Promise<RouteRun> => {
  const grants: string[] = [];
  const grantAt = (index: number) => grants[index % grants.length] ?? '';
  const tasks: string[] = [];
  for (let held = 0; held < WARM_UP_COUNT + CALLS_COUNT; held += GRANTS_PER_TASK)
    tasks.push((await openTask(bench)).body.id);
  const requestAccess = await measure(bench, 'requestAccess', async (n) => {
    const task = tasks[Math.floor(n / GRANTS_PER_TASK)] ?? '';
    const asked = await askForAccess(bench, task, false);
    grants.push(asked.body.id);
    // What the workflow does now is not part of the next request.
    await readGrant(bench, asked.body.id, '?wait=20');
    return asked;
  });
  const results = [
    requestAccess,
    await measure(bench, 'readGrant', (n) => readGrant(bench, grantAt(n))),
    await measure(bench, 'listGrants', async () => expect(await bench.crew.get('/v1/grants'), 200)),
    await measure(bench, 'vendCredential', (n) => vend(bench, grantAt(n))),
  ];
  return { results, grants };
};

/** The first requests warm the function up and are not counted. `act` gets the number of its turn, from 0. */
export const measure = async (
  bench: Bench,
  operation: Operation,
  act: (turn: number) => Promise<ApiAnswer>,
): Promise<RouteResult> => {
  const route = routeOf(operation);
  const samples: Sample[] = [];
  for (let turn = 0; turn < WARM_UP_COUNT + CALLS_COUNT; turn += 1) {
    const before = bench.calls.length;
    const { durationMs } = await act(turn);
    if (turn >= WARM_UP_COUNT) samples.push({ ms: durationMs, operations: callsOf(bench, route, before) });
  }
  return routeResult(route, samples);
};

/** What the function behind a route has called since `before`, a length of `calls`. */
export const callsOf = ({ calls }: Bench, route: Route, before: number): readonly string[] =>
  calls
    .slice(before)
    .filter(({ functionName }) => functionName === route.function)
    .map((call) => call.operation);

export const routeOf = (operation: Operation): Route => {
  const route = ROUTES.find((one) => one.operation === operation);
  if (!route) throw new TypeError(`no route for ${operation}`);
  return route;
};

export const routeResult = (route: Route, samples: readonly Sample[]): RouteResult => {
  const calls = samples.map(({ operations }) => operations).toSorted((a, b) => a.length - b.length);
  return {
    route,
    times: summarize(samples.map(({ ms }) => ms)),
    calls: { fewest: calls[0] ?? [], most: calls.at(-1)?.length ?? 0 },
  };
};
