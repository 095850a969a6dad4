import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseYaml } from '../../../lambdas/core/config/parse-yaml.ts';

const refusal = (text: string) => {
  const parsed = parseYaml(text);
  if (parsed.ok) assert.fail(`accepted: ${JSON.stringify(parsed.value)?.slice(0, 200)}`);
  return parsed.errors[0];
};

test('plain YAML becomes plain values, and an unquoted number stays one', () => {
  assert.deepEqual(parseYaml('a: [x, 1, yes]\nb: { c: null }'), {
    ok: true,
    value: { a: ['x', 1, 'yes'], b: { c: null } },
  });
});

test('a duplicate key is refused with its line, for the first of two values is what a reviewer may have read', () => {
  assert.deepEqual(refusal('a: 1\nb: 2\na: 3'), {
    path: 'line 3',
    message: 'This is not the YAML expected here: Map keys must be unique.',
  });
});

test('anchors, aliases and merge keys are refused, so no file can say less than it means or grow without bound', () => {
  const bomb = [
    'a0: &a0 [x, x]',
    ...Array.from({ length: 30 }, (_, at) => `a${at + 1}: &a${at + 1} [*a${at}, *a${at}]`),
  ];
  const started = performance.now();
  assert.match(refusal(bomb.join('\n'))?.message ?? '', /anchor/);
  assert.ok(performance.now() - started < 1_000);
  assert.match(refusal('base: {env: prod}\nother:\n  <<: *base')?.message ?? '', /alias/i);
});

test('keys that JavaScript gives a meaning to are refused at any depth', () => {
  for (const key of ['__proto__', 'constructor', 'prototype', '"__proto__"'])
    assert.match(refusal(`a:\n  - {${key}: {isAdmin: true}}`)?.message ?? '', /Remove the key/);
  assert.equal(Reflect.get({}, 'isAdmin'), undefined);
});

test('tags, several documents and keys that are lists are refused', () => {
  for (const text of ['a: !!js/function "x"', 'a: !mine 1', 'a: 1\n---\nb: 2', '? [a]\n: b'])
    assert.ok(refusal(text));
});

test('a huge file is refused before it is parsed', () => {
  const started = performance.now();
  assert.match(refusal(`a: ${'x'.repeat(20_000_000)}`)?.message ?? '', /smaller than 512 KiB/);
  assert.ok(performance.now() - started < 500);
});

test('nesting that exhausts the parser is a mistake of the file, not a crash', () => {
  assert.ok(refusal('['.repeat(100_000)));
  assert.ok(refusal('- '.repeat(100_000)));
});
