import { DependencyUnavailable } from '../app/ports.ts';
import { TASK_ERRORS } from './grant-task.ts';

/** An error whose name is the contract with the machine's Retry and Catch. Its message goes into history: codes and ids only. */
export class TaskError extends Error {
  override readonly name: string;
  constructor(kind: keyof typeof TASK_ERRORS, message: string) {
    super(message);
    this.name = TASK_ERRORS[kind];
  }
}

/** What was thrown, under a name the workflow knows. The cause stays here: its text may hold anything. */
export const toTaskError = (error: unknown): Error => {
  if (error instanceof TaskError) return error;
  if (error instanceof DependencyUnavailable) return new TaskError('transient', error.dependency);
  return new TaskError('refused', error instanceof Error ? error.name : 'unknown');
};
