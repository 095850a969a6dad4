import assert from 'node:assert/strict';
import { test } from 'node:test';
import validate from 'asl-validator';
import { TASK_ERRORS } from '../../lambdas/tasks/grant-task.ts';
import { ASK, IS_ASKED, LEFT, TAKE, WAIT_FOR_PEOPLE } from '../../lib/grant-definition.ts';
import { EXECUTE, runDefinition } from '../../lib/run-definition.ts';
import { circlesOf, leaks, nextOf, reachable, riskyConditions } from './definition-graph.ts';

const definition = runDefinition({ runner: 'runner', waiter: 'waiter', notifier: 'notifier' });
const { States } = definition;
const LOOK = 'Have the target look at it';

test('it is valid Amazon States Language', () => {
  assert.deepEqual(validate(structuredClone(definition)).errors, []);
});

test('where people are asked, nothing is executed before their decision was taken, whatever fails on the way', () => {
  const first = States[IS_ASKED];
  assert.ok(first?.Type === 'Choice' && definition.StartAt === IS_ASKED);
  assert.deepEqual(
    first.Choices.map(({ Next }) => Next),
    [LOOK],
  );
  assert.deepEqual(reachable(definition, LOOK, TAKE), [LOOK, ASK, WAIT_FOR_PEOPLE].sort());
  for (const name of [LOOK, ASK, WAIT_FOR_PEOPLE]) assert.deepEqual(leaks(definition, name, TAKE), []);
});

test('only the first choice and the one after the decision lead to execution', () => {
  const before = Object.entries(States).filter(([, state]) => nextOf(state).includes(EXECUTE));
  assert.deepEqual(
    before.map(([name]) => name),
    [IS_ASKED, 'Have they approved?'],
  );
});

test('its circles are asking again, with and without an execution that was held, and each takes the decision', () => {
  assert.deepEqual(circlesOf(definition), [
    [EXECUTE, 'What came of it?', ASK, WAIT_FOR_PEOPLE, TAKE, 'Have they approved?'],
    ['Have they approved?', ASK, WAIT_FOR_PEOPLE, TAKE],
  ]);
});

test('its choices compare booleans that every task before them has made, except the first', () => {
  const risky = Object.keys(States).flatMap((name) => riskyConditions(definition, name));
  assert.deepEqual(risky, [
    `${IS_ASKED} could throw at {% $states.context.Execution.Input.isAsked = true %}`,
  ]);
});

test('a target that cannot say what it thinks keeps nobody from being asked, and is not asked twice', () => {
  const look = States[LOOK];
  assert.ok(look?.Type === 'Task');
  assert.deepEqual([...new Set(nextOf(look))], [ASK]);
  assert.deepEqual(look.Retry, []);
});

test('an execution is tried again whatever became of its function, and then left to the sweeper', () => {
  const execute = States[EXECUTE];
  assert.ok(execute?.Type === 'Task');
  assert.deepEqual(
    execute.Retry.map(({ ErrorEquals, MaxAttempts }) => [ErrorEquals, MaxAttempts > 0]),
    [
      [[TASK_ERRORS.refused], false],
      [['States.ALL'], true],
    ],
  );
  assert.deepEqual(execute.Catch, [{ ErrorEquals: ['States.ALL'], Next: LEFT }]);
});
