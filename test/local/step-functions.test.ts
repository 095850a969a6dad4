import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SendTaskHeartbeatCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import type { JsonObject } from '../../local/aws-json.ts';
import { callback, named, open, type States, TOGETHER, task } from './workflow-stage.ts';

describe('states of a workflow', TOGETHER, () => {
  test('data, variables and results go from state to state through JSONata', async (t) => {
    const opened = await open(
      t,
      {
        Ask: task({
          Assign: { grant: '{% $states.input.grantId %}', active: '{% $states.result.Payload.active %}' },
          Output: { seconds: '{% $states.result.Payload.waitSeconds * 2 %}' },
          Next: 'Is it active?',
        }),
        'Is it active?': {
          Type: 'Choice',
          Choices: [
            { Condition: '{% $active = false %}', Next: 'Not active' },
            { Condition: '{% $active %}', Next: 'Tell' },
          ],
          Default: 'Not active',
        },
        Tell: task({
          Output: [
            '{% $grant & " " & $states.input.seconds %}',
            '{% $states.context.Execution.Name & " " & $states.context.Execution.Input.grantId %}',
          ],
        }),
        'Not active': { Type: 'Fail', Error: 'NotActive', Cause: 'as chosen' },
      },
      () => ({ active: true, waitSeconds: 21 }),
    );
    assert.deepEqual(await opened.run({ grantId: 'g1' }), {
      status: 'SUCCEEDED',
      output: ['g1 42', 'grant-1 g1'],
    });
  });

  for (const [input, output] of [
    [{ approvalId: 'a1' }, 'asked'],
    [{ grantId: 'g1' }, 'not asked'],
  ] as const)
    test(`a choice may be where it starts: ${output}`, async (t) => {
      const opened = await open(t, {
        'Are people asked?': {
          Type: 'Choice',
          Choices: [{ Condition: '{% $exists($states.input.approvalId) %}', Next: 'Ask' }],
          Default: 'Go on',
        },
        Ask: task({ Output: 'asked' }),
        'Go on': task({ Output: 'not asked' }),
      });
      assert.deepEqual(await opened.run(input), { status: 'SUCCEEDED', output });
    });

  test('Fail ends with its own error', async (t) => {
    const states = { Stop: { Type: 'Fail', Error: 'Refused', Cause: 'because' } };
    assert.deepEqual(await (await open(t, states)).run(), {
      status: 'FAILED',
      error: 'Refused',
      cause: 'because',
    });
  });

  for (const [what, Condition, outcome] of [
    ['that nothing matches goes its default way', '{% 1 = 2 %}', 'Default'],
    ['on what is not true or false fails', '{% "yes" %}', 'States.QueryEvaluationError'],
  ] as const)
    test(`a choice ${what}`, async (t) => {
      const opened = await open(t, {
        Pick: { Type: 'Choice', Choices: [{ Condition, Next: 'Done' }], Default: 'Other' },
        Other: { Type: 'Fail', Error: 'Default', Cause: '' },
      });
      assert.equal((await opened.run()).error, outcome);
    });

  test('an expression that gives nothing is an error that can be caught', async (t) => {
    const states = {
      Ask: task({
        Output: '{% $states.result.Payload.missing %}',
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Done' }],
      }),
    };
    const { output } = await (await open(t, states)).run();
    assert.equal((output as JsonObject).Error, 'States.QueryEvaluationError');
  });
});

describe('errors of a task', TOGETHER, () => {
  const catching = (ErrorEquals: string[], over: JsonObject = {}): States => ({
    Work: task({ Catch: [{ ErrorEquals, Next: 'Done' }], ...over }),
  });
  const caught = (name: string) => ({
    Error: name,
    Cause: JSON.stringify({ errorType: name, errorMessage: 'as said' }),
  });

  test('a function throws a named error, and Catch sees the name and the cause', async (t) => {
    const opened = await open(t, catching(['TaskRefused']), named('TaskRefused'));
    assert.deepEqual((await opened.run()).output, caught('TaskRefused'));
  });

  test('States.ALL catches a name that nobody listed', async (t) => {
    const opened = await open(t, catching(['States.ALL']), named('Anything'));
    assert.deepEqual((await opened.run()).output, caught('Anything'));
  });

  test('a name that is not listed fails the execution', async (t) => {
    const opened = await open(t, catching(['TaskRefused']), named('Other'));
    assert.equal((await opened.run()).error, 'Other');
  });

  test('States.ALL does not catch States.Runtime', async (t) => {
    const opened = await open(t, catching(['States.ALL']), named('States.Runtime'));
    assert.equal((await opened.run()).error, 'States.Runtime');
  });

  test('a task is retried as often as its retrier says, and then caught', async (t) => {
    const Retry = [{ ErrorEquals: ['TransientFailure'], MaxAttempts: 1, IntervalSeconds: 1 }];
    const opened = await open(t, catching(['States.ALL'], { Retry }), named('TransientFailure'));
    const before = Date.now();
    assert.deepEqual((await opened.run()).output, caught('TransientFailure'));
    assert.equal(opened.calls.length, 2);
    assert.ok(Date.now() - before >= 1_000);
  });

  test('a retry that succeeds goes on as if nothing had been', async (t) => {
    const Retry = [
      { ErrorEquals: ['States.ALL'], MaxAttempts: 2, IntervalSeconds: 1, JitterStrategy: 'FULL' },
    ];
    const opened = await open(
      t,
      { Work: task({ Retry, Output: '{% $states.result.Payload %}' }) },
      (_payload, attempt) => (attempt === 1 ? named('TransientFailure')() : attempt),
    );
    assert.deepEqual(await opened.run(), { status: 'SUCCEEDED', output: 2 });
  });

  test('the first retrier that names an error decides, also against a retry', async (t) => {
    const Retry = [
      { ErrorEquals: ['TaskRefused'], MaxAttempts: 0 },
      { ErrorEquals: ['States.ALL'], MaxAttempts: 3 },
    ];
    const opened = await open(t, catching(['States.ALL'], { Retry }), named('TaskRefused'));
    await opened.run();
    assert.equal(opened.calls.length, 1);
  });

  test('a function that takes too long is a States.Timeout', async (t) => {
    const slow = () => sleep(5_000, {}, { ref: false });
    const states = { Work: task({ TimeoutSeconds: 1 }) };
    assert.equal((await (await open(t, states, slow)).run()).error, 'States.Timeout');
  });
});

describe('a task that waits for its token', TOGETHER, () => {
  test('goes on with the output it is sent; the spent token is refused', async (t) => {
    const opened = await open(t, { Approve: callback({ Output: '{% $states.result.decision %}' }) });
    const arn = await opened.start();
    const token = await opened.token();
    await opened.succeed(token, { decision: 'yes' });
    assert.deepEqual(await opened.outcome(arn), { status: 'SUCCEEDED', output: 'yes' });
    await assert.rejects(opened.succeed(token), { name: 'TaskTimedOut' });
    await assert.rejects(opened.client.send(new SendTaskHeartbeatCommand({ taskToken: token })), {
      name: 'TaskTimedOut',
    });
  });

  test('of two answers at once, one counts', async (t) => {
    const opened = await open(t, { Approve: callback() });
    const arn = await opened.start();
    const token = await opened.token();
    const answers = await Promise.allSettled([1, 2].map((output) => opened.succeedAtOnce(token, output)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    assert.equal((await opened.outcome(arn)).status, 'SUCCEEDED');
  });

  test('a token that was never given out, and output that is not JSON, are refused', async (t) => {
    const opened = await open(t, { Approve: callback() });
    await opened.start();
    await assert.rejects(opened.succeed('made-up'), { name: 'InvalidToken' });
    const taskToken = await opened.token();
    await assert.rejects(opened.client.send(new SendTaskSuccessCommand({ taskToken, output: '{' })), {
      name: 'InvalidOutput',
    });
  });

  test('may be answered before its function returns', async (t) => {
    const opened = await open(t, { Approve: callback() }, async ({ token }) => {
      await opened.succeed(String(token), 'early');
      return 'late';
    });
    assert.deepEqual(await opened.run(), { status: 'SUCCEEDED', output: 'early' });
  });

  test('ends at its absolute time, and its token with it', async (t) => {
    const opened = await open(t, { Approve: callback({ TimeoutSeconds: '{% $states.input.seconds %}' }) });
    const arn = await opened.start({ seconds: 1 });
    assert.equal((await opened.outcome(arn)).error, 'States.Timeout');
    await assert.rejects(opened.succeed(await opened.token()), { name: 'TaskTimedOut' });
  });

  test('lives on heartbeats, and ends when they stop', async (t) => {
    const opened = await open(t, { Hold: callback({ TimeoutSeconds: 60, HeartbeatSeconds: 1 }) });
    const before = Date.now();
    const arn = await opened.start();
    const taskToken = await opened.token();
    for (let beat = 0; beat < 3; beat += 1) {
      await sleep(500);
      await opened.client.send(new SendTaskHeartbeatCommand({ taskToken }));
    }
    assert.equal((await opened.outcome(arn)).error, 'States.HeartbeatTimeout');
    assert.ok(Date.now() - before >= 2_500);
  });

  test('each retry has a token of its own', async (t) => {
    const Retry = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1, IntervalSeconds: 1 }];
    const opened = await open(t, { Hold: callback({ TimeoutSeconds: 1, Retry }) });
    await opened.run();
    const tokens = opened.calls.map(({ token }) => token);
    assert.equal(new Set(tokens).size, 2);
  });

  for (const [what, over] of [
    ['a timeout of no seconds', { TimeoutSeconds: '{% 0 %}' }],
    ['a timeout that is no number', { TimeoutSeconds: '{% "soon" %}' }],
    ['a heartbeat as long as the timeout', { TimeoutSeconds: 5, HeartbeatSeconds: '{% 5 %}' }],
  ] as const)
    test(`${what} fails the state before anything is invoked`, async (t) => {
      const opened = await open(t, { Hold: callback(over) });
      assert.equal((await opened.run()).status, 'FAILED');
      assert.equal(opened.calls.length, 0);
    });
});
