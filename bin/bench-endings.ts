import type { Wire } from './api-client.ts';
import { askForAccess, type Bench, openSession, openTask } from './bench-crew.ts';
import { deadAfterMs } from './bench-kinds.ts';
import type { EndedAtOnce, EndResult } from './bench-results.ts';
import { summarize } from './bench-statistics.ts';
import { expect } from './expect-status.ts';

const AT_ONCE_COUNT = 20;

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
  const cuts = await Promise.all(sessions.map(async (session) => (await session.cut()) - askedAt));
  return {
    deadAfter: summarize((body.grants ?? []).map(deadAfterMs)),
    cut: summarize(cuts),
  };
};
