import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { Endings } from '../app/ports.ts';
import { DependencyUnavailable } from '../app/ports.ts';
import { type Reacher, reacherOf } from '../core/config/resource.ts';
import { AWS_CLIENT_SETTINGS } from './aws-client-settings.ts';

export interface ReachingFunctions {
  readonly names: Readonly<Record<Reacher, string>>;
  /** Longer than any other call's: it waits for a target. */
  readonly timeoutMs: number;
  /** Errors of the function that are an answer: what was tried is recorded and will be due again. */
  readonly recorded: readonly string[];
}

/** The port `Endings` by invoking the functions that reach targets. */
export const lambdaEndings = ({ names, timeoutMs, recorded }: ReachingFunctions): Endings => {
  const client = new LambdaClient({
    ...AWS_CLIENT_SETTINGS,
    maxAttempts: 1,
    requestHandler: { ...AWS_CLIENT_SETTINGS.requestHandler, requestTimeout: timeoutMs },
  });
  const invoke = async (by: Reacher, task: object): Promise<unknown> => {
    const answer = await client
      .send(new InvokeCommand({ FunctionName: names[by], Payload: JSON.stringify(task) }))
      .catch((error: unknown) => {
        throw new DependencyUnavailable(by, error);
      });
    const said: unknown = JSON.parse(answer.Payload?.transformToString() || 'null');
    if (answer.FunctionError && !recorded.includes(errorTypeOf(said)))
      throw new DependencyUnavailable(by, new Error(errorTypeOf(said)));
    return said;
  };
  return {
    async end({ id, kind }) {
      await invoke(reacherOf(kind), { step: 'end', grantId: id });
    },
    async reconcile({ id, kind }) {
      const answer = await invoke(reacherOf(kind), { step: 'reconcile', resourceId: id });
      return isCount(answer) ? answer.orphans : 0;
    },
  };
};

const isCount = (answer: unknown): answer is { orphans: number } =>
  typeof answer === 'object' && answer !== null && 'orphans' in answer && typeof answer.orphans === 'number';

const errorTypeOf = (said: unknown): string =>
  typeof said === 'object' && said !== null && 'errorType' in said ? String(said.errorType) : 'unknown';
