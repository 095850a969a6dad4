import { receiptOf } from '../core/audit/chain.ts';
import type { EventContext } from '../core/audit/event.ts';
import { isDying } from '../core/grant/end-grant.ts';
import type { EndCause, Grant } from '../core/grant/grant.ts';
import type { EndedTask, Task } from '../core/grant/task.ts';
import { endTask as endTaskState, settleTask } from '../core/grant/task-life.ts';
import { isSameHolder } from '../core/identity/principal.ts';
import { END_WAIT_MAX_SECONDS } from '../core/limits.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import type { EndDeps } from './end-grant.ts';
import { endGrant } from './end-grant.ts';
import type { TaskAnswer } from './open-task.ts';
import type { Sleep, Store } from './ports.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';
import { waitUntil } from './wait-until.ts';

export interface EndTaskDeps extends EndDeps {
  readonly store: EndDeps['store'] & Pick<Store, 'readTask' | 'grantsOfTask'>;
}

export interface EndedTaskAnswer extends TaskAnswer {
  readonly grants: readonly Grant[];
}

/** Ends the caller's task and everything it holds, and waits a while for the proofs of death. */
export const endTask = async (
  deps: EndTaskDeps & Omit<TrailDeps, 'store'> & { readonly sleep: Sleep },
  caller: Caller,
  taskId: string,
): Promise<Result<EndedTaskAnswer>> => {
  const context = callerContext(caller, deps.software);
  const isMine = (task: Task) => isSameHolder(task.principal, caller.principal);
  const ended = await decideUntilCommitted(
    () => writeTombstone(deps, { taskId, cause: 'ended_by_principal', isMine }, context),
    deps.backoff,
  );
  if (!ended) return fail({ code: 'not_found' });
  const first = await endOrRead(deps, ended.task, context);
  const grants = await waitUntil<readonly Grant[]>(
    { first, again: () => readAgain(deps, first), isDone: (seen) => !seen.some(isDying) },
    END_WAIT_MAX_SECONDS,
    deps,
  );
  return ok({ ...ended, grants });
};

/** A task that is settled has nothing left to end: asking again only reads, and costs nobody a signal. */
const endOrRead = async (
  deps: EndTaskDeps,
  task: EndedTask,
  context: EventContext,
): Promise<readonly Grant[]> => {
  if (task.ending === 'pending') return endGrantsOf(deps, task, context);
  const ids = await deps.store.grantsOfTask(task.id);
  const grants = await Promise.all(ids.map((id) => deps.store.readGrant(id)));
  return grants.filter((grant) => grant !== undefined);
};

/** The tombstone goes first: from here on nothing can join the task and no use of what it holds passes. */
export const writeTombstone = async (
  deps: EndTaskDeps,
  ask: {
    readonly taskId: string;
    readonly cause: EndedTask['cause'];
    readonly isMine: (task: Task) => boolean;
  },
  context: EventContext,
): Promise<{ task: EndedTask; receipt: ReturnType<typeof receiptOf> } | undefined | 'lost'> => {
  const task = await deps.store.readTask(ask.taskId);
  if (!task || !ask.isMine(task)) return undefined;
  if (task.state === 'ended') return { task, receipt: { chain: task.id, ...task.head } };
  const now = deps.clock();
  const { state, entry } = record<EndedTask>(endTaskState(task, ask.cause, now), context, now);
  const outcome = await deps.store.commit({ tasks: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : { task: state, receipt: receiptOf(entry) };
};

const CAUSE_OF_GRANTS: Readonly<Record<EndedTask['cause'], EndCause>> = {
  ended_by_principal: 'task_ended',
  lease_lost: 'lease_lost',
  too_old: 'task_ended',
  contained: 'contained',
};

/** Ends every grant the task ever had and then settles the task; a crash in between is the sweeper's to finish. */
export const endGrantsOf = async (
  deps: EndTaskDeps,
  task: EndedTask,
  context: EventContext,
): Promise<readonly Grant[]> => {
  const ids = await deps.store.grantsOfTask(task.id);
  const cause = CAUSE_OF_GRANTS[task.cause];
  const ended = await Promise.all(
    ids.map((grantId) => endGrant(deps, { grantId, cause, isMine: () => true }, context)),
  );
  if (task.ending === 'pending')
    await decideUntilCommitted(() => settle(deps, task.id, ids.length, context), deps.backoff);
  return ended.map(({ grant }) => grant).filter((grant) => grant !== undefined);
};

const settle = async (
  deps: EndTaskDeps,
  taskId: string,
  grants: number,
  context: EventContext,
): Promise<'settled' | 'lost'> => {
  const task = await deps.store.readTask(taskId);
  if (task?.state !== 'ended' || task.ending === 'done') return 'settled';
  const { state, entry } = record<EndedTask>(settleTask(task, grants), context, deps.clock());
  const outcome = await deps.store.commit({ tasks: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : 'settled';
};

const readAgain = (deps: EndTaskDeps, grants: readonly Grant[]): Promise<readonly Grant[]> =>
  Promise.all(
    grants.map(async (grant) => (isDying(grant) ? ((await deps.store.readGrant(grant.id)) ?? grant) : grant)),
  );
