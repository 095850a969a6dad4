import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import validate from 'asl-validator';
import { TASK_ERRORS } from '../../lambdas/tasks/grant-task.ts';
import { FUNCTION_SHAPES } from '../../lib/function-shapes.ts';
import {
  ACTIVATE,
  type Definition,
  END_ACCESS,
  grantDefinition,
  type State,
} from '../../lib/grant-definition.ts';
import { EXECUTE, runDefinition } from '../../lib/run-definition.ts';
import { ofType, sampleResources } from './sample-stack.ts';

const RUNNER = 'arn:aws:lambda:eu-central-1:111122223333:function:latchkey-runner';
const WAITER = 'arn:aws:lambda:eu-central-1:111122223333:function:latchkey-waiter';
const ARNS = {
  runner: '<runnerFunction.Arn>',
  waiter: '<waiterFunction.Arn>',
  notifier: '<notifierFunction.Arn>',
};
const definition = grantDefinition({ runner: RUNNER, waiter: WAITER, notifier: 'notifier' });

const nextOf = (state: State): string[] => {
  if (state.Type === 'Task') return [state.Next, ...state.Catch.map(({ Next }) => Next)];
  if (state.Type === 'Choice') return [state.Default, ...state.Choices.map(({ Next }) => Next)];
  return [];
};

const isTerminal = (state: State | undefined): boolean => state?.Type === 'Succeed' || state?.Type === 'Fail';

const EVERYTHING = ['States.ALL'];

/**
 * What keeps a path that has entered *Activate the grant* from *End access*: a way out, a circle, a state whose errors
 * are not caught, or a choice that could throw.
 */
const leaks = ({ States }: Definition): string[] => {
  const found: string[] = [];
  const walk = (name: string, path: readonly string[]): void => {
    if (name === END_ACCESS) return;
    const state = States[name];
    if (!state || isTerminal(state)) return void found.push(`${name} is reached without ${END_ACCESS}`);
    if (path.includes(name)) return void found.push(`${name} is a circle`);
    if (
      state.Type === 'Task' &&
      !state.Catch.some(({ ErrorEquals }) => String(ErrorEquals) === EVERYTHING[0])
    )
      found.push(`${name} does not catch everything`);
    if (state.Type === 'Choice') found.push(...riskyConditions(name, state, States));
    for (const next of nextOf(state)) walk(next, [...path, name]);
  };
  walk(ACTIVATE, []);
  return [...new Set(found)];
};

/** A choice has no Catch, so a condition may be nothing but a variable that a task has made a boolean of. */
const riskyConditions = (
  name: string,
  state: Extract<State, { Type: 'Choice' }>,
  states: Definition['States'],
): string[] => {
  const activate = states[ACTIVATE];
  const assigned = activate?.Type === 'Task' ? (activate.Assign ?? {}) : {};
  return state.Choices.filter(({ Condition }) => {
    const [, variable] = /^\{% \$(\w+) %\}$/.exec(Condition) ?? [];
    return !variable || !/ [=<>] /.test(assigned[variable] ?? '');
  }).map(({ Condition }) => `${name} could throw at ${Condition}`);
};

const withState = (name: string, change: (state: State) => object): Definition => {
  const state = definition.States[name];
  assert.ok(state, name);
  return { ...definition, States: { ...definition.States, [name]: change(state) as State } };
};

describe('from the moment a grant is being activated, everything leads to the end of access', () => {
  test('every path, every error, every choice', () => {
    assert.deepEqual(leaks(definition), []);
  });

  test('a way past it is noticed', () => {
    const past = withState('Is the grant active?', (state) => ({ ...state, Default: 'Access has ended' }));
    assert.deepEqual(leaks(past), ['Access has ended is reached without End access']);
  });

  test('an error that nobody catches is noticed', () => {
    const uncaught = withState('Wait for the end', (state) => ({
      ...state,
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: END_ACCESS }],
    }));
    assert.deepEqual(leaks(uncaught), ['Wait for the end does not catch everything']);
  });

  test('a choice that can throw is noticed', () => {
    const risky = withState('Does its task hold a lease?', (state) => ({
      ...state,
      Choices: [{ Condition: '{% $leaseSeconds > 0 %}', Next: 'Wait for the end' }],
    }));
    assert.deepEqual(leaks(risky), ['Does its task hold a lease? could throw at {% $leaseSeconds > 0 %}']);
  });

  test('a circle is noticed', () => {
    const circle = withState('Wait for the end', (state) => ({ ...state, Next: 'Is the grant active?' }));
    assert.deepEqual(leaks(circle), ['Is the grant active? is a circle']);
  });

  test('activating is the first thing it does', () => {
    assert.equal(definition.StartAt, ACTIVATE);
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

test('the end is tried again whatever went wrong, except what was refused for good', () => {
  const end = definition.States[END_ACCESS];
  assert.ok(end?.Type === 'Task');
  const [refused, ...others] = end.Retry;
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

test('no state waits without an end, and none gives up on a function that still runs', () => {
  for (const state of Object.values(definition.States)) {
    if (state.Type !== 'Task') continue;
    assert.ok(state.TimeoutSeconds);
    if (typeof state.TimeoutSeconds === 'number')
      assert.ok(state.TimeoutSeconds > FUNCTION_SHAPES.runner.timeoutSeconds);
  }
});

test('what goes in and what is handed on are ids, never an answer or an error', () => {
  for (const state of Object.values(definition.States)) {
    if (state.Type !== 'Task') continue;
    assert.deepEqual(state.Output, {});
    const { step: _, ...payload } = state.Arguments.Payload;
    assert.ok(Object.keys(payload).every((key) => ['grantId', 'taskToken'].includes(key)));
  }
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

test('a run is handed its id alone, hands nothing on, and whatever fails is left to the sweeper', () => {
  const { States } = runDefinition({ runner: 'runner', waiter: WAITER, notifier: 'notifier' });
  const execute = States[EXECUTE];
  assert.ok(execute?.Type === 'Task');
  assert.deepEqual(Object.keys(execute.Arguments.Payload), ['step', 'runId']);
  assert.deepEqual(execute.Output, {});
  assert.deepEqual(execute.Catch, [{ ErrorEquals: ['States.ALL'], Next: 'Left to the sweeper' }]);
});
