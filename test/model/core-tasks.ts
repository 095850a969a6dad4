import type { EndCause } from '../../lambdas/core/grant/grant.ts';
import { taskId } from '../../lambdas/core/grant/ids.ts';
import type { EndedTask, Task } from '../../lambdas/core/grant/task.ts';
import { endTask, openTask, renewTask, settleTask } from '../../lambdas/core/grant/task-life.ts';
import { isTaskOpen } from '../../lambdas/core/grant/use-grant.ts';
import { PRINCIPAL } from '../support/facts.ts';
import { again, end, type Life, newRandom, refused, writeTask } from './core-life.ts';
import type { Came } from './world.ts';

const DONE: Came = { came: 'done' };

const CAUSE_OF_GRANTS: Readonly<Record<EndedTask['cause'], EndCause>> = {
  ended_by_principal: 'task_ended',
  lease_lost: 'lease_lost',
  too_old: 'task_ended',
  contained: 'contained',
};

export const openOne = async (life: Life, leaseSeconds: number | undefined): Promise<Came> => {
  const id = taskId(newRandom());
  await again(() =>
    writeTask(life, openTask({ id, name: 'a task', leaseSeconds, principal: PRINCIPAL }, life.scene.clock())),
  );
  return { came: 'done', made: id };
};

export const readTask = ({ tables, pass }: Life, id: string) => pass(async () => tables.tasks.get(id));

export const renew = (life: Life, id: string): Promise<Came> =>
  again(async () => {
    const task = await readTask(life, id);
    const step = task && renewTask(task, life.scene.clock());
    if (!step?.ok) return refused('task_over');
    return (await writeTask(life, step.value)) === 'lost' ? 'lost' : DONE;
  });

/** The tombstone first. */
export const endWhole = async (life: Life, id: string): Promise<Came> => {
  const ended = await tombstone(life, id, 'ended_by_principal');
  if (ended) await endGrantsOf(life, ended);
  return DONE;
};

export const tombstone = (
  life: Life,
  id: string,
  cause: EndedTask['cause'],
): Promise<EndedTask | undefined> =>
  again(async () => {
    const task = await readTask(life, id);
    return task?.state === 'open' ? writeTask(life, endTask(task, cause, life.scene.clock())) : task;
  });

const endGrantsOf = async (life: Life, task: EndedTask): Promise<void> => {
  const cause = CAUSE_OF_GRANTS[task.cause];
  const held = await life.pass(async () =>
    [...life.tables.grants.values()].filter((grant) => grant.task === task.id),
  );
  for (const { id } of held) await end(life, id, cause);
  await again<Task | undefined>(async () => {
    const now = await readTask(life, task.id);
    return now?.state === 'ended' && now.ending === 'pending'
      ? writeTask(life, settleTask(now, held.length))
      : now;
  });
};

export const sweepTask = async (life: Life, id: string): Promise<void> => {
  const task = await readTask(life, id);
  if (!task || isTaskOpen(task, life.scene.clock())) return;
  const ended = await tombstone(life, id, 'lease_lost');
  if (ended) await endGrantsOf(life, ended);
};
