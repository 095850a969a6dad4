import type { SettledRun } from '../core/run/run.ts';
import type { TaskVault } from './ports.ts';

/** The statement and its parameters as they were asked for: what is executed, byte for byte. */
export interface RunAsked {
  readonly sql: string;
  readonly params: readonly (string | null)[];
}

/** One statement of a plan. */
export interface PlanAsked extends RunAsked {
  readonly maxRows: number;
  readonly times: number;
}

/** What comes back of a run, masked. `words` are the target's own when it refused. */
export interface RunResult {
  readonly columns: readonly { readonly name: string; readonly type: number }[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly notices: readonly string[];
  readonly words: string | null;
}

/** Names of what a task's vault keeps of one run. */
export const requestName = (runId: string): string => `${runId}.request`;
/**
 * What came of it before the intent was recorded has a name of its own: whoever left it and died, or lost to another
 * attempt, must not stand in the way of what the execution answers.
 */
export const resultName = (runId: string, isStarted: boolean): string =>
  isStarted ? `${runId}.result` : `${runId}.refusal`;

export const readAsked = async (
  vault: TaskVault | undefined,
  { id, requestHash }: { readonly id: string; readonly requestHash: string },
): Promise<RunAsked | undefined> => {
  const content = await vault?.get(requestName(id), requestHash);
  return content === undefined ? undefined : JSON.parse(content);
};

export const planName = (planId: string): string => `${planId}.plan`;

/** Undefined when it was erased. Throws when it is not what was sealed for this plan. */
export const readPlan = async (
  vault: TaskVault | undefined,
  { subject, planHash }: { readonly subject: { readonly id: string }; readonly planHash: string | null },
): Promise<readonly PlanAsked[] | undefined> => {
  const content = planHash === null ? undefined : await vault?.get(planName(subject.id), planHash);
  return content === undefined ? undefined : JSON.parse(content);
};

export const readResult = async (
  vault: TaskVault | undefined,
  run: SettledRun,
): Promise<RunResult | undefined> => {
  const { resultHash } = run.outcome;
  const content =
    resultHash === null
      ? undefined
      : await vault?.get(resultName(run.id, run.startedAt !== undefined), resultHash);
  return content === undefined ? undefined : JSON.parse(content);
};
