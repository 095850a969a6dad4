import type { Approval } from '../core/approval/approval.ts';
import { isPending } from '../core/approval/approval.ts';
import { closeApproval, isOpen, remind } from '../core/approval/approval-life.ts';
import type { ApprovalChange } from '../core/approval/open-approval.ts';
import type { EventContext } from '../core/audit/event.ts';
import { isActiveNow, isContained } from '../core/grant/use-grant.ts';
import type { EpochMs } from '../core/time.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Backoff, Clock, Notifier, Store } from './ports.ts';
import { record } from './record.ts';

export interface SweepApprovalDeps {
  readonly store: Pick<Store, 'readApproval' | 'readForUse' | 'commit'>;
  readonly notifier: Notifier;
  readonly clock: Clock;
  readonly backoff: Backoff;
}

/**
 * Reminds people, and ends a plan whose time is over or whose grant is. What a grant or a run waits for ends with the grant
 * or the run.
 */
export const sweepApproval = async (
  deps: SweepApprovalDeps,
  id: string,
  context: EventContext,
): Promise<void> => {
  const changed = await decideUntilCommitted(() => attempt(deps, id, context), deps.backoff);
  if (changed) await deps.notifier.notify(id);
};

const attempt = async (
  deps: SweepApprovalDeps,
  id: string,
  context: EventContext,
): Promise<boolean | 'lost'> => {
  const approval = await deps.store.readApproval(id);
  const now = deps.clock();
  if (!approval) return false;
  const change = (await endWithGrant(deps, approval, now)) ?? dueChange(approval, now);
  return change ? commitChange(deps, change, { context, now }) : false;
};

/** Nobody is asked about a plan that could not run any more. */
const endWithGrant = async (
  { store }: SweepApprovalDeps,
  approval: Approval,
  now: EpochMs,
): Promise<ApprovalChange | undefined> => {
  if (approval.asked.subject.kind !== 'plan' || !isOpen(approval)) return undefined;
  const read = await store.readForUse(approval.asked.grant);
  if (isActiveNow(read, now)) return undefined;
  const cause = read.grant && isContained(read.containment, read.grant) ? 'contained' : 'grant_over';
  return closeApproval(approval, { state: 'cancelled', cause }, now);
};

const commitChange = async (
  deps: SweepApprovalDeps,
  change: ApprovalChange,
  { context, now }: { readonly context: EventContext; readonly now: EpochMs },
): Promise<boolean | 'lost'> => {
  const { state, entry } = record<Approval>(change, context, now);
  const outcome = await deps.store.commit({ approvals: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : true;
};

const dueChange = (approval: Approval, now: EpochMs): ApprovalChange | undefined => {
  if (!isOpen(approval)) return undefined;
  const end = isPending(approval) ? approval.asked.approveBy : approval.useBy;
  if (approval.asked.subject.kind === 'plan' && now >= end)
    return closeApproval(
      approval,
      { state: 'lapsed', cause: isPending(approval) ? 'nobody_approved' : 'plan_over' },
      now,
    );
  const isReminder = isPending(approval) && approval.remindAt !== undefined && now >= approval.remindAt;
  return isReminder && now < end ? remind(approval, now) : undefined;
};
