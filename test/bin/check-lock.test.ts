import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { LOCKS, lockMistakes } from '../../bin/check-lock.ts';

const GOOD = {
  packages: {
    '': { optionalDependencies: { tool: '1.0.0' } },
    'node_modules/tool': {
      version: '1.0.0',
      integrity: 'sha512-x',
      optionalDependencies: { 'tool-linux': '1.0.0' },
    },
    'node_modules/tool-linux': { version: '1.0.0', integrity: 'sha512-x' },
    'node_modules/outer': { version: '1.0.0', integrity: 'sha512-x' },
    'node_modules/outer/node_modules/inner': {
      version: '1.0.0',
      integrity: 'sha512-x',
      optionalDependencies: { 'tool-linux': '1.0.0' },
    },
  },
};
const messagesOf = (over: object): string[] =>
  lockMistakes('lock', JSON.stringify({ packages: { ...GOOD.packages, ...over } })).map(
    ({ path, message }) => `${path}: ${message}`,
  );

test('a lock that holds every optional dependency, near or further out, has no mistakes', () => {
  assert.deepEqual(messagesOf({}), []);
});

for (const [what, over, expected] of [
  [
    'a package for another platform is missing',
    { 'node_modules/tool-linux': undefined },
    /^node_modules\/tool: .*tool-linux.*inner: .*tool-linux/s,
  ],
  [
    'a package is there, but for somebody else only',
    {
      'node_modules/tool-linux': undefined,
      'node_modules/outer/node_modules/tool-linux': { version: '1.0.0', integrity: 'sha512-x' },
    },
    /^node_modules\/tool: .*tool-linux[^\n]*$/,
  ],
  ['the root lacks one', { 'node_modules/tool': undefined }, /^the root: .* tool /],
  [
    'a registry is named',
    { 'node_modules/tool-linux': { resolved: 'https://example.com/t.tgz', integrity: 'sha512-x' } },
    /^node_modules\/tool-linux: .*names a host/,
  ],
  ['a hash is missing', { 'node_modules/tool-linux': { version: '1.0.0' } }, /has no "integrity"$/],
] as const)
  test(`a lock is refused when ${what}`, () => {
    assert.match(messagesOf(over).join('\n'), expected);
  });

for (const file of LOCKS)
  test(`nothing is wrong with ${file}`, () => {
    assert.deepEqual(lockMistakes(file, readFileSync(file, 'utf8')), []);
  });
