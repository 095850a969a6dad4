import type { Wire } from './api-client.ts';
import { askForAccess, type Bench, openSession, openTask } from './bench-crew.ts';
import type { EndedAtOnce, EndResult, LifeResult, RouteResult } from './bench-results.ts';
import { callsOf, routeOf, routeResult, type Sample } from './bench-routes.ts';
import { summarize } from './bench-statistics.ts';
import { expect } from './expect-status.ts';

const LIVES_COUNT = 100;
const GRANTS_PER_TASK = 50;
const AT_ONCE_COUNT = 20;

export interface Lives {
  readonly life: LifeResult;
  /** `DELETE /v1/grants/{id}` as a route. */
  readonly release: RouteResult;
}

/** Grants from the request to the proof of death, one after the other, each with a session open when it is ended. */
export const measureLives = async (bench: Bench): Promise<Lives> => {
  const route = routeOf('releaseGrant');
  const active: number[] = [];
  const ended: Ended[] = [];
  const samples: Sample[] = [];
  let task = '';
  for (let turn = 0; turn < LIVES_COUNT; turn += 1) {
    if (turn % GRANTS_PER_TASK === 0) task = (await openTask(bench)).body.id;
    const grant = await askForAccess(bench, task, true);
    active.push(grant.durationMs);
    const session = await openSession(bench, grant.body.id);
    const before = bench.calls.length;
    const askedAt = performance.now();
    const released = expect(await bench.crew.end<Wire['GrantView']>(`/v1/grants/${grant.body.id}`), 200);
    samples.push({ ms: released.durationMs, operations: callsOf(bench, route, before) });
    ended.push({ deadAfterMs: deadAfterMs(released.body), cutMs: (await session.cutAt) - askedAt });
  }
  return {
    life: { active: summarize(active), ...endResult(ended) },
    release: routeResult(route, samples),
  };
};

export const measureEndedAtOnce = async (bench: Bench): Promise<EndedAtOnce> => ({
  first: await endAtOnce(bench),
  again: await endAtOnce(bench),
});

/** Twenty grants of one task, each with a session open, ended by the end of their task. */
const endAtOnce = async (bench: Bench): Promise<EndResult> => {
  const task = (await openTask(bench)).body.id;
  const sessions = [];
  for (let turn = 0; turn < AT_ONCE_COUNT; turn += 1) {
    const grant = await askForAccess(bench, task, true);
    sessions.push(await openSession(bench, grant.body.id));
  }
  const askedAt = performance.now();
  const { body } = expect(await bench.crew.end<Wire['TaskView']>(`/v1/tasks/${task}`), 200);
  const cuts = await Promise.all(sessions.map(async ({ cutAt }) => (await cutAt) - askedAt));
  return {
    deadAfter: summarize((body.grants ?? []).map(deadAfterMs)),
    cut: summarize(cuts),
  };
};

interface Ended {
  readonly deadAfterMs: number;
  readonly cutMs: number;
}

const endResult = (ended: readonly Ended[]): EndResult => ({
  deadAfter: summarize(ended.map((one) => one.deadAfterMs)),
  cut: summarize(ended.map(({ cutMs }) => cutMs)),
});

const deadAfterMs = ({ id, ending }: Wire['GrantView']): number => {
  if (ending?.status === 'dead' && ending.deadAfterMs !== undefined) return ending.deadAfterMs;
  throw new Error(`${id} was not proved dead: ${JSON.stringify(ending)}`);
};
