import type { Grant } from '../grant/grant.ts';
import type { Task } from '../grant/task.ts';
import type { ContainmentRegister } from '../grant/use-grant.ts';
import { isActiveNow, isContained } from '../grant/use-grant.ts';
import type { EpochMs } from '../time.ts';
import type { Run, RunFailureCode } from './run.ts';

export interface RunUse {
  readonly run: Run | undefined;
  readonly grant: Grant | undefined;
  readonly task: Task | undefined;
  readonly containment: ContainmentRegister;
  readonly isRevoked: boolean;
}

/** Why nothing comes of a run any more, whatever people say of it; undefined while what it stands on stands. */
export const whyOver = (use: RunUse, now: EpochMs): RunFailureCode | undefined => {
  if (use.run && isContained(use.containment, use.run)) return 'contained';
  return isActiveNow(use, now) ? undefined : 'grant_over';
};

/** Whether what a run stands on still stands, at the moment of execution: its grant, its task, the clock, no containment. */
export const mayExecute = (use: RunUse, now: EpochMs): boolean =>
  use.run?.state === 'queued' && now < use.run.startBy && whyOver(use, now) === undefined;
