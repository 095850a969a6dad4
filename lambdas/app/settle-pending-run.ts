import type { Approval } from '../core/approval/approval.ts';
import { closeApproval, isOpen } from '../core/approval/approval-life.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { Grant } from '../core/grant/grant.ts';
import type { PendingApprovalRun, Run, RunFailureCode } from '../core/run/run.ts';
import { failedOutcome, type RunChange, settleRun } from '../core/run/run-life.ts';
import type { EpochMs } from '../core/time.ts';
import type { CommitOutcome, Store } from './ports.ts';
import { type Recorded, record } from './record.ts';
import { type RecordedRun, recordRun } from './record-run.ts';

/** A run that waits for people, with all that moves when it stops waiting. */
export interface PendingRun {
  readonly run: PendingApprovalRun;
  readonly grant: Grant;
  readonly context: EventContext;
  readonly now: EpochMs;
}

/** The run and its approval in one write. */
export const commitRun = async (
  store: Pick<Store, 'commit'>,
  { grant, context, now }: PendingRun,
  {
    change,
    approvals = [],
  }: { readonly change: RunChange; readonly approvals?: readonly Recorded<Approval>[] },
): Promise<{ readonly outcome: CommitOutcome; readonly recorded: RecordedRun }> => {
  const recorded = recordRun<Run>(change, { grant, context, at: now });
  const outcome = await store.commit({
    grants: [recorded.grant],
    runs: [recorded.run],
    approvals: approvals.map(({ state }) => state),
    entries: [recorded.entry, ...approvals.map(({ entry }) => entry)],
  });
  return { outcome, recorded };
};

/** Nothing comes of it, nor of what people are asked or have said about it. */
export const settlePendingRun = (
  store: Pick<Store, 'commit'>,
  about: PendingRun,
  { code, approval }: { readonly code: RunFailureCode; readonly approval: Approval | undefined },
) => {
  const { run, context, now } = about;
  const state = code === 'nobody_approved' ? 'lapsed' : 'cancelled';
  const approvals =
    approval && isOpen(approval)
      ? [record<Approval>(closeApproval(approval, { state, cause: code }, now), context, now)]
      : [];
  return commitRun(store, about, { change: settleRun(run, failedOutcome(code), now), approvals });
};
