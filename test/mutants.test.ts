import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { mutated, PROMISES } from '../bin/mutant.ts';
import { failedTests } from '../bin/run-mutant.ts';
import { testFiles } from '../bin/test-files.ts';
import { MUTANTS } from './mutants.ts';

test('every mutation has exactly one place, and changes it', () => {
  for (const mutant of MUTANTS) {
    const text = readFileSync(mutant.file, 'utf8');
    const changed = mutated(text, mutant);
    assert.ok(changed !== undefined, `${mutant.file} does not hold exactly once: ${mutant.find}`);
    assert.notEqual(changed, text, mutant.rule);
  }
});

test('every mutation changes the product, and names tests that exist', () => {
  const known = testFiles();
  for (const { file, tests, rule } of MUTANTS) {
    assert.match(file, /^(lambdas|lib|config|docs\/targets)\//, rule);
    assert.ok(existsSync(file), file);
    assert.ok(tests.length > 0, rule);
    for (const path of tests) assert.ok(known.includes(path), `${rule}: ${path}`);
  }
});

test('every promise has a mutation, and no two break the same rule', () => {
  for (const [number, promise] of Object.entries(PROMISES))
    assert.ok(
      MUTANTS.some((mutant) => mutant.promise === Number(number)),
      `${number}. ${promise}`,
    );
  const rules = MUTANTS.map(({ rule }) => rule);
  assert.deepEqual(
    rules.filter((rule, index) => rules.indexOf(rule) !== index),
    [],
  );
});

test('a place that is not there, or there twice, is no place', () => {
  assert.equal(mutated('abc', { find: 'b', replace: '' }), 'ac');
  assert.equal(mutated('abc', { find: 'd', replace: '' }), undefined);
  assert.equal(mutated('abcb', { find: 'b', replace: '' }), undefined);
  assert.equal(mutated('aaa', { find: 'aa', replace: '' }), undefined);
  assert.equal(mutated('a$1', { find: 'a', replace: '$&' }), '$&$1');
});

test('the failed tests of a run are named, the innermost first, and those that passed are not', () => {
  const tap = `TAP version 13
# Subtest: outer
    # Subtest: inner
    not ok 1 - inner
      ---
      error: 'not ok 9 - imitated'
      ...
    1..1
not ok 1 - outer
ok 2 - good
not ok 3 - test/broken.test.ts
`;
  assert.deepEqual(failedTests(tap), ['inner', 'outer', 'test/broken.test.ts']);
});
