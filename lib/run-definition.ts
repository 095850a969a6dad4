import { FUNCTION_SHAPES } from './function-shapes.ts';
import { type Definition, onAnything, RETRY_SOON, SLACK_SECONDS } from './grant-definition.ts';

export const EXECUTE = 'Execute the run';
const RECORDED = 'Its outcome is recorded';
const LEFT = 'Left to the sweeper';

/**
 * One run, which goes on whether or not its caller waits. Repeating the step is safe: what has begun is never begun
 * again, so a repetition only finds out what became of it.
 */
export const runDefinition = (runnerArn: string): Definition => ({
  Comment: 'Executes one run and records what came of it.',
  QueryLanguage: 'JSONata',
  StartAt: EXECUTE,
  States: {
    [EXECUTE]: {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: {
        FunctionName: runnerArn,
        Payload: { step: 'run', runId: '{% $states.context.Execution.Input.runId %}' },
      },
      TimeoutSeconds: FUNCTION_SHAPES.runner.timeoutSeconds + SLACK_SECONDS,
      Output: {},
      Retry: [RETRY_SOON],
      Catch: onAnything(LEFT),
      Next: RECORDED,
    },
    [RECORDED]: { Type: 'Succeed' },
    [LEFT]: {
      Type: 'Fail',
      Error: 'LeftToTheSweeper',
      Cause: 'The run was not carried through here. The sweeper settles it when its time is over.',
    },
  },
});
