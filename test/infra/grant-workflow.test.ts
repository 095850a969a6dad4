import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { TASK_ERRORS } from '../../lambdas/tasks/grant-task.ts';
import { grantDefinition } from '../../lib/grant-definition.ts';
import { StateError } from '../../local/jsonata-evaluation.ts';
import { createStepFunctions, type StepFunctions } from '../../local/step-functions.ts';

const ARNS = { runner: 'runner', revoker: 'revoker', waiter: 'waiter', notifier: 'notifier' };
const MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:latchkey-grant';

interface Answers {
  readonly activate?: () => unknown;
  readonly wait?: (token: string) => unknown;
  readonly end?: () => unknown;
}

const ACTIVE = { active: true, waitSeconds: 60, leaseSeconds: 0 };
const ENDED = { state: 'expired', ending: 'dead' };

let running: StepFunctions | undefined;
afterEach(() => running?.stop());

const throwing = (name: string) => () => {
  throw new StateError(name, 'by this test');
};

/** Runs the machine on functions that answer as told; resolves with what was called and how it ended. */
const run = async (answers: Answers, about: object = {}): Promise<{ calls: string[]; status: string }> => {
  const calls: string[] = [];
  const steps = createStepFunctions({
    machines: [{ arn: MACHINE, roleArn: 'role', definition: grantDefinition(ARNS) }],
    invoke: async ({ functionArn, payload }) => {
      const { step, grantId, taskToken } = payload as Record<string, string>;
      calls.push(`${functionArn} ${step ?? 'wait'} ${grantId}`);
      return answerOf(answers, step, String(taskToken));
    },
  });
  running = steps;
  const input = JSON.stringify({ grantId: 'g_1', ...about });
  await steps.call('StartExecution', { stateMachineArn: MACHINE, name: 'g_1', input });
  for (;;) {
    const [execution] = steps.executions();
    if (execution && execution.status !== 'RUNNING') return { calls, status: execution.status };
    await sleep(2);
  }
};

const answerOf = (answers: Answers, step: string | undefined, token: string): unknown => {
  if (step === 'activate') return (answers.activate ?? (() => ACTIVE))();
  if (step === 'end') return (answers.end ?? (() => ENDED))();
  return (answers.wait ?? endWait)(token);
};

const endWait = (token: string): void =>
  void setImmediate(() => running?.call('SendTaskSuccess', { taskToken: token, output: '{}' }));

/** Anything JSON, and answers that are nearly right. */
const anyAnswer = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      active: fc.oneof(fc.constant(true), fc.jsonValue()),
      waitSeconds: fc.oneof(fc.integer(), fc.jsonValue()),
      leaseSeconds: fc.oneof(fc.integer(), fc.jsonValue()),
    },
    { requiredKeys: [] },
  ),
);

const ENDED_AT_ONCE = ['runner activate g_1', 'runner end g_1'];
const ENDED_AFTER_WAIT = ['runner activate g_1', 'waiter wait g_1', 'runner end g_1'];

describe('the grant workflow', () => {
  test('activates, waits for its signal and ends access', async () => {
    assert.deepEqual(await run({}), { calls: ENDED_AFTER_WAIT, status: 'SUCCEEDED' });
  });

  test('has its grant opened and ended by revoker where the start said so, and by runner in every other case', async () => {
    const byRevoker = ENDED_AFTER_WAIT.map((call) => call.replace('runner', 'revoker'));
    assert.deepEqual((await run({}, { by: 'revoker' })).calls, byRevoker);
    for (const by of ['runner', 'sweeper', '', 7, null, { revoker: true }])
      assert.deepEqual((await run({}, { by })).calls, ENDED_AFTER_WAIT);
  });

  test('ends access when the absolute end has come', async () => {
    const answers = { activate: () => ({ ...ACTIVE, waitSeconds: 1 }), wait: () => undefined };
    assert.deepEqual(await run(answers), { calls: ENDED_AFTER_WAIT, status: 'SUCCEEDED' });
  });

  test('ends access when a lease was not renewed, long before the absolute end', async () => {
    const answers = { activate: () => ({ ...ACTIVE, leaseSeconds: 1 }), wait: () => undefined };
    assert.deepEqual(await run(answers), { calls: ENDED_AFTER_WAIT, status: 'SUCCEEDED' });
  });

  test('does not end early for a lease that is longer than the grant', async () => {
    const answers = { activate: () => ({ ...ACTIVE, leaseSeconds: 60 }) };
    assert.deepEqual(await run(answers), { calls: ENDED_AFTER_WAIT, status: 'SUCCEEDED' });
  });

  test('ends access that was not made active', async () => {
    const answers = { activate: () => ({ active: false, waitSeconds: 1, leaseSeconds: 0 }) };
    assert.deepEqual(await run(answers), { calls: ENDED_AT_ONCE, status: 'SUCCEEDED' });
  });

  test('ends access when activating was refused', async () => {
    const answers = { activate: throwing(TASK_ERRORS.refused) };
    assert.deepEqual(await run(answers), { calls: ENDED_AT_ONCE, status: 'SUCCEEDED' });
  });

  test('ends access when the wait could not be stored', async () => {
    const answers = { wait: throwing(TASK_ERRORS.refused) };
    assert.deepEqual(await run(answers), { calls: ENDED_AFTER_WAIT, status: 'SUCCEEDED' });
  });

  test('ends access after any answer that it does not understand', async () => {
    await fc.assert(
      fc.asyncProperty(anyAnswer, async (answer) => {
        const { calls, status } = await run({ activate: () => answer });
        assert.equal(calls.at(-1), 'runner end g_1');
        assert.equal(status, 'SUCCEEDED');
      }),
      { numRuns: 100 },
    );
  });

  test('fails, so that the alarm rings and the sweeper goes on, when the end is refused', async () => {
    const answers = { end: throwing(TASK_ERRORS.refused) };
    assert.deepEqual(await run(answers), { calls: ENDED_AFTER_WAIT, status: 'FAILED' });
  });

  test('tries the end again until it is dead', async () => {
    let attempts = 0;
    const end = () => {
      attempts += 1;
      if (attempts === 1) throw new StateError(TASK_ERRORS.notDead, 'a backend is left');
      return ENDED;
    };
    assert.deepEqual(await run({ end }), {
      calls: [...ENDED_AFTER_WAIT, 'runner end g_1'],
      status: 'SUCCEEDED',
    });
  });
});
