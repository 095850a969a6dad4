import type { Grant } from '../core/grant/grant.ts';
import { APPROVAL_WAIT_SECONDS, SECOND_MS } from '../core/limits.ts';
import type { Run } from '../core/run/run.ts';
import type { ApprovalWait, Log, Store, Workflow } from './ports.ts';

/** The grant is recorded, so a start that fails is not a failure of the request: the sweeper starts what is missing. */
export const startWorkflow = async (
  deps: { readonly workflow: Pick<Workflow, 'start'>; readonly log: Log },
  grant: Grant,
): Promise<void> => {
  const { id: grantId } = grant;
  try {
    await deps.workflow.start(grant, waitOf(grant));
  } catch {
    deps.log('warn', 'workflow not started', { grantId });
  }
};

/** As above, for a run. */
export const startRunWorkflow = async (
  deps: { readonly workflow: Pick<Workflow, 'startRun'>; readonly log: Log },
  run: Run,
): Promise<void> => {
  const { id: runId } = run;
  try {
    await deps.workflow.startRun(runId, waitOf(run));
  } catch {
    deps.log('warn', 'run not started', { runId });
  }
};

/** People who are asked later, because policy has come to ask for them, have as long as those who are asked at once. */
const waitOf = (thing: Grant | Run): ApprovalWait =>
  thing.state === 'pending_approval'
    ? { isAsked: true, seconds: Math.max(1, Math.ceil((thing.approveBy - thing.createdAt) / SECOND_MS)) }
    : { isAsked: false, seconds: APPROVAL_WAIT_SECONDS };

/**
 * Wakes the workflow that waits for the end of a grant, or for an approval of it. What it wakes for is recorded, so a signal
 * that fails only makes it slower: the sweeper ends what is overdue.
 */
export const signalEnd = async (
  deps: {
    readonly store: Pick<Store, 'readWaitToken'>;
    readonly workflow: Pick<Workflow, 'endWait'>;
    readonly log: Log;
  },
  { waitsFor, grantId }: { readonly waitsFor: string; readonly grantId: string },
): Promise<void> => {
  try {
    const token = await deps.store.readWaitToken(waitsFor);
    if (token !== undefined) await deps.workflow.endWait(token);
  } catch {
    deps.log('warn', 'workflow not signalled', { grantId });
  }
};
