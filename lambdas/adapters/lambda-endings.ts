import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Endings } from '../app/ports.ts';
import { DependencyUnavailable } from '../app/ports.ts';
import { AWS_CLIENT_SETTINGS } from './aws-client-settings.ts';

export interface RunnerFunction {
  readonly name: string;
  /** Longer than any other call's: it waits for a target. */
  readonly timeoutMs: number;
  /** Errors of the function that are an answer: what was tried is recorded and will be due again. */
  readonly recorded: readonly string[];
}

/** The port `Endings` by invoking the function that reaches targets. */
export const lambdaEndings = ({ name, timeoutMs, recorded }: RunnerFunction): Endings => {
  const client = new LambdaClient({
    ...AWS_CLIENT_SETTINGS,
    maxAttempts: 1,
    requestHandler: { ...AWS_CLIENT_SETTINGS.requestHandler, requestTimeout: timeoutMs },
  });
  const invoke = async (task: object): Promise<unknown> => {
    const answer = await client
      .send(new InvokeCommand({ FunctionName: name, Payload: JSON.stringify(task) }))
      .catch((error: unknown) => {
        throw new DependencyUnavailable('runner', error);
      });
    const said: unknown = JSON.parse(answer.Payload?.transformToString() || 'null');
    if (answer.FunctionError && !recorded.includes(errorTypeOf(said)))
      throw new DependencyUnavailable('runner', new Error(errorTypeOf(said)));
    return said;
  };
  return {
    async end(grantId) {
      await invoke({ step: 'end', grantId });
    },
    async reconcile(resourceId) {
      const answer = await invoke({ step: 'reconcile', resourceId });
      return isCount(answer) ? answer.orphans : 0;
    },
  };
};

const isCount = (answer: unknown): answer is { orphans: number } =>
  typeof answer === 'object' && answer !== null && 'orphans' in answer && typeof answer.orphans === 'number';

const errorTypeOf = (said: unknown): string =>
  typeof said === 'object' && said !== null && 'errorType' in said ? String(said.errorType) : 'unknown';
