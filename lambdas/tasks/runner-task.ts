import * as z from 'zod';
import { type ActivateDeps, activateGrant } from '../app/activate-grant.ts';
import { admitGrant } from '../app/admit-grant.ts';
import { type AdmitRunDeps, admitRun } from '../app/admit-run.ts';
import type { Invocation, Software } from '../app/caller.ts';
import { systemContext } from '../app/caller.ts';
import { type EndAccessDeps, endAccess } from '../app/end-access.ts';
import { type ExecuteRunDeps, executeRun } from '../app/execute-run.ts';
import { inspectRun } from '../app/inspect-run.ts';
import { type ReconcileDeps, reconcileTarget } from '../app/reconcile-target.ts';
import type { Grant } from '../core/grant/grant.ts';
import { GRANT_ID_PATTERN, RUN_ID_PATTERN } from '../core/grant/ids.ts';
import type { Run } from '../core/run/run.ts';
import type { ActivateAnswer, AdmitAnswer, EndAnswer, RunStepAnswer } from './grant-task.ts';
import { TaskError } from './task-error.ts';

const GrantId = z.string().regex(GRANT_ID_PATTERN);
const RunId = z.string().regex(RUN_ID_PATTERN);

/** Ids only: what is to be done with a grant is read from the grant. */
export const RunnerTaskSchema = z.union([
  z.strictObject({ step: z.literal('admit'), grantId: GrantId }),
  z.strictObject({ step: z.literal('admit'), runId: RunId }),
  z.strictObject({ step: z.literal('inspect'), runId: RunId }),
  z.strictObject({ step: z.literal('activate'), grantId: GrantId }),
  z.strictObject({ step: z.literal('end'), grantId: GrantId }),
  z.strictObject({ step: z.literal('run'), runId: RunId }),
  z.strictObject({ step: z.literal('reconcile'), resourceId: z.string().max(64) }),
]);

export type RunnerDeps = ActivateDeps &
  EndAccessDeps &
  ReconcileDeps &
  AdmitRunDeps &
  ExecuteRunDeps & { readonly software: Software };

export const runTask =
  (deps: RunnerDeps) => async (task: z.output<typeof RunnerTaskSchema>, invocation: Invocation) => {
    const context = systemContext(invocation, deps.software);
    switch (task.step) {
      case 'admit':
        return {
          admission:
            'runId' in task
              ? await admitRun(deps, task.runId, context)
              : await admitGrant(deps, task.grantId, context),
        } satisfies AdmitAnswer;
      case 'inspect':
        await inspectRun(deps, task.runId, context);
        return {};
      case 'activate':
        return activateAnswer(await activateGrant(deps, task.grantId, context));
      case 'end':
        return endAnswer(await endAccess(deps, task.grantId, context));
      case 'run':
        return runAnswer(await executeRun(deps, task.runId, context));
      case 'reconcile': {
        const resource = deps.resources.find(({ id }) => id === task.resourceId);
        if (!resource) throw new TaskError('refused', 'no such resource');
        return { orphans: await reconcileTarget(deps, resource, context) };
      }
      default:
        return task satisfies never;
    }
  };

const activateAnswer = (activated: Awaited<ReturnType<typeof activateGrant>>): ActivateAnswer =>
  activated ? { active: true, ...activated } : { active: false, waitSeconds: 1, leaseSeconds: 0 };

const runAnswer = (run: Run | undefined): RunStepAnswer => {
  if (!run) throw new TaskError('refused', 'no such run');
  return { state: run.state };
};

/** Not dead yet is an error, so that the machine tries again with its own patience before it leaves it to the sweeper. */
const endAnswer = (grant: Grant | undefined): EndAnswer => {
  if (!grant) throw new TaskError('refused', 'no such grant');
  const ending = 'ending' in grant ? grant.ending.status : 'none';
  if (ending === 'pending' || ending === 'quarantined') throw new TaskError('notDead', ending);
  return { state: grant.state, ending };
};
