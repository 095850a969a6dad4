import { DependencyUnavailable } from '../app/ports.ts';
import type { CloseReport } from '../app/ports-of-targets.ts';
import type { EndingStep } from '../core/grant/grant.ts';
import type { EpochMs } from '../core/time.ts';

/** Does one step of an ending and keeps what came of it. A step that fails ends the attempt. */
export type TakeStep = (name: string, act: () => Promise<string>) => Promise<void>;

/** A step that found what must not be, by a short code for the trail. */
export class NotDead extends Error {
  override readonly name = 'NotDead';
  readonly outcome: string;
  constructor(outcome: string) {
    super(outcome);
    this.outcome = outcome;
  }
}

class StepFailed extends Error {}

export interface Timing {
  /** When access should have ended. */
  readonly since: EpochMs;
  readonly clock: () => EpochMs;
  /** The code of an answer that says no; undefined: it was none. */
  readonly codeOf: (error: unknown) => string | undefined;
}

/**
 * Takes the steps of one attempt: dead when all of them were taken. Codes only go into the report; whatever is neither the
 * target's answer nor its absence is a bug, and thrown on.
 */
export const takeSteps = async (
  { since, clock, codeOf }: Timing,
  steps: (take: TakeStep) => Promise<void>,
): Promise<CloseReport> => {
  const taken: EndingStep[] = [];
  const take: TakeStep = async (name, act) => {
    let failed = false;
    const outcome = await act().catch((error: unknown) => {
      failed = true;
      return outcomeOf(error, codeOf);
    });
    taken.push({ name, outcome, atMs: clock() - since });
    if (failed) throw new StepFailed(`${name}:${outcome}`);
  };
  try {
    await steps(take);
    return { dead: true, steps: taken, error: undefined };
  } catch (error) {
    if (error instanceof StepFailed) return { dead: false, steps: taken, error: error.message };
    throw error;
  }
};

const outcomeOf = (error: unknown, codeOf: Timing['codeOf']): string => {
  if (error instanceof NotDead) return error.outcome;
  if (error instanceof DependencyUnavailable) return 'unavailable';
  const code = codeOf(error);
  if (code === undefined) throw error;
  return code;
};
