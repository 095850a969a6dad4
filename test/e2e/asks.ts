import { createHash } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from '../../lambdas/http/routes.ts';
import type { RawAnswer } from './raw-call.ts';
import type { Ask, Caller, RunningStack } from './running-stack.ts';

/** A request for `orders-db` that policy gives to the sales crew at once. */
export const REQUEST = {
  resource: 'orders-db',
  action: 'postgres:connect',
  durationSeconds: 600,
  reason: 'weekly report',
};

export const openTask = (json: object = { name: 'a task' }): Ask => ({
  method: 'POST',
  path: '/v1/tasks',
  json,
});
export const endTask = (id: string): Ask => ({ method: 'DELETE', path: `/v1/tasks/${id}` });
export const requestAccess = (task: string, change: object = {}, headers = WAIT): Ask => ({
  method: 'POST',
  path: '/v1/grants',
  json: { ...REQUEST, task, ...change },
  headers,
});
export const readGrant = (id: string): Ask => ({ method: 'GET', path: `/v1/grants/${id}` });
export const vend = (id: string): Ask => ({ method: 'POST', path: `/v1/grants/${id}/credentials` });
export const runSql = (grant: string, sql: string, more: object = {}): Ask => ({
  method: 'POST',
  path: `/v1/grants/${grant}/runs`,
  json: { sql, ...more },
});
export const contain = (scope: object, why = 'an exercise'): Ask => ({
  method: 'POST',
  path: '/v1/containments',
  json: { ...scope, why },
});
export const lift = (id: string, why = 'the exercise is over'): Ask => ({
  method: 'DELETE',
  path: `/v1/containments/${id}`,
  json: { why },
});
const nobodysKey = (seed: string): string => createHash('sha256').update(seed).digest('hex').slice(0, 32);
export const release = (id: string): Ask => ({ method: 'DELETE', path: `/v1/grants/${id}` });

const WAIT: Readonly<Record<string, string>> = { prefer: 'wait=20' };

export const idOf = ({ status, json, text }: RawAnswer): string => {
  if (typeof json === 'object' && json !== null && 'id' in json && typeof json.id === 'string')
    return json.id;
  throw new Error(`no id in ${status} ${text}`);
};

export const newTask = async (caller: Caller): Promise<string> => idOf(await caller.ask(openTask()));

/** A grant that is active, with its task; its workflow waits for the end. */
export const newActive = async (
  running: RunningStack,
  caller: Caller,
  change: object = {},
): Promise<{ task: string; grant: string }> => {
  const task = await newTask(caller);
  const grant = idOf(await caller.ask(requestAccess(task, change)));
  await waitToken(running, grant);
  return { task, grant };
};

/** The callback token of the workflow that waits for the end of a grant, as the table holds it. */
export const waitToken = (running: RunningStack, grant: string): Promise<string> =>
  until(async () => {
    const items = await running.items('grants');
    return items.find(({ pk }) => pk?.S === `WAIT#${grant}`)?.token?.S;
  });

/** How many credentials the trail says were issued under a grant. */
export const issuedUnder = async (running: RunningStack, grant: string): Promise<number> =>
  (await running.trail()).filter(({ chain, event }) => chain === grant && event.type === 'credential.issued')
    .length;

/** Looks until there is something to see. */
export const until = async <T>(look: () => Promise<T | undefined>, seconds = 20): Promise<T> => {
  for (const end = Date.now() + seconds * 1_000; ; await pause(40)) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > end) throw new Error(`waited ${seconds} s for nothing`);
  }
};

/** Someone's task and grant, which a good request of any operation can be about. */
export interface Things {
  readonly task: string;
  readonly grant: string;
  readonly run?: string;
  readonly plan?: string;
  readonly containment?: string;
}

/** A run that was executed, with its grant, which is active, and its task. */
export const newRun = async (
  running: RunningStack,
  caller: Caller,
): Promise<Things & { readonly run: string }> => {
  const things = await newActive(running, caller, { action: 'postgres:read' });
  const answer = await caller.ask(ASKS.requestRun(things));
  if (answer.status !== 200) throw new Error(answer.text);
  return { ...things, run: idOf(answer) };
};

/** A plan that waits for people, with its grant, which is active, and its task. */
export const newPlan = async (
  running: RunningStack,
  caller: Caller,
): Promise<Things & { readonly plan: string }> => {
  const things = await newActive(running, caller, { action: 'postgres:read' });
  return { ...things, plan: idOf(await caller.ask(ASKS.requestPlan(things))) };
};

/** One good request of each operation. A new route without one does not compile. */
export const ASKS: Readonly<Record<Operation, (things: Things) => Ask>> = {
  whoAmI: () => ({ method: 'GET', path: '/v1/me' }),
  listResources: () => ({ method: 'GET', path: '/v1/resources' }),
  openTask: () => openTask(),
  listTasks: () => ({ method: 'GET', path: '/v1/tasks' }),
  readTask: ({ task }) => ({ method: 'GET', path: `/v1/tasks/${task}` }),
  renewTask: ({ task }) => ({ method: 'POST', path: `/v1/tasks/${task}/heartbeat` }),
  endTask: ({ task }) => endTask(task),
  requestAccess: ({ task }) => requestAccess(task, {}, {}),
  listGrants: () => ({ method: 'GET', path: '/v1/grants' }),
  readGrant: ({ grant }) => readGrant(grant),
  requestRun: ({ grant }) => runSql(grant, 'SELECT count(*) FROM orders'),
  readRun: ({ run }) => ({ method: 'GET', path: `/v1/runs/${run}` }),
  requestPlan: ({ grant }) => ({
    method: 'POST',
    path: '/v1/plans',
    json: { grant, reason: 'a plan', statements: [{ sql: 'SELECT count(*) FROM orders' }] },
  }),
  readPlan: ({ plan }) => ({ method: 'GET', path: `/v1/plans/${plan}` }),
  endPlan: ({ plan }) => ({ method: 'DELETE', path: `/v1/plans/${plan}` }),
  cancelRun: ({ run }) => ({ method: 'DELETE', path: `/v1/runs/${run}` }),
  vendCredential: ({ grant }) => vend(grant),
  releaseGrant: ({ grant }) => release(grant),
  // Of nobody, so that it is in nobody's way; of another nobody for each task.
  contain: ({ task }) => contain({ scope: 'principal', key: nobodysKey(task) }),
  listContainments: () => ({ method: 'GET', path: '/v1/containments' }),
  readContainment: ({ containment }) => ({ method: 'GET', path: `/v1/containments/${containment}` }),
  liftContainment: ({ containment }) => lift(String(containment)),
  readOpenApi: () => ({ method: 'GET', path: '/v1/openapi.json' }),
  listProblems: () => ({ method: 'GET', path: '/v1/problems' }),
  readProblem: () => ({ method: 'GET', path: '/v1/problems/not_found' }),
};
