import { MARIADB_MISSING } from '../examples/targets/mysql/find-mariadb.ts';
import type { Wire } from './api-client.ts';
import { type Bench, openTask } from './bench-crew.ts';
import type { Ended, KindResult, RouteResult } from './bench-results.ts';
import { callsOf, routeOf, routeResult, type Sample } from './bench-routes.ts';
import { summarize } from './bench-statistics.ts';
import { expect } from './expect-status.ts';
import { MEASURED, MEASURED_NAMES, type MeasuredName } from './kind-access.ts';

const LIVES_COUNT = 100;
const GRANTS_PER_TASK = 50;
const WARM_UP_COUNT = 2;

export interface Lives {
  readonly kinds: readonly KindResult[];
  /** `DELETE /v1/grants/{id}` as a route, of databases. */
  readonly release: RouteResult;
}

/** Grants of each kind from the request to the proof of death, one after the other, each with something open when it is ended. */
export const measureLives = async (bench: Bench, onProgress: (what: string) => void): Promise<Lives> => {
  const kinds: KindResult[] = [];
  let release: RouteResult | undefined;
  for (const name of MEASURED_NAMES) {
    if (!hasTarget(bench, name)) {
      onProgress(`leaving out ${name}: ${MARIADB_MISSING}`);
      continue;
    }
    onProgress(`making and ending a hundred grants of ${name}, each with something open`);
    const lives: Life[] = [];
    let task = '';
    for (let turn = -WARM_UP_COUNT; turn < LIVES_COUNT; turn += 1) {
      if (turn === -WARM_UP_COUNT || turn % GRANTS_PER_TASK === 0) task = (await openTask(bench)).body.id;
      const life = await liveOnce(bench, { name, task });
      if (turn >= 0) lives.push(life);
    }
    kinds.push(resultOf(name, lives));
    release ??= routeResult(
      routeOf('releaseGrant'),
      lives.map(({ sample }) => sample),
    );
  }
  if (!release) throw new Error('there is no kind');
  return { kinds, release };
};

/** The one that may be missing here. */
const hasTarget = ({ stack }: Bench, name: MeasuredName): boolean => {
  const { kind, access } = MEASURED[name];
  return kind !== 'mysql' || stack.servers.has(access.request.resource);
};

interface Life extends Ended {
  readonly activeMs: number;
  readonly credentialMs: number;
  readonly sample: Sample;
}

const liveOnce = async (
  bench: Bench,
  { name, task }: { readonly name: MeasuredName; readonly task: string },
): Promise<Life> => {
  const { request, newHolder } = MEASURED[name].access;
  const holder = newHolder();
  const asked = { ...request, task, durationSeconds: 900, reason: 'benchmark' };
  const startedAt = performance.now();
  const grant = expect(
    await bench.crew.post<Wire['GrantView']>('/v1/grants', asked, { prefer: 'wait=20' }),
    201,
  );
  const { id } = grant.body;
  const vended = expect(await bench.crew.post(`/v1/grants/${id}/credentials`, holder.body), 201);
  const credentialMs = performance.now() - startedAt;
  const open = await holder.open(bench.stack, vended.body);
  const before = bench.calls.length;
  const askedAt = performance.now();
  const cut = open.cut();
  const released = expect(await bench.crew.end<Wire['GrantView']>(`/v1/grants/${id}`), 200);
  const sample = {
    ms: released.durationMs,
    operations: callsOf(bench, routeOf('releaseGrant'), before),
  };
  const cutMs = (await cut) - askedAt;
  await open.close().catch(() => undefined);
  return {
    ...{ activeMs: grant.durationMs, credentialMs, sample, cutMs },
    deadAfterMs: deadAfterMs(released.body),
  };
};

const resultOf = (name: MeasuredName, lives: readonly Life[]): KindResult => ({
  name,
  active: summarize(lives.map((life) => life.activeMs)),
  credential: summarize(lives.map((life) => life.credentialMs)),
  deadAfter: summarize(lives.map((life) => life.deadAfterMs)),
  cut: summarize(lives.map((life) => life.cutMs)),
});

export const deadAfterMs = ({ id, ending }: Wire['GrantView']): number => {
  if (ending?.status === 'dead' && ending.deadAfterMs !== undefined) return ending.deadAfterMs;
  throw new Error(`${id} was not proved dead: ${JSON.stringify(ending)}`);
};
