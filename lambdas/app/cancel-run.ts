import type { Receipt } from '../core/audit/entry.ts';
import { isSameHolder } from '../core/identity/principal.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Run } from '../core/run/run.ts';
import { decideUntilCommitted } from './attempts.ts';
import { type Caller, callerContext, type Software } from './caller.ts';
import type { Backoff, Clock, Log, Notifier, Store, Workflow } from './ports.ts';
import { settlePendingRun } from './settle-pending-run.ts';
import { signalEnd } from './start-workflow.ts';
import { tellPeople } from './tell-people.ts';

export interface CancelRunDeps {
  readonly store: Pick<Store, 'readRunForUse' | 'readApproval' | 'readWaitToken' | 'commit'>;
  readonly workflow: Pick<Workflow, 'endWait'>;
  readonly notifier: Notifier;
  readonly software: Software;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly log: Log;
}

interface Cancelled {
  readonly run: Run;
  readonly receipt: Receipt;
  /** The approval that was waited for, when it was this call that stopped it. */
  readonly approval: string | undefined;
}

/**
 * Withdraws a run that waits for people. What has begun, or is over, stays what it is and is answered as it is: a
 * statement that may have been executed cannot be taken back.
 */
export const cancelRun = async (
  deps: CancelRunDeps,
  caller: Caller,
  runId: string,
): Promise<Result<Cancelled>> => {
  const cancelled = await decideUntilCommitted(() => attempt(deps, caller, runId), deps.backoff);
  if (cancelled.ok && cancelled.value.approval !== undefined)
    await tell(deps, cancelled.value.run.grant, cancelled.value.approval);
  return cancelled;
};

const attempt = async (
  deps: CancelRunDeps,
  caller: Caller,
  runId: string,
): Promise<Result<Cancelled> | 'lost'> => {
  const { run, grant } = await deps.store.readRunForUse(runId);
  if (!run || !grant || !isSameHolder(run.principal, caller.principal)) return fail({ code: 'not_found' });
  const receipt = { chain: run.grant, ...run.head };
  if (run.state !== 'pending_approval') return ok({ run, receipt, approval: undefined });
  const about = { run, grant, context: callerContext(caller, deps.software), now: deps.clock() };
  const approval = await deps.store.readApproval(run.approval);
  const { outcome, recorded } = await settlePendingRun(deps.store, about, {
    code: 'cancelled_by_principal',
    approval,
  });
  if (outcome === 'lost') return 'lost';
  const now = { chain: run.grant, ...recorded.run.head };
  return ok({ run: recorded.run, receipt: now, approval: run.approval });
};

/** It is recorded, so what fails here only makes others hear of it later. */
const tell = async (deps: CancelRunDeps, grantId: string, approval: string): Promise<void> => {
  await signalEnd(deps, { waitsFor: approval, grantId });
  await tellPeople(deps, { approval, grantId });
};
