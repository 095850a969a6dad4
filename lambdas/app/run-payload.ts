import type { SettledRun } from '../core/run/run.ts';
import { SealBroken } from '../core/vault/seal.ts';
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

/** `exchanged`: what is kept is not what was sealed, so somebody has written where only we write. Undefined: erased. */
export const readAsked = async (
  vault: TaskVault | undefined,
  { id, requestHash }: { readonly id: string; readonly requestHash: string },
): Promise<RunAsked | 'exchanged' | undefined> => {
  const content = await orExchanged(vault?.get(requestName(id), requestHash));
  return content === undefined || content === EXCHANGED ? content : JSON.parse(content);
};

/** No JSON, so no content of ours. */
const EXCHANGED = 'exchanged';

const orExchanged = async (reading: Promise<string | undefined> | undefined): Promise<string | undefined> => {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof SealBroken) return EXCHANGED;
    throw error;
  }
};

export const planName = (planId: string): string => `${planId}.plan`;

/** The same of a plan. */
export const readPlan = async (
  vault: TaskVault | undefined,
  { subject, planHash }: { readonly subject: { readonly id: string }; readonly planHash: string | null },
): Promise<readonly PlanAsked[] | 'exchanged' | undefined> => {
  const content =
    planHash === null ? undefined : await orExchanged(vault?.get(planName(subject.id), planHash));
  return content === undefined || content === EXCHANGED ? content : JSON.parse(content);
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
