import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { ListExecutionsCommand, SendTaskHeartbeatCommand, StartExecutionCommand } from '@aws-sdk/client-sfn';
import { createStepFunctions } from '../../local/step-functions.ts';
import {
  callback,
  type Handler,
  machineArn,
  machineOf,
  open,
  type States,
  TOGETHER,
  task,
} from './workflow-stage.ts';

describe('the API of executions', TOGETHER, () => {
  test('a name is taken once: the same input meets the running one, other input or a finished one does not', async (t) => {
    const opened = await open(t, { Hold: callback() });
    const arn = await opened.start({ a: 1 });
    assert.equal(await opened.start({ a: 1 }), arn);
    await assert.rejects(opened.start({ a: 2 }), { name: 'ExecutionAlreadyExists' });
    await opened.succeed(await opened.token());
    await opened.outcome(arn);
    await assert.rejects(opened.start({ a: 1 }), { name: 'ExecutionAlreadyExists' });
    assert.equal(opened.calls.length, 1);
  });

  test('its history holds all that went in and out', async (t) => {
    const opened = await open(t, { Work: task({ Output: 'out' }) }, () => 'answered');
    const arn = await opened.start('in');
    await opened.outcome(arn);
    const { history } = opened.record(arn);
    const text = JSON.stringify(history);
    for (const data of ['"input":"in"', '"payload":"in"', '"Payload":"answered"', '"output":"out"'])
      assert.ok(text.includes(data), `${data} in ${text}`);
    assert.deepEqual(
      history.map(({ type }) => type),
      ['StateEntered', 'TaskScheduled', 'TaskSucceeded', 'StateEntered', 'ExecutionEnded'],
    );
  });

  test('unknown machines and operations, bad names and bad input are refused', async (t) => {
    const opened = await open(t, { Work: task() });
    const start = (over: object) =>
      opened.client.send(new StartExecutionCommand({ stateMachineArn: machineArn, ...over }));
    const list = opened.client.send(new ListExecutionsCommand({ stateMachineArn: machineArn }));
    await assert.rejects(list, { name: 'UnknownOperationException' });
    await assert.rejects(start({ stateMachineArn: `${machineArn}x` }), { name: 'StateMachineDoesNotExist' });
    await assert.rejects(start({ name: 'a b' }), { name: 'InvalidName' });
    await assert.rejects(start({ input: '{' }), { name: 'InvalidExecutionInput' });
  });
});

describe('a restart', TOGETHER, () => {
  const openDurable = async (t: TestContext, states: States, handler?: Handler) => {
    const directory = await mkdtemp(join(tmpdir(), 'latchkey-workflow-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    return open(t, states, handler, directory);
  };

  test('keeps tokens good, and calls no function twice that has answered', async (t) => {
    const opened = await openDurable(t, { Approve: callback({ Output: '{% $states.result %}' }) });
    const arn = await opened.start();
    const token = await opened.token();
    opened.restart();
    await sleep(30);
    assert.equal(opened.calls.length, 1);
    await opened.succeed(token, 'kept');
    assert.deepEqual(await opened.outcome(arn), { status: 'SUCCEEDED', output: 'kept' });
    opened.restart();
    await assert.rejects(opened.succeed(token), { name: 'TaskTimedOut' });
  });

  test('calls a function again that had not answered, with the same token', async (t) => {
    const opened = await openDurable(t, { Approve: callback() }, (_payload, attempt) =>
      attempt === 1 ? sleep(60_000, {}, { ref: false }) : {},
    );
    await opened.start();
    const token = await opened.token();
    opened.restart();
    while (opened.calls.length < 2) await sleep(5);
    assert.equal(opened.calls[1]?.token, token);
  });

  test('keeps an answer that nobody has acted on', async (t) => {
    const opened = await openDurable(t, { Approve: callback() });
    const arn = await opened.start();
    void opened.succeedAtOnce(await opened.token(), 'kept');
    opened.restart();
    assert.deepEqual(await opened.outcome(arn), { status: 'SUCCEEDED', output: 'kept' });
  });

  test('is not undone by what the process before it still hears', async (t) => {
    const opened = await openDurable(t, { Work: task() }, (_payload, attempt) =>
      sleep(attempt === 1 ? 200 : 1),
    );
    const arn = await opened.start();
    while (opened.calls.length === 0) await sleep(1);
    opened.restart();
    assert.equal((await opened.outcome(arn)).status, 'SUCCEEDED');
    await sleep(300);
    opened.restart();
    assert.equal(opened.record(arn).history.filter(({ type }) => type === 'TaskScheduled').length, 2);
  });

  test('keeps the end of a timeout and of a pause where they were', async (t) => {
    const Retry = [{ ErrorEquals: ['States.ALL'], MaxAttempts: 1, IntervalSeconds: 1 }];
    const opened = await openDurable(t, { Hold: callback({ TimeoutSeconds: 1, Retry }) });
    const before = Date.now();
    const arn = await opened.start();
    for (let restarts = 0; restarts < 5; restarts += 1) {
      await sleep(450);
      opened.restart();
    }
    assert.equal((await opened.outcome(arn)).error, 'States.Timeout');
    const seconds = (Date.now() - before) / 1000;
    assert.ok(seconds >= 3 && seconds < 4.5, `took ${seconds} s`);
    assert.equal(opened.calls.length, 2);
  });

  test('keeps the time of the last heartbeat', async (t) => {
    const hold = callback({ TimeoutSeconds: 60, HeartbeatSeconds: 1 });
    const opened = await openDurable(t, { Hold: hold });
    const arn = await opened.start();
    const taskToken = await opened.token();
    await sleep(600);
    await opened.client.send(new SendTaskHeartbeatCommand({ taskToken }));
    opened.restart();
    await sleep(600);
    assert.equal(opened.record(arn).status, 'RUNNING');
    assert.equal((await opened.outcome(arn)).error, 'States.HeartbeatTimeout');
  });

  test('rings at once what should have rung in between', async (t) => {
    const opened = await openDurable(t, { Hold: callback({ TimeoutSeconds: 1 }) });
    const arn = await opened.start();
    await opened.token();
    opened.stop();
    await sleep(1_100);
    opened.restart();
    await sleep(100);
    assert.equal(opened.record(arn).error, 'States.Timeout');
  });
});

describe('a machine that is not understood', TOGETHER, () => {
  const done = { Type: 'Succeed' };
  const catching = (error: string) => [{ ErrorEquals: [error], Next: 'Done' }];
  for (const [what, definition] of [
    ['JSONPath', machineOf({ Done: done }, { QueryLanguage: 'JSONPath' })],
    ['no query language', machineOf({ Done: done }, { QueryLanguage: undefined })],
    ['a Map state', machineOf({ Each: { Type: 'Map', End: true } })],
    [
      'an SDK integration',
      machineOf({ Put: task({ Resource: 'arn:aws:states:::aws-sdk:dynamodb:putItem' }) }),
    ],
    ['a JSONPath field', machineOf({ Work: task({ ResultPath: '$.x' }) })],
    ['an unknown field', machineOf({ Work: task({ TimoutSeconds: 5 }) })],
    [
      'a wildcard that is not interpreted',
      machineOf({ Work: task({ Catch: catching('States.TaskFailed') }) }),
    ],
    ['a Pass state', machineOf({ Pass: { Type: 'Pass', Next: 'Done' } })],
    ['a time-out of the whole machine', machineOf({ Work: task() }, { TimeoutSeconds: 5 })],
    ['an expression that does not parse', machineOf({ Work: task({ Output: '{% 1 + %}' }) })],
    ['$eval', machineOf({ Work: task({ Output: '{% $eval("1") %}' }) })],
    ['a function that only AWS has', machineOf({ Work: task({ Output: '{% $uuid() %}' }) })],
  ] as const)
    test(`${what} is refused when it is loaded`, () => {
      const load = () =>
        createStepFunctions({
          machines: [{ arn: machineArn, roleArn: '', definition }],
          invoke: async () => ({}),
        });
      assert.throws(load);
    });
});
