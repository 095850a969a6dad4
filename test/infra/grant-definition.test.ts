import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import validate from 'asl-validator';
import { TASK_ERRORS } from '../../lambdas/tasks/grant-task.ts';
import {
  ACTIVATE,
  ASK,
  type Definition,
  END_ACCESS,
  grantDefinition,
  IS_ASKED,
  type State,
  TAKE,
  WAIT_FOR_PEOPLE,
} from '../../lib/grant-definition.ts';
import { runDefinition } from '../../lib/run-definition.ts';
import { circlesOf, leaks, nextOf, reachable, riskyConditions } from './definition-graph.ts';
import { ofType, sampleResources } from './sample-stack.ts';

const ARNS = {
  runner: '<runnerFunction.Arn>',
  revoker: '<revokerFunction.Arn>',
  waiter: '<waiterFunction.Arn>',
  notifier: '<notifierFunction.Arn>',
};
const definition = grantDefinition({
  runner: 'runner',
  revoker: 'revoker',
  waiter: 'waiter',
  notifier: 'notifier',
});
const leaksOf = (changed: Definition) => leaks(changed, ACTIVATE, END_ACCESS);

const EVERYTHING = ['States.ALL'];

const withState = (name: string, change: (state: State) => object): Definition => {
  const state = definition.States[name];
  assert.ok(state, name);
  return { ...definition, States: { ...definition.States, [name]: change(state) as State } };
};

describe('from the moment a grant is being activated, everything leads to the end of access', () => {
  test('every path, every error, every choice', () => {
    assert.deepEqual(leaksOf(definition), []);
  });

  test('a way past it is noticed', () => {
    const past = withState('Is the grant active?', (state) => ({ ...state, Default: 'Access has ended' }));
    assert.deepEqual(leaksOf(past), ['Access has ended is reached without End access']);
  });

  test('an error that nobody catches is noticed', () => {
    const uncaught = withState('Wait for the end', (state) => ({
      ...state,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: END_ACCESS }],
    }));
    assert.deepEqual(leaksOf(uncaught), ['Wait for the end does not catch everything']);
  });

  test('a choice that can throw is noticed', () => {
    const risky = withState('Does its task hold a lease?', (state) => ({
      ...state,
      Choices: [{ Condition: '{% $leaseSeconds > 0 %}', Next: 'Wait for the end' }],
    }));
    assert.deepEqual(leaksOf(risky), ['Does its task hold a lease? could throw at {% $leaseSeconds > 0 %}']);
  });

  test('a circle is noticed', () => {
    const circle = withState('Wait for the end', (state) => ({ ...state, Next: 'Is the grant active?' }));
    assert.ok(leaksOf(circle).includes('Is the grant active? is a circle'));
  });
});

describe('where people are asked, nothing is activated before their decision was taken', () => {
  test('asking is left by nothing but the step that takes it, also by failures, time-outs and lost functions', () => {
    assert.equal(definition.StartAt, IS_ASKED);
    const [asked] = definition.States[IS_ASKED]?.Type === 'Choice' ? definition.States[IS_ASKED].Choices : [];
    assert.equal(asked?.Next, ASK);
    assert.deepEqual(reachable(definition, ASK, TAKE), [ASK, WAIT_FOR_PEOPLE]);
    for (const name of [ASK, WAIT_FOR_PEOPLE]) assert.deepEqual(leaks(definition, name, TAKE), []);
  });

  test('a way around it is noticed', () => {
    const around = withState(WAIT_FOR_PEOPLE, (state) => ({ ...state, Next: ACTIVATE }));
    assert.ok(reachable(around, ASK, TAKE).includes(ACTIVATE));
    assert.notDeepEqual(leaks(around, WAIT_FOR_PEOPLE, TAKE), []);
  });

  test('only the choice after that step leads to activation, and only where they have approved', () => {
    const before = Object.entries(definition.States).filter(([, state]) => nextOf(state).includes(ACTIVATE));
    assert.deepEqual(
      before.map(([name]) => name),
      [IS_ASKED, 'Have they approved?'],
    );
    assert.deepEqual(definition.States['Have they approved?'], {
      Type: 'Choice',
      Choices: [
        { Condition: '{% $approved %}', Next: ACTIVATE },
        { Condition: '{% $asksAgain %}', Next: ASK },
      ],
      Default: 'Nothing is given',
    });
  });

  test('the only circle is asking again, and it comes by that step', () => {
    assert.deepEqual(circlesOf(definition), [['Have they approved?', ASK, WAIT_FOR_PEOPLE, TAKE]]);
  });

  test('another circle is noticed', () => {
    const spinning = withState(WAIT_FOR_PEOPLE, (state) => ({ ...state, Next: ASK }));
    assert.ok(circlesOf(spinning).some((circle) => !circle.includes(TAKE)));
  });
});

describe('choices', () => {
  test('compare booleans that every task before them has made, except the first, which reads the input', () => {
    const risky = Object.keys(definition.States).flatMap((name) => riskyConditions(definition, name));
    assert.deepEqual(risky, [
      `${IS_ASKED} could throw at {% $states.context.Execution.Input.isAsked = true %}`,
    ]);
  });

  test('a choice that is also reached by an error, which makes nothing, is noticed', () => {
    const byError = withState(TAKE, (state) => ({
      ...state,
      Catch: [{ ErrorEquals: EVERYTHING, Next: 'Have they approved?' }],
    }));
    assert.equal(riskyConditions(byError, 'Have they approved?').length, 2);
  });
});

test('it is valid Amazon States Language, and the validator can tell', () => {
  assert.deepEqual(validate(structuredClone(definition)).errors, []);
  const broken = withState(ACTIVATE, (state) => ({ ...state, Next: 'Nowhere' }));
  assert.equal(validate(structuredClone(broken)).isValid, false);
});

test('it ends by succeeding, or by failing loudly where the end could not be proved', () => {
  const end = definition.States[END_ACCESS];
  assert.equal(end?.Type, 'Task');
  assert.deepEqual(end && nextOf(end), ['Access has ended', 'Left to the sweeper']);
  assert.equal(definition.States['Left to the sweeper']?.Type, 'Fail');
});

for (const name of [END_ACCESS, TAKE])
  test(`${name}: tried again whatever went wrong, except what was refused for good`, () => {
    const state = definition.States[name];
    assert.ok(state?.Type === 'Task');
    const [refused, ...others] = state.Retry;
    assert.deepEqual(refused, { ErrorEquals: [TASK_ERRORS.refused], MaxAttempts: 0 });
    assert.deepEqual(
      others.map(({ ErrorEquals }) => ErrorEquals),
      [EVERYTHING],
    );
  });

test('activation is tried again only for what passes by itself', () => {
  const activate = definition.States[ACTIVATE];
  assert.ok(activate?.Type === 'Task');
  const names = activate.Retry.flatMap(({ ErrorEquals }) => ErrorEquals);
  assert.ok(names.includes(TASK_ERRORS.transient));
  for (const name of names) assert.match(name, /^(TransientFailure|Lambda\.\w+)$/);
});

test('what is deployed is this definition and that of runs, logged without their data', () => {
  const machines = ofType(sampleResources(), 'AWS::StepFunctions::StateMachine');
  assert.deepEqual(
    machines.map(({ properties }) => JSON.parse(properties.DefinitionString)),
    [grantDefinition(ARNS), runDefinition(ARNS)],
  );
  for (const { properties } of machines) {
    const { LoggingConfiguration, TracingConfiguration, StateMachineType } = properties;
    assert.equal(LoggingConfiguration.Level, 'ALL');
    assert.equal(LoggingConfiguration.IncludeExecutionData, false);
    assert.equal(TracingConfiguration.Enabled, true);
    assert.equal(StateMachineType, 'STANDARD');
  }
});
