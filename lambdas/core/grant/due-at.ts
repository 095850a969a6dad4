import { SECOND_MS, SWEEP_GRACE_MS, TASK_MAX_SECONDS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import type { Grant } from './grant.ts';
import type { Task } from './task.ts';

/** When the sweeper must look at a grant, or undefined when nothing is owed any more. */
export const grantDueAt = (grant: Grant): EpochMs | undefined => {
  switch (grant.state) {
    case 'denied':
      return undefined;
    case 'pending_approval':
    case 'preparing':
      return grant.createdAt + SWEEP_GRACE_MS;
    case 'activating':
      return grant.activateBy + SWEEP_GRACE_MS;
    case 'active':
      return grant.expiresAt + SWEEP_GRACE_MS;
    default:
      return 'nextAttemptAt' in grant.ending ? grant.ending.nextAttemptAt : undefined;
  }
};

export const taskDueAt = (task: Task): EpochMs | undefined => {
  if (task.state === 'open') return task.openUntil;
  return task.ending === 'pending' ? task.endedAt + SWEEP_GRACE_MS : undefined;
};

/** Past this no lease can be renewed. */
export const taskMaxEnd = (createdAt: EpochMs): EpochMs => createdAt + TASK_MAX_SECONDS * SECOND_MS;
