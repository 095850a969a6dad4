import type { Approval } from '../core/approval/approval.ts';
import { closeApproval, isOpen } from '../core/approval/approval-life.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { Containment, PassFound } from '../core/containment/containment.ts';
import { quietAt } from '../core/containment/containment-life.ts';
import { CONTAINMENT_CONCURRENCY } from '../core/containment/limits.ts';
import { owesEnding } from '../core/grant/end-grant.ts';
import type { OpenTask } from '../core/grant/task.ts';
import type { OpenRun } from '../core/run/run.ts';
import { decideUntilCommitted } from './attempts.ts';
import { endGrant } from './end-grant.ts';
import { type EndTaskDeps, writeTombstone } from './end-task.ts';
import { type FindWithinDeps, findWithin } from './find-within.ts';
import { inTurns } from './in-turns.ts';
import type { Notifier, Store } from './ports.ts';
import { record } from './record.ts';
import { settlePendingRun } from './settle-pending-run.ts';
import { signalEnd } from './start-workflow.ts';
import { tellPeople } from './tell-people.ts';

export interface EndWithinDeps extends EndTaskDeps {
  readonly store: EndTaskDeps['store'] & FindWithinDeps['store'] & Pick<Store, 'readRunForUse'>;
  readonly notifier: Notifier;
}

interface Pass {
  readonly deps: EndWithinDeps;
  readonly context: EventContext;
  readonly found: { grants: number; runs: number; approvals: number; tasks: number; owed: number };
}

/**
 * One pass over what is within: tombstones first, so that nothing can join a task that is being ended; then every grant;
 * then what people are asked about. Targets are reached by the workflows, or by the sweeper where there is none.
 */
export const endWithin = async (
  deps: EndWithinDeps,
  containment: Containment,
  context: EventContext,
): Promise<PassFound> => {
  const at = deps.clock();
  const found = { grants: 0, runs: 0, approvals: 0, tasks: 0, owed: 0 };
  const pass = { deps, context, found };
  const within = await findWithin(deps, containment.scope);
  const joined = new Set(within.grants.map(({ id }) => id));
  await inTurns(within.tasks, CONTAINMENT_CONCURRENCY, async (task) => {
    for (const id of await endTask(pass, task)) joined.add(id);
    // An agent that goes on opening tasks, in which it gets nothing, would keep this from ever settling.
    if (task.createdAt < quietAt(containment)) found.tasks += 1;
  });
  await inTurns([...joined], CONTAINMENT_CONCURRENCY, (id) => endOne(pass, id));
  await inTurns(within.runs, CONTAINMENT_CONCURRENCY, (run) => endRun(pass, run));
  await inTurns(within.plans, CONTAINMENT_CONCURRENCY, ({ id }) => endPlan(pass, id));
  return { at, ...found };
};

/** What the task holds, read when nothing can join it any more. Once its grants are over, the sweeper settles it. */
const endTask = async ({ deps, context }: Pass, { id }: OpenTask): Promise<readonly string[]> => {
  const end = { taskId: id, cause: 'contained', isMine: () => true } as const;
  await decideUntilCommitted(() => writeTombstone(deps, end, context), deps.backoff);
  return deps.store.grantsOfTask(id);
};

const endOne = async ({ deps, context, found }: Pass, grantId: string): Promise<void> => {
  const end = { grantId, cause: 'contained', isMine: () => true } as const;
  const { grant, entry } = await endGrant(deps, end, context);
  if (entry) found.grants += 1;
  if (grant && owesEnding(grant)) found.owed += 1;
};

/** One that waits for people ends here. One that has begun, or is about to, ends by its own clock and without its grant. */
const endRun = async ({ deps, context, found }: Pass, { id }: OpenRun): Promise<void> => {
  const ended = await decideUntilCommitted(() => settleWaiting(deps, id, context), deps.backoff);
  if (ended === 'not_waiting') {
    found.owed += 1;
    return;
  }
  if (!ended) return;
  found.runs += 1;
  await signalEnd(deps, ended);
};

const settleWaiting = async (deps: EndWithinDeps, runId: string, context: EventContext) => {
  const { run, grant } = await deps.store.readRunForUse(runId);
  if (!run || !grant) return undefined;
  if (run.state === 'queued' || run.state === 'running') return 'not_waiting';
  if (run.state !== 'pending_approval') return undefined;
  const approval = await deps.store.readApproval(run.approval);
  const about = { run, grant, context, now: deps.clock() };
  const { outcome } = await settlePendingRun(deps.store, about, { code: 'contained', approval });
  return outcome === 'lost' ? 'lost' : { waitsFor: run.approval, grantId: run.grant };
};

const endPlan = async ({ deps, context, found }: Pass, id: string): Promise<void> => {
  const closed = await decideUntilCommitted(() => closePlan(deps, id, context), deps.backoff);
  if (!closed) return;
  found.approvals += 1;
  await tellPeople(deps, { approval: id, grantId: closed.asked.grant });
};

const closePlan = async (
  deps: EndWithinDeps,
  id: string,
  context: EventContext,
): Promise<Approval | undefined | 'lost'> => {
  const approval = await deps.store.readApproval(id);
  if (!approval || !isOpen(approval)) return undefined;
  const now = deps.clock();
  const change = closeApproval(approval, { state: 'cancelled', cause: 'contained' }, now);
  const { state, entry } = record<Approval>(change, context, now);
  const outcome = await deps.store.commit({ approvals: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : state;
};
