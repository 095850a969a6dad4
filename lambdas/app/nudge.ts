import { isPending } from '../core/approval/approval.ts';
import type { Clock, Log, Store, Workflow } from './ports.ts';

/**
 * Wakes a workflow that still waits for people who have decided, or whose time to decide is over: the signal was lost, or
 * its sender was, or its wait began late. What comes of it is read from the approval by whoever wakes.
 */
export const nudge = async (
  deps: {
    readonly store: Pick<Store, 'readApproval' | 'readWaitToken'>;
    readonly workflow: Pick<Workflow, 'endWait'>;
    readonly clock: Clock;
    readonly log: Log;
  },
  { about, approval: id }: { readonly about: Readonly<Record<string, string>>; readonly approval: string },
): Promise<void> => {
  const approval = await deps.store.readApproval(id);
  if (approval && isPending(approval) && deps.clock() < approval.asked.approveBy) return;
  const token = await deps.store.readWaitToken(id);
  if (token === undefined) return;
  deps.log('warn', 'a signal was lost and is given again', about);
  await deps.workflow.endWait(token);
};
