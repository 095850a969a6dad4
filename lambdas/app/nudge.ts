import { isPending } from '../core/approval/approval.ts';
import type { Log, Store, Workflow } from './ports.ts';

/**
 * Wakes a workflow that still waits for people who have decided: the signal was lost, or its sender was. What comes of it
 * is read from the approval by whoever wakes.
 */
export const nudge = async (
  deps: {
    readonly store: Pick<Store, 'readApproval' | 'readWaitToken'>;
    readonly workflow: Pick<Workflow, 'endWait'>;
    readonly log: Log;
  },
  { about, approval: id }: { readonly about: Readonly<Record<string, string>>; readonly approval: string },
): Promise<void> => {
  const approval = await deps.store.readApproval(id);
  if (approval && isPending(approval)) return;
  const token = await deps.store.readWaitToken(id);
  if (token === undefined) return;
  deps.log('warn', 'a signal was lost and is given again', about);
  await deps.workflow.endWait(token);
};
