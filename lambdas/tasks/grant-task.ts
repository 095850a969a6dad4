/** The contract between the `grant` state machine (and the sweeper) and the functions it invokes: ids only, never a secret. */
export type RunnerTask =
  | { readonly step: 'admit'; readonly grantId: string }
  | { readonly step: 'admit'; readonly runId: string }
  | { readonly step: 'inspect'; readonly runId: string }
  | { readonly step: 'activate'; readonly grantId: string }
  | { readonly step: 'end'; readonly grantId: string }
  | { readonly step: 'run'; readonly runId: string }
  | { readonly step: 'reconcile'; readonly resourceId: string };

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
  readonly admission: 'go' | 'wait' | 'over';
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
 * What `waiter` is invoked with by the callback states: it stores the token and signals itself if there is nothing to wait
 * for any more. A grant waits for its end, or for people; a run for people.
 */
export type WaitTask =
  | { readonly wait: 'end'; readonly grantId: string; readonly taskToken: string }
  | { readonly wait: 'people'; readonly grantId: string; readonly taskToken: string }
  | { readonly wait: 'people'; readonly runId: string; readonly taskToken: string };

/**
 * Names of errors that functions throw to the workflow. `TransientFailure` is retried by the machine; everything else
 * goes straight to *End access*.
 */
export const TASK_ERRORS = {
  transient: 'TransientFailure',
  refused: 'TaskRefused',
  notDead: 'NotDeadYet',
} as const;
