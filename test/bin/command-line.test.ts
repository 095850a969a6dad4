import assert from 'node:assert/strict';
import { test } from 'node:test';
import { oneOf, readArguments, required, UsageError } from '../../bin/command-line.ts';

const FLAGS = { values: ['agent', 'groups'], switches: ['json'] };
const refuses = (args: readonly string[], message: RegExp) =>
  assert.throws(
    () => readArguments(args, FLAGS),
    (error) => error instanceof UsageError && message.test(error.message),
    args.join(' '),
  );

test('flags, switches and words are told apart, in any order', () => {
  const given = readArguments(['x', '--agent', 'a', '--json', '--groups=-b', 'y'], FLAGS);
  assert.deepEqual(given.words, ['x', 'y']);
  assert.deepEqual(
    [...given.values],
    [
      ['agent', 'a'],
      ['groups', '-b'],
    ],
  );
  assert.deepEqual([...given.switches], ['json']);
});

test('whatever would otherwise be ignored is refused', () => {
  refuses(['--agnt', 'a'], /--agnt is not known here\. Did you mean --agent\?/);
  refuses(['--agent', 'a', '--agent', 'b'], /twice/);
  refuses(['--json=no'], /takes no value/);
  refuses(['--agent'], /--agent needs a value/);
  refuses(['--agent', '--json'], /--agent needs a value/);
  refuses(['--agent='], /--agent needs a value/);
  refuses(['-x'], /-x is not known/);
  refuses(['--__proto__', 'x'], /not known/);
});

test('what is missing or misspelt is named', () => {
  assert.throws(() => required(readArguments([], FLAGS), 'agent'), /--agent is missing/);
  assert.throws(
    () => oneOf('The agent', 'sales', ['support']),
    /"sales" is not known\. There are: support\./,
  );
  assert.throws(() => oneOf('The agent', 'suport', ['support']), /Did you mean support\?/);
  assert.equal(oneOf('The agent', 'support', ['support']), 'support');
});
