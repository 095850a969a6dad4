import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from 'aws-lambda';
import * as z from 'zod';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { TASK_ERRORS } from '../../lambdas/tasks/grant-task.ts';
import { TaskError } from '../../lambdas/tasks/task-error.ts';
import { taskHandler } from '../../lambdas/tasks/task-handler.ts';

const SECRET = 'password=hunter2 of g_1';
const CONTEXT = { awsRequestId: 'r-1' } as Context;
const Task = z.strictObject({ grantId: z.string() });

/** What the workflow and the log get to see when the work throws this. */
const outcomeOf = async (thrown: unknown, event: unknown = { grantId: 'g_1' }) => {
  const lines: unknown[] = [];
  const work = () => Promise.reject(thrown);
  const handler = taskHandler(Task, work, (...line) => void lines.push(line));
  const error: unknown = await handler(event, CONTEXT).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof Error);
  return { name: error.name, message: error.message, cause: error.cause, lines: JSON.stringify(lines) };
};

test('an outage is a name that the workflow tries again; a bug is one that it does not', async () => {
  const away = await outcomeOf(new DependencyUnavailable('target', new Error(SECRET)));
  assert.deepEqual([away.name, away.message], [TASK_ERRORS.transient, 'target']);
  const bug = await outcomeOf(new TypeError(SECRET));
  assert.deepEqual([bug.name, bug.message], [TASK_ERRORS.refused, 'TypeError']);
  const own = await outcomeOf(new TaskError('notDead', 'pending'));
  assert.deepEqual([own.name, own.message], [TASK_ERRORS.notDead, 'pending']);
});

test('neither history nor log repeats the text of what was thrown', async () => {
  for (const thrown of [new DependencyUnavailable('target', new Error(SECRET)), new Error(SECRET), SECRET]) {
    const { message, cause, lines } = await outcomeOf(thrown);
    assert.equal(cause, undefined);
    assert.doesNotMatch(message + lines, /hunter2/);
  }
});

test('a task of another form is refused before anything is done, and not repeated', async () => {
  for (const event of [null, {}, { grantId: 1 }, { grantId: 'g_1', secret: SECRET }]) {
    const { name, message } = await outcomeOf(new Error('was run'), event);
    assert.deepEqual([name, message], [TASK_ERRORS.refused, 'the task is not of the expected form']);
  }
});

test('the work is told which invocation it is', async () => {
  const handler = taskHandler(
    Task,
    async ({ grantId }, invocation) => ({ grantId, ...invocation }),
    () => undefined,
  );
  assert.deepEqual(await handler({ grantId: 'g_1' }, CONTEXT), {
    grantId: 'g_1',
    requestId: 'r-1',
    invocationId: 'r-1',
  });
});
