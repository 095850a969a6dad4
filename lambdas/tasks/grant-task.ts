import type { Admission } from '../app/admit-grant.ts';

// What the runner answers to the state machines: ids and states only, never a secret.

/**
 * What *activate* answers. `waitSeconds` is the time from now to the grant's absolute end, at least 1.
 * `leaseSeconds` is 0 when the task has no lease.
 */
export interface ActivateAnswer {
  readonly active: boolean;
  readonly waitSeconds: number;
  readonly leaseSeconds: number;
}

/** What *admit* answers: whether people have let it go on, are still to decide, or nothing comes of it. */
export interface AdmitAnswer {
  readonly admission: Admission;
}

export interface EndAnswer {
  readonly state: string;
  readonly ending: 'none' | 'dead' | 'pending' | 'quarantined';
}

/** What *run* answers: the state that the run is in now. */
export interface RunStepAnswer {
  readonly state: string;
}

/**
 * Names of errors that functions throw to the workflow. `TransientFailure` is retried by the machine; everything else
 * goes straight to *End access*.
 */
export const TASK_ERRORS = {
  transient: 'TransientFailure',
  refused: 'TaskRefused',
  notDead: 'NotDeadYet',
} as const;
