import { GENESIS } from '../audit/chain.ts';
import type { Principal } from '../identity/principal.ts';
import { SECOND_MS } from '../limits.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { EpochMs } from '../time.ts';
import type { Change } from './change.ts';
import { taskMaxEnd } from './due-at.ts';
import type { EndedTask, OpenTask, Task } from './task.ts';

export interface TaskRequest {
  readonly id: string;
  readonly name: string;
  readonly leaseSeconds: number | undefined;
  readonly principal: Principal;
}

export const openTask = (request: TaskRequest, now: EpochMs): Change<OpenTask> => {
  const { issuer, subject, type, name, owners } = request.principal;
  return {
    next: {
      id: request.id,
      version: 0,
      head: GENESIS,
      name: request.name,
      principal: { issuer, subject, type, name },
      owners,
      createdAt: now,
      leaseSeconds: request.leaseSeconds,
      state: 'open',
      openUntil: leaseEnd(request.leaseSeconds, now, now),
    },
    fact: {
      type: 'task.opened',
      task: request.id,
      name: request.name,
      leaseSeconds: request.leaseSeconds ?? null,
      owners,
    },
  };
};

/** Renews a lease. A lease that has run out cannot be revived: what it held is being ended. */
export const renewTask = (task: Task, now: EpochMs): Result<Change<OpenTask>> => {
  if (task.state !== 'open' || now >= task.openUntil) return fail({ code: 'task_over' });
  const openUntil = leaseEnd(task.leaseSeconds, task.createdAt, now);
  return ok({ next: { ...task, openUntil }, fact: { type: 'task.renewed', task: task.id, openUntil } });
};

const leaseEnd = (leaseSeconds: number | undefined, createdAt: EpochMs, now: EpochMs): EpochMs =>
  leaseSeconds === undefined
    ? taskMaxEnd(createdAt)
    : Math.min(now + leaseSeconds * SECOND_MS, taskMaxEnd(createdAt));

/** The tombstone: written before anything the task holds is ended, so that nothing new can join it. */
export const endTask = (task: OpenTask, cause: EndedTask['cause'], now: EpochMs): Change<EndedTask> => {
  const { openUntil: _, ...kept } = task;
  return {
    next: { ...kept, state: 'ended', endedAt: now, cause, ending: 'pending' },
    fact: { type: 'task.ended', task: task.id, cause },
  };
};

/** Every grant of the task has been ended. Whether each is proved dead is that grant's own matter. */
export const settleTask = (task: EndedTask, grants: number): Change<EndedTask> => ({
  next: { ...task, ending: 'done' },
  fact: { type: 'task.settled', task: task.id, grants },
});
