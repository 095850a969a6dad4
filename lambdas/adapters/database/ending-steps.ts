import { DependencyUnavailable } from '../../app/ports.ts';
import type { CloseReport } from '../../app/ports-of-targets.ts';
import type { EndingStep } from '../../core/grant/grant.ts';
import type { EpochMs } from '../../core/time.ts';
import { TargetRefusal } from './target-refusal.ts';

/** Does one step of an ending and records it with its outcome, a short code. A step that fails is the last one. */
export type TakeStep = (name: string, act: () => Promise<string>) => Promise<void>;

/** A step that found what must not be, by a short code for the trail. */
export class NotDead extends Error {
  readonly outcome: string;
  constructor(outcome: string) {
    super(outcome);
    this.outcome = outcome;
  }
}

class StepFailed extends Error {}

/** What was looked for and ended, and whether all of it is gone. */
export interface Terminated {
  readonly found: number;
  readonly gone: boolean;
}

export const allGone = ({ found, gone }: Terminated): string => {
  if (!gone) throw new NotDead('still_there');
  return found === 0 ? 'none' : `ended_${found}`;
};

/** An ending, step by step, timed from when access should have ended. What fails before its first step is its lock. */
export const reportSteps = async (
  { since, clock }: { readonly since: EpochMs; readonly clock: () => EpochMs },
  work: (take: TakeStep) => Promise<void>,
): Promise<CloseReport> => {
  const steps: EndingStep[] = [];
  const take: TakeStep = async (name, act) => {
    let failed = false;
    const outcome = await act().catch((error: unknown) => {
      failed = true;
      return codeOf(error);
    });
    steps.push({ name, outcome, atMs: clock() - since });
    if (failed) throw new StepFailed(`${name}:${outcome}`);
  };
  try {
    await work(take);
    return { dead: true, steps, error: undefined };
  } catch (error) {
    return {
      dead: false,
      steps,
      error: error instanceof StepFailed ? error.message : `lock:${codeOf(error)}`,
    };
  }
};

/** Codes only. Whatever is neither the target's answer nor its absence is a bug, and thrown on. */
const codeOf = (error: unknown): string => {
  if (error instanceof NotDead) return error.outcome;
  if (error instanceof TargetRefusal) return error.code;
  if (error instanceof DependencyUnavailable) return 'unavailable';
  throw error;
};
