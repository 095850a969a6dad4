import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { APPROVAL_USE_SECONDS, APPROVAL_WAIT_SECONDS } from '../../lambdas/core/limits.ts';
import { FUNCTION_SHAPES } from '../../lib/function-shapes.ts';
import { grantDefinition, IS_ASKED, type TaskState, WAIT_FOR_PEOPLE } from '../../lib/grant-definition.ts';
import { runDefinition } from '../../lib/run-definition.ts';
import { evaluate, evaluateSeconds } from '../../local/jsonata-evaluation.ts';

/** What holds for both machines. Functions are named as they are, so that a test can look up their shapes. */
const invoked = { runner: 'runner', revoker: 'revoker', waiter: 'waiter', notifier: 'notifier' } as const;
const MACHINES = [
  { name: 'grant', id: 'grantId', definition: grantDefinition(invoked) },
  { name: 'run', id: 'runId', definition: runDefinition(invoked) },
];

const tasksOf = ({ definition }: (typeof MACHINES)[number]): TaskState[] =>
  Object.values(definition.States).filter((state) => state.Type === 'Task');

const waitForPeople = ({ definition }: (typeof MACHINES)[number]): TaskState => {
  const state = definition.States[WAIT_FOR_PEOPLE];
  assert.ok(state?.Type === 'Task');
  return state;
};

const inputScope = (Input: unknown) => ({ states: { input: Input, context: { Execution: { Input } } } });

/** Anything at all, and what is nearly an input of ours. */
const anyInput = fc.oneof(
  fc.jsonValue(),
  fc.record(
    {
      isAsked: fc.oneof(fc.boolean(), fc.jsonValue()),
      approvalSeconds: fc.oneof(
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.jsonValue(),
      ),
    },
    { requiredKeys: [] },
  ),
);

for (const machine of MACHINES)
  describe(`the machine of a ${machine.name}`, () => {
    test('hands its functions the id, a step or a wait, and the token of a wait; nothing else goes on', () => {
      for (const { Arguments, Output } of tasksOf(machine)) {
        assert.deepEqual(Output, {});
        const { step, wait, taskToken, ...ids } = Arguments.Payload;
        assert.deepEqual(ids, { [machine.id]: `{% $states.context.Execution.Input.${machine.id} %}` });
        for (const word of [step, wait]) assert.match(word ?? 'none', /^[a-z]+$/);
        assert.equal(taskToken, wait && '{% $states.context.Task.Token %}');
      }
    });

    test('waits for nothing without an end, and gives up on no function that still runs', () => {
      for (const { Arguments, TimeoutSeconds, Resource } of tasksOf(machine)) {
        const names = Object.values(invoked).filter((name) => Arguments.FunctionName.includes(name));
        assert.ok(names.length > 0);
        if (typeof TimeoutSeconds === 'number')
          for (const name of names) assert.ok(TimeoutSeconds > FUNCTION_SHAPES[name].timeoutSeconds);
        else assert.match(Resource, /\.waitForTaskToken$/);
      }
    });

    test('catches every error of every task', () => {
      for (const { Catch } of tasksOf(machine))
        assert.deepEqual(
          Catch.map(({ ErrorEquals }) => ErrorEquals),
          [['States.ALL']],
        );
    });

    test('begins by a choice that no input can make throw', async () => {
      const first = machine.definition.States[IS_ASKED];
      assert.ok(first?.Type === 'Choice' && machine.definition.StartAt === IS_ASKED);
      const [asks] = first.Choices;
      assert.equal(await evaluate(asks?.Condition, inputScope({ isAsked: true })), true);
      assert.equal(await evaluate(asks?.Condition, inputScope({ isAsked: 'true' })), false);
      assert.equal(await evaluate(asks?.Condition, inputScope(undefined)), false);
      await fc.assert(
        fc.asyncProperty(anyInput, async (input) => {
          assert.equal(typeof (await evaluate(asks?.Condition, inputScope(input))), 'boolean');
        }),
      );
    });

    test('gives people the time that the input says, and never more or none, whatever it says', async () => {
      const { TimeoutSeconds } = waitForPeople(machine);
      const secondsOf = (input: unknown) => evaluateSeconds(TimeoutSeconds, inputScope(input));
      assert.equal(await secondsOf({ approvalSeconds: 7 }), 7);
      assert.equal(await secondsOf({ approvalSeconds: 6.2 }), 7);
      for (const input of [undefined, {}, { approvalSeconds: 0 }, { approvalSeconds: '5' }])
        assert.equal(await secondsOf(input), APPROVAL_WAIT_SECONDS);
      await fc.assert(
        fc.asyncProperty(anyInput, async (input) => {
          const seconds = await secondsOf(input);
          assert.ok(seconds >= 1 && seconds <= APPROVAL_WAIT_SECONDS);
        }),
      );
    });

    test('pauses where a wait cannot be stored, but not for longer than a decision may be used', () => {
      const [timeout, others] = waitForPeople(machine).Retry;
      assert.deepEqual(timeout, { ErrorEquals: ['States.Timeout'], MaxAttempts: 0 });
      assert.deepEqual(others?.ErrorEquals, ['States.ALL']);
      const { MaxAttempts = 0, IntervalSeconds = 0, BackoffRate = 1, MaxDelaySeconds = 0 } = others ?? {};
      const pauses = Array.from({ length: MaxAttempts }, (_, tried) =>
        Math.min(IntervalSeconds * BackoffRate ** tried, MaxDelaySeconds),
      );
      const longest = pauses.reduce((sum, seconds) => sum + seconds, 0);
      const waiting = (MaxAttempts + 1) * FUNCTION_SHAPES.waiter.timeoutSeconds;
      assert.ok(longest >= 60 && longest + waiting < APPROVAL_USE_SECONDS, `${longest}`);
    });
  });
