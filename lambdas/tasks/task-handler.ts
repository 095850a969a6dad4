import type { Context } from 'aws-lambda';
import type * as z from 'zod';
import type { Invocation } from '../app/caller.ts';
import { DependencyUnavailable, type Log } from '../app/ports.ts';
import { TaskError, toTaskError } from './task-error.ts';

/** An entry for the workflow or the schedule: parse, call the use case, name the error. */
export const taskHandler =
  <S extends z.ZodType, R>(
    schema: S,
    act: (task: z.output<S>, invocation: Invocation) => Promise<R>,
    log: Log,
  ) =>
  async (event: unknown, context: Context): Promise<R> => {
    const task = schema.safeParse(event);
    if (!task.success) throw new TaskError('refused', 'the task is not of the expected form');
    const invocation = { requestId: context.awsRequestId, invocationId: context.awsRequestId };
    try {
      return await act(task.data, invocation);
    } catch (error) {
      log('error', 'task failed', {
        error: error instanceof Error ? error.name : 'unknown',
        ...(error instanceof DependencyUnavailable ? { dependency: error.dependency } : {}),
      });
      throw toTaskError(error);
    }
  };
