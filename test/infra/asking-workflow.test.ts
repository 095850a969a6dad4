import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { AskingStage, type Call, failing, refused, transient } from './asking-stage.ts';

/** Some wait for a pause of real time, so they run side by side. */
const TOGETHER = { concurrency: true };
const GIVEN = 'admit activate wait end';

describe('a grant that people are asked about', TOGETHER, () => {
  test('is activated after they have approved', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant');
    await stage.asked();
    assert.deepEqual(stage.calls, ['notify', 'ask']);
    await stage.decide('approved');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ${GIVEN}`);
  });

  test('is activated at once when they were faster than the wait', async (t) => {
    const stage = AskingStage.open(t);
    stage.decision = 'approved';
    await stage.start('grant');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ${GIVEN}`);
  });

  test('is never activated after a no', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant');
    await stage.asked();
    await stage.decide('denied');
    assert.equal(await stage.outcome(), 'SUCCEEDED: notify ask admit');
  });

  test('is never activated when nobody decided in time', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant', { isAsked: true, approvalSeconds: 1 });
    await stage.asked();
    stage.decision = 'late';
    assert.equal(await stage.outcome(), 'SUCCEEDED: notify ask admit');
  });

  test('is activated when the signal was lost, by the end of the wait at the latest', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant', { isAsked: true, approvalSeconds: 1 });
    await stage.asked();
    stage.decision = 'approved';
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ${GIVEN}`);
  });

  test('is activated by a signal that the sweeper gives again', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant');
    await stage.asked();
    stage.decision = 'approved';
    await stage.send(stage.tokens.at(-1));
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ${GIVEN}`);
  });

  test('goes back to asking when its token is sent by hand, with another token', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant');
    await stage.asked();
    await stage.send(stage.tokens[0]);
    await stage.asked(2);
    assert.deepEqual(stage.calls, ['notify', 'ask', 'admit', 'notify', 'ask']);
    await assert.rejects(stage.send(stage.tokens[0]), { code: 'TaskTimedOut' });
    await stage.decide('approved');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask admit notify ask ${GIVEN}`);
  });

  test('is asked about again when policy has come to ask for more', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant');
    await stage.asked();
    stage.instead.set('admit', () => {
      stage.decision = 'pending';
      return { admission: 'wait' };
    });
    await stage.decide('approved');
    await stage.asked(2);
    await stage.decide('approved');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask admit notify ask ${GIVEN}`);
  });

  test('can be decided when nobody could be told', async (t) => {
    const stage = AskingStage.open(t);
    stage.instead.set('notify', refused);
    await stage.start('grant');
    await stage.asked();
    await stage.decide('approved');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ${GIVEN}`);
  });

  test('waits under a new token when the first could not be stored', async (t) => {
    const stage = AskingStage.open(t);
    stage.instead.set('ask', transient);
    await stage.start('grant');
    await stage.asked();
    await stage.decide('approved');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ask ${GIVEN}`);
  });

  test('does not spin while waits cannot be stored', async (t) => {
    const stage = AskingStage.open(t);
    const down = () => {
      stage.instead.set('ask', down);
      return refused();
    };
    stage.instead.set('ask', down);
    await stage.start('grant');
    await sleep(500);
    assert.ok(!stage.calls.includes('admit'), stage.calls.join(' '));
  });

  test('does not spin when the input does not say how long to wait', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant', { isAsked: true });
    await sleep(300);
    assert.deepEqual(stage.calls, ['notify', 'ask']);
    await stage.decide('approved');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ${GIVEN}`);
  });

  test('is activated once when the answer of the step that takes the decision was lost', async (t) => {
    const stage = AskingStage.open(t);
    stage.instead.set('admit', transient);
    stage.decision = 'approved';
    await stage.start('grant');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask admit ${GIVEN}`);
  });

  test('is left to the sweeper, loudly, when the decision can not be taken', async (t) => {
    const stage = AskingStage.open(t);
    stage.instead.set('admit', refused);
    stage.decision = 'approved';
    await stage.start('grant');
    assert.equal(await stage.outcome(), 'FAILED: notify ask admit');
  });

  test('is activated by no other answer than go', async (t) => {
    const answers = fc.oneof(fc.jsonValue(), fc.record({ admission: fc.jsonValue() }));
    const others = answers.filter((one) => !['go', 'wait'].includes(Object(one).admission));
    await fc.assert(
      fc.asyncProperty(others, async (answer) => {
        const stage = AskingStage.open(t);
        stage.decision = 'approved';
        stage.instead.set('admit', () => answer);
        await stage.start('grant');
        assert.match(await stage.outcome(), /^\w+: notify ask admit$/);
      }),
      { numRuns: 50 },
    );
  });
});

describe('a run that people are asked about', TOGETHER, () => {
  test('is looked at by its target, decided on and executed', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('run');
    await stage.asked();
    await stage.decide('approved');
    assert.equal(await stage.outcome(), 'SUCCEEDED: inspect notify ask admit run');
  });

  test('is asked about also when its target says nothing', async (t) => {
    const stage = AskingStage.open(t);
    stage.instead.set('inspect', transient);
    await stage.start('run');
    await stage.asked();
    await stage.decide('denied');
    assert.equal(await stage.outcome(), 'SUCCEEDED: inspect notify ask admit');
  });

  test('that nobody had to be asked about and is held by its estimate waits for them', async (t) => {
    const stage = AskingStage.open(t);
    stage.instead.set('run', () => ({ state: 'pending_approval' }));
    await stage.start('run', { isAsked: false, approvalSeconds: 60 });
    await stage.asked();
    await stage.decide('approved');
    assert.equal(await stage.outcome(), 'SUCCEEDED: run notify ask admit run');
  });

  test('waits for them also when the function that held it was lost with its answer', async (t) => {
    const stage = AskingStage.open(t);
    stage.runState = 'pending_approval';
    stage.instead.set('run', failing('Lambda.Unknown'));
    await stage.start('run', { isAsked: false, approvalSeconds: 60 });
    await stage.asked();
    stage.runState = 'done';
    await stage.decide('approved');
    assert.equal(await stage.outcome(), 'SUCCEEDED: run run notify ask admit run');
  });

  for (const state of ['queued', 'running'])
    test(`that is ${state} when its function answers is left to the sweeper, loudly`, async (t) => {
      const stage = AskingStage.open(t);
      stage.runState = state;
      await stage.start('run', { isAsked: false, approvalSeconds: 60 });
      assert.equal(await stage.outcome(), 'FAILED: run');
    });
});

describe('a machine that is stopped and started again', TOGETHER, () => {
  const STATES: Record<'grant' | 'run', Call[]> = {
    grant: ['notify', 'ask', 'admit', 'activate', 'wait', 'end'],
    run: ['inspect', 'notify', 'ask', 'admit', 'run'],
  };

  for (const [kind, calls] of Object.entries(STATES) as ['grant' | 'run', Call[]][])
    for (const call of calls)
      test(`goes on with a ${kind} from where it was when the function of ${call} was cut off`, async (t) => {
        const stage = AskingStage.open(t);
        stage.instead.set(call, () => new Promise(() => undefined));
        stage.decision = 'approved';
        await stage.start(kind);
        await stage.called(call);
        stage.restart();
        const twice = calls.flatMap((one) => (one === call ? [one, one] : [one]));
        assert.equal(await stage.outcome(), `SUCCEEDED: ${twice.join(' ')}`);
      });

  test('waits on for people under the token that it had', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant');
    await stage.asked();
    stage.restart();
    await sleep(50);
    assert.deepEqual(stage.calls, ['notify', 'ask']);
    await stage.decide('approved');
    assert.equal(await stage.outcome(), `SUCCEEDED: notify ask ${GIVEN}`);
  });

  test('notices at once that the time of people ran out meanwhile, and takes what they decided', async (t) => {
    const stage = AskingStage.open(t);
    await stage.start('grant', { isAsked: true, approvalSeconds: 1 });
    await stage.asked();
    await sleep(1_100);
    stage.restart();
    stage.decision = 'late';
    assert.match(await stage.outcome(), /^SUCCEEDED: notify ask admit/);
    assert.ok(!stage.calls.includes('activate'));
  });
});
