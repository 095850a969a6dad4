import { isPending } from '../core/approval/approval.ts';
import { isOver } from '../core/grant/grant.ts';
import { isTaskOpen } from '../core/grant/use-grant.ts';
import type { Clock, Store, Workflow } from './ports.ts';

export interface StoreWaitDeps {
  readonly store: Pick<Store, 'saveWaitToken' | 'readGrant' | 'readRun' | 'readApproval' | 'readTask'>;
  readonly workflow: Pick<Workflow, 'endWait'>;
  readonly clock: Clock;
}

/**
 * Keeps the token of a waiting workflow and then looks whether there is still something to wait for: an end that
 * was written before the token was stored had nobody to signal, so the signal is given here.
 */
export const storeWait = async (
  deps: StoreWaitDeps,
  wait: { readonly grantId: string; readonly taskToken: string },
): Promise<void> => {
  await deps.store.saveWaitToken(wait.grantId, wait.taskToken);
  const grant = await deps.store.readGrant(wait.grantId);
  const task = grant && (await deps.store.readTask(grant.task));
  if (!grant || isOver(grant) || !isTaskOpen(task, deps.clock())) await deps.workflow.endWait(wait.taskToken);
};

/** The same for a grant or a run that waits for people: its token is kept under the approval that it waits for. */
export const storePeopleWait = async (
  deps: StoreWaitDeps,
  wait: { readonly taskToken: string } & ({ readonly grantId: string } | { readonly runId: string }),
): Promise<void> => {
  const waiting =
    'grantId' in wait ? await deps.store.readGrant(wait.grantId) : await deps.store.readRun(wait.runId);
  const id = waiting?.state === 'pending_approval' ? waiting.approval : undefined;
  if (id !== undefined) await deps.store.saveWaitToken(id, wait.taskToken);
  const approval = id === undefined ? undefined : await deps.store.readApproval(id);
  if (!approval || !isPending(approval)) await deps.workflow.endWait(wait.taskToken);
};
