import { isPending } from '../core/approval/approval.ts';
import { isActiveNow } from '../core/grant/use-grant.ts';
import type { Clock, Store, Workflow } from './ports.ts';

export interface StoreWaitDeps {
  readonly store: Pick<Store, 'saveWaitToken' | 'readForUse' | 'readGrant' | 'readRun' | 'readApproval'>;
  readonly workflow: Pick<Workflow, 'endWait'>;
  readonly clock: Clock;
}

/**
 * Keeps the token of a waiting workflow and then looks whether there is still something to wait for: an end, or somebody's
 * word that it ends, that was written before the token was stored had nobody to signal, so the signal is given here.
 */
export const storeWait = async (
  deps: StoreWaitDeps,
  wait: { readonly grantId: string; readonly taskToken: string },
): Promise<void> => {
  await deps.store.saveWaitToken(wait.grantId, wait.taskToken);
  const read = await deps.store.readForUse(wait.grantId);
  if (!isActiveNow(read, deps.clock())) await deps.workflow.endWait(wait.taskToken);
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
