import type { Failure } from '../failure.ts';
import {
  CIRCUIT_FAILURES,
  CIRCUIT_OPEN_SECONDS,
  PRINCIPAL_DAY_BUDGET,
  SECOND_MS,
  TASK_BUDGET,
} from '../limits.ts';
import type { Result } from '../result.ts';
import { fail, ok } from '../result.ts';
import type { EpochMs } from '../time.ts';

/** What runs have used. Rows and bytes are of answers, before masking. */
export interface Usage {
  readonly runs: number;
  readonly rows: number;
  readonly bytes: number;
  readonly failures: number;
}

export interface TaskUsage extends Usage {
  /** Failures since the last success. */
  readonly failuresInRow: number;
  readonly lastFailureAt: EpochMs;
}

export const NOTHING_USED: TaskUsage = {
  runs: 0,
  rows: 0,
  bytes: 0,
  failures: 0,
  failuresInRow: 0,
  lastFailureAt: 0,
};

/** One task's whole life, and one principal's UTC day. */
export interface Budgets {
  readonly task: TaskUsage;
  readonly principal: Usage;
}

/**
 * Whether another run may begin. Counters move in the transactions of the runs themselves; answers that are still under
 * way are not counted yet, so rows and bytes may pass their limit by what runs at the same time.
 */
export const checkBudgets = ({ task, principal }: Budgets, now: EpochMs): Result<void> => {
  const spent = spentOf('task', task, TASK_BUDGET) ?? spentOf('principal', principal, PRINCIPAL_DAY_BUDGET);
  if (spent) return fail(spent);
  const closesAt = task.lastFailureAt + CIRCUIT_OPEN_SECONDS * SECOND_MS;
  if (task.failuresInRow >= CIRCUIT_FAILURES && now < closesAt)
    return fail({ code: 'circuit_open', retryAfterSeconds: Math.ceil((closesAt - now) / SECOND_MS) });
  return ok(undefined);
};

const spentOf = (of: 'task' | 'principal', used: Usage, budget: Usage): Failure | undefined => {
  const what = (['runs', 'rows', 'bytes', 'failures'] as const).find((one) => used[one] >= budget[one]);
  return what && { code: 'budget_spent', of, what, max: budget[what] };
};

/** The principal's budget begins anew with each day (UTC). */
export const budgetDay = (now: EpochMs): string => new Date(now).toISOString().slice(0, 10);
