import type { Log, Workflow } from './ports.ts';

/** The grant is recorded, so a start that fails is not a failure of the request: the sweeper starts what is missing. */
export const startWorkflow = async (
  deps: { readonly workflow: Pick<Workflow, 'start'>; readonly log: Log },
  grantId: string,
): Promise<void> => {
  try {
    await deps.workflow.start(grantId);
  } catch {
    deps.log('warn', 'workflow not started', { grantId });
  }
};

/** As above, for a run. */
export const startRunWorkflow = async (
  deps: { readonly workflow: Pick<Workflow, 'startRun'>; readonly log: Log },
  runId: string,
): Promise<void> => {
  try {
    await deps.workflow.startRun(runId);
  } catch {
    deps.log('warn', 'run not started', { runId });
  }
};

/** The end is recorded, so a signal that fails only makes it slower: the sweeper ends what is overdue. */
export const signalEnd = async (
  deps: { readonly workflow: Pick<Workflow, 'endWait'>; readonly log: Log },
  grantId: string,
  token: string | undefined,
): Promise<void> => {
  if (token === undefined) return;
  try {
    await deps.workflow.endWait(token);
  } catch {
    deps.log('warn', 'workflow not signalled', { grantId });
  }
};
