import * as z from 'zod';
import { admitGrant } from '../app/admit-grant.ts';
import { type AdmitRunDeps, admitRun } from '../app/admit-run.ts';
import type { Invocation } from '../app/caller.ts';
import { systemContext } from '../app/caller.ts';
import { type ExecuteRunDeps, executeRun } from '../app/execute-run.ts';
import { inspectRun } from '../app/inspect-run.ts';
import { RUN_ID_PATTERN } from '../core/grant/ids.ts';
import type { Run } from '../core/run/run.ts';
import type { AdmitAnswer, RunStepAnswer } from './grant-task.ts';
import { GrantId, type TargetDeps, TargetTaskSchema, targetTask } from './target-task.ts';
import { TaskError } from './task-error.ts';

const RunId = z.string().regex(RUN_ID_PATTERN);

/** Ids only: what is to be done with a grant is read from the grant. */
export const RunnerTaskSchema = z.union([
  z.strictObject({ step: z.literal('admit'), grantId: GrantId }),
  z.strictObject({ step: z.literal('admit'), runId: RunId }),
  z.strictObject({ step: z.literal('inspect'), runId: RunId }),
  z.strictObject({ step: z.literal('run'), runId: RunId }),
  TargetTaskSchema,
]);

export type RunnerDeps = TargetDeps & AdmitRunDeps & ExecuteRunDeps;

export const runTask =
  (deps: RunnerDeps) => async (task: z.output<typeof RunnerTaskSchema>, invocation: Invocation) => {
    const reachTarget = targetTask(deps);
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
      case 'run':
        return runAnswer(await executeRun(deps, task.runId, context));
      default:
        return reachTarget(task, invocation);
    }
  };

const runAnswer = (run: Run | undefined): RunStepAnswer => {
  if (!run) throw new TaskError('refused', 'no such run');
  return { state: run.state };
};
