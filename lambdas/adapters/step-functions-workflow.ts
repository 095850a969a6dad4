import {
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import type { Workflow } from '../app/ports.ts';
import { DependencyUnavailable } from '../app/ports.ts';
import { reacherOf } from '../core/config/resource.ts';
import { AWS_CLIENT_SETTINGS } from './aws-client-settings.ts';

/** A second start of the same grant, and signals to a wait that is over: nothing is wrong and nothing is left to do. */
const ALREADY_SO = new Set(['ExecutionAlreadyExists', 'TaskTimedOut', 'TaskDoesNotExist', 'InvalidToken']);

const settle = async (call: Promise<unknown>): Promise<void> => {
  try {
    await call;
  } catch (error) {
    if (error instanceof Error && ALREADY_SO.has(error.name)) return;
    throw new DependencyUnavailable('states', error);
  }
};

/** The signals alone, for a function that starts nothing. */
export const stepFunctionsSignals = (
  client = new SFNClient(AWS_CLIENT_SETTINGS),
): Pick<Workflow, 'endWait' | 'renewWait'> => ({
  endWait: (taskToken) => settle(client.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }))),
  renewWait: (taskToken) => settle(client.send(new SendTaskHeartbeatCommand({ taskToken }))),
});

/** The two state machines. */
export interface WorkflowArns {
  readonly grant: string;
  readonly run: string;
}

/** The port `Workflow` on Step Functions. An execution is named by its grant or run, so that it cannot be started twice. */
export const stepFunctionsWorkflow = (arns: WorkflowArns): Workflow => {
  const client = new SFNClient(AWS_CLIENT_SETTINGS);
  const start = (stateMachineArn: string, name: string, input: object) =>
    settle(client.send(new StartExecutionCommand({ stateMachineArn, name, input: JSON.stringify(input) })));
  return {
    ...stepFunctionsSignals(client),
    start: ({ id, kind }, { isAsked, seconds }) =>
      start(arns.grant, id, { grantId: id, by: reacherOf(kind), isAsked, approvalSeconds: seconds }),
    startRun: (runId, { isAsked, seconds }) =>
      start(arns.run, runId, { runId, isAsked, approvalSeconds: seconds }),
  };
};
