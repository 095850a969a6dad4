import type { EventContext } from '../core/audit/event.ts';
import { APPROVAL_USE_SECONDS, SECOND_MS } from '../core/limits.ts';
import { type RunUse, whyOver } from '../core/run/check-run.ts';
import type { PendingApprovalRun, Run, RunFailureCode } from '../core/run/run.ts';
import { isSettled } from '../core/run/run.ts';
import { overdueOutcome, settleRun } from '../core/run/run-life.ts';
import type { EpochMs } from '../core/time.ts';
import { decideUntilCommitted } from './attempts.ts';
import { nudge } from './nudge.ts';
import type { Backoff, Clock, Log, Store, Workflow } from './ports.ts';
import { recordRun } from './record-run.ts';
import { settlePendingRun } from './settle-pending-run.ts';
import { startRunWorkflow } from './start-workflow.ts';

export interface SweepRunDeps {
  readonly store: Pick<Store, 'readRunForUse' | 'readApproval' | 'readWaitToken' | 'commit'>;
  readonly workflow: Pick<Workflow, 'startRun' | 'endWait'>;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly log: Log;
}

/** Starts a run whose workflow is missing, and settles one that nobody else is going to settle. It is never executed here. */
export const sweepRun = async (deps: SweepRunDeps, runId: string, context: EventContext): Promise<void> => {
  const run = await decideUntilCommitted(() => attempt(deps, runId, context), deps.backoff);
  if (run?.state === 'queued' || run?.state === 'pending_approval') await startRunWorkflow(deps, run);
  if (run?.approval !== undefined) await nudge(deps, { about: { runId }, approval: run.approval });
};

/** The run as it is now, where something is left to do about its workflow. */
const attempt = async (
  deps: SweepRunDeps,
  runId: string,
  context: EventContext,
): Promise<Run | undefined | 'lost'> => {
  const read = await deps.store.readRunForUse(runId);
  const { run, grant } = read;
  if (!run || !grant || run.state === 'denied' || isSettled(run)) return undefined;
  const now = deps.clock();
  if (run.state === 'pending_approval') {
    const code = whyStopWaiting(run, read, now);
    if (!code) return run;
    const about = { run, grant, context, now };
    const approval = await deps.store.readApproval(run.approval);
    const { outcome, recorded } = await settlePendingRun(deps.store, about, { code, approval });
    return outcome === 'lost' ? 'lost' : recorded.run;
  }
  const outcome = overdueOutcome(run, now);
  if (!outcome) return run.state === 'queued' ? run : undefined;
  const settled = recordRun(settleRun(run, outcome, now), { grant, context, at: now });
  const committed = await deps.store.commit({
    grants: [settled.grant],
    runs: [settled.run],
    entries: [settled.entry],
  });
  return committed === 'lost' ? 'lost' : undefined;
};

/** Why nobody has to decide about it any more. The workflow takes a decision of the last moment, so that has its time. */
const whyStopWaiting = (run: PendingApprovalRun, read: RunUse, now: EpochMs): RunFailureCode | undefined => {
  const over = whyOver(read, now);
  if (over) return over;
  return now >= run.approveBy + APPROVAL_USE_SECONDS * SECOND_MS ? 'nobody_approved' : undefined;
};
