import { TASK_ERRORS } from '../lambdas/tasks/grant-task.ts';
import { FUNCTION_SHAPES } from './function-shapes.ts';
import {
  ASK,
  askingStates,
  type Definition,
  type InvokedArns,
  IS_ASKED,
  isAsked,
  LEFT,
  onAnything,
  RETRY_SOON,
  SLACK_SECONDS,
  type TaskState,
} from './grant-definition.ts';

const LOOK = 'Have the target look at it';
export const EXECUTE = 'Execute the run';
const WHAT_CAME = 'What came of it?';
const RECORDED = 'Its outcome is recorded';

const RUN_ID = '{% $states.context.Execution.Input.runId %}';

const step = (runnerArn: string, name: 'inspect' | 'run') => ({
  Type: 'Task' as const,
  Resource: 'arn:aws:states:::lambda:invoke',
  Arguments: { FunctionName: runnerArn, Payload: { step: name, runId: RUN_ID } },
  TimeoutSeconds: FUNCTION_SHAPES.runner.timeoutSeconds + SLACK_SECONDS,
  Output: {},
});

/** Also a function that was lost: it may have had policy ask for people, and a run that waits must be waited for. */
const RETRY_WHATEVER = { ...RETRY_SOON, ErrorEquals: ['States.ALL'] };

/** What the target says is advice for people, who are asked all the same when it says nothing. */
const look = (runnerArn: string): TaskState => ({
  ...step(runnerArn, 'inspect'),
  Retry: [],
  Catch: onAnything(ASK),
  Next: ASK,
});

/**
 * One run, which goes on whether or not its caller waits. Repeating the step is safe: what has begun is never begun
 * again, so a repetition only finds out what became of it. The target's estimate may make policy ask for people, or for
 * more of them, just before the execution; then they are asked, and it waits.
 */
export const runDefinition = (invoked: Omit<InvokedArns, 'revoker'>): Definition => ({
  Comment: 'Asks people where policy says so, executes one run and records what came of it.',
  QueryLanguage: 'JSONata',
  StartAt: IS_ASKED,
  States: {
    [IS_ASKED]: isAsked({ yes: LOOK, no: EXECUTE }),
    [LOOK]: look(invoked.runner),
    ...askingStates(invoked, { runId: RUN_ID }, EXECUTE),
    [EXECUTE]: {
      ...step(invoked.runner, 'run'),
      Assign: {
        waits: '{% $states.result.Payload.state = "pending_approval" %}',
        isOpen: '{% $states.result.Payload.state in ["queued", "running"] %}',
      },
      Retry: [{ ErrorEquals: [TASK_ERRORS.refused], MaxAttempts: 0 }, RETRY_WHATEVER],
      Catch: onAnything(LEFT),
      Next: WHAT_CAME,
    },
    [WHAT_CAME]: {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $waits %}', Next: ASK },
        { Condition: '{% $isOpen %}', Next: LEFT },
      ],
      Default: RECORDED,
    },
    [RECORDED]: { Type: 'Succeed' },
    [LEFT]: {
      Type: 'Fail',
      Error: 'LeftToTheSweeper',
      Cause: 'The run was not carried through here. The sweeper settles it when its time is over.',
    },
  },
});
