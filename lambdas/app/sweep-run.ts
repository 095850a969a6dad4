import type { EventContext } from '../core/audit/event.ts';
import { overdueOutcome, settleRun } from '../core/run/run-life.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Backoff, Clock, Log, Store, Workflow } from './ports.ts';
import { recordRun } from './record-run.ts';
import { startRunWorkflow } from './start-workflow.ts';

export interface SweepRunDeps {
  readonly store: Pick<Store, 'readRunForUse' | 'commit'>;
  readonly workflow: Pick<Workflow, 'startRun'>;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly log: Log;
}

/** Starts a run whose workflow is missing, and settles one that nobody else is going to settle. It is never executed here. */
export const sweepRun = async (deps: SweepRunDeps, runId: string, context: EventContext): Promise<void> => {
  const state = await decideUntilCommitted(() => attempt(deps, runId, context), deps.backoff);
  if (state === 'start') await startRunWorkflow(deps, runId);
};

const attempt = async (
  deps: SweepRunDeps,
  runId: string,
  context: EventContext,
): Promise<'start' | 'settled' | 'lost'> => {
  const { run, grant } = await deps.store.readRunForUse(runId);
  if (!run || !grant || run.state === 'denied' || 'outcome' in run) return 'settled';
  const at = deps.clock();
  const outcome = overdueOutcome(run, at);
  if (!outcome) return run.state === 'queued' ? 'start' : 'settled';
  const settled = recordRun(settleRun(run, outcome, at), { grant, context, at });
  const committed = await deps.store.commit({
    grants: [settled.grant],
    runs: [settled.run],
    entries: [settled.entry],
  });
  return committed === 'lost' ? 'lost' : 'settled';
};
