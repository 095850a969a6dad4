import { receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import { ID_RANDOM_BYTES, taskId } from '../core/grant/ids.ts';
import type { Task } from '../core/grant/task.ts';
import { openTask as openTaskState } from '../core/grant/task-life.ts';
import { isSameHolder, principalKey } from '../core/identity/principal.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import { earlierRequest, rememberRequest } from './idempotency.ts';
import type { Backoff, RandomBytes, Store } from './ports.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';

export interface TaskAsk {
  readonly name: string;
  readonly leaseSeconds?: number | undefined;
}

export interface TaskDeps extends TrailDeps {
  readonly store: Pick<Store, 'readIdempotency' | 'readTask' | 'commit' | 'appendSystem'>;
  readonly random: RandomBytes;
  readonly backoff: Backoff;
}

export interface TaskAnswer {
  readonly task: Task;
  readonly receipt: Receipt;
}

interface Ask {
  readonly request: TaskAsk;
  readonly idempotencyKey: string | undefined;
}

/** Opens a task under an id of ours. Only callers that config knows may open one. */
export const openTask = async (deps: TaskDeps, caller: Caller, ask: Ask): Promise<Result<TaskAnswer>> => {
  if (!caller.principal.listed) return fail({ code: 'principal_unknown' });
  return decideUntilCommitted(() => attempt(deps, caller, ask), deps.backoff);
};

const attempt = async (deps: TaskDeps, caller: Caller, ask: Ask): Promise<Result<TaskAnswer> | 'lost'> => {
  const me = principalKey(caller.principal);
  const now = deps.clock();
  if (ask.idempotencyKey !== undefined) {
    const earlier = earlierRequest(
      await deps.store.readIdempotency(me, ask.idempotencyKey),
      ask.request,
      now,
    );
    if (!earlier.ok) return earlier;
    if (earlier.value) return answerAgain(deps, caller, earlier.value);
  }
  const change = openTaskState(
    {
      id: taskId(deps.random(ID_RANDOM_BYTES)),
      name: ask.request.name,
      leaseSeconds: ask.request.leaseSeconds,
      principal: caller.principal,
    },
    now,
  );
  const { state, entry } = record<Task>(change, callerContext(caller, deps.software), now);
  const outcome = await deps.store.commit({
    tasks: [state],
    entries: [entry],
    ...rememberRequest(ask.idempotencyKey, ask.request, { principalKey: me, id: state.id, at: now }),
  });
  return outcome === 'lost' ? 'lost' : ok({ task: state, receipt: receiptOf(entry) });
};

const answerAgain = async (deps: TaskDeps, caller: Caller, id: string): Promise<Result<TaskAnswer>> => {
  const task = await deps.store.readTask(id);
  return task && isSameHolder(task.principal, caller.principal)
    ? ok({ task, receipt: { chain: task.id, ...task.head } })
    : fail({ code: 'not_found' });
};
