import { receiptOf } from '../core/audit/chain.ts';
import type { Task } from '../core/grant/task.ts';
import { renewTask as renewTaskState } from '../core/grant/task-life.ts';
import { isSameHolder } from '../core/identity/principal.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import type { TaskAnswer } from './open-task.ts';
import type { Backoff, Log, Store, Workflow } from './ports.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';

export interface RenewDeps extends TrailDeps {
  readonly store: Pick<Store, 'readTask' | 'commit' | 'grantsOfTask' | 'readWaitToken' | 'appendSystem'>;
  readonly workflow: Pick<Workflow, 'renewWait'>;
  readonly backoff: Backoff;
  readonly log: Log;
}

/** The dead-man switch: moves the end of the lease on, and tells the workflows that hold on it. */
export const renewTask = async (
  deps: RenewDeps,
  caller: Caller,
  taskId: string,
): Promise<Result<TaskAnswer>> => {
  const renewed = await decideUntilCommitted(() => attempt(deps, caller, taskId), deps.backoff);
  if (renewed.ok && renewed.value.task.leaseSeconds !== undefined) await renewWaits(deps, taskId);
  return renewed;
};

const attempt = async (
  deps: RenewDeps,
  caller: Caller,
  taskId: string,
): Promise<Result<TaskAnswer> | 'lost'> => {
  const task = await deps.store.readTask(taskId);
  if (!task || !isSameHolder(task.principal, caller.principal)) return fail({ code: 'not_found' });
  const now = deps.clock();
  const change = renewTaskState(task, now);
  if (!change.ok) return change;
  const { state, entry } = record<Task>(change.value, callerContext(caller, deps.software), now);
  const outcome = await deps.store.commit({ tasks: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : ok({ task: state, receipt: receiptOf(entry) });
};

const renewWaits = async (deps: RenewDeps, taskId: string): Promise<void> => {
  const grants = await deps.store.grantsOfTask(taskId);
  await Promise.all(grants.map((grant) => renewWait(deps, grant)));
};

/** A heartbeat that does not arrive can only end access early, so it is logged and not an error of the renewal. */
const renewWait = async (deps: RenewDeps, grantId: string): Promise<void> => {
  try {
    const token = await deps.store.readWaitToken(grantId);
    if (token !== undefined) await deps.workflow.renewWait(token);
  } catch {
    deps.log('warn', 'heartbeat not delivered', { grantId });
  }
};
