import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitPolicies } from '../../../lambdas/core/policy/split-policies.ts';

const policy = (id: string, reason = 'Because.') =>
  `@id("${id}")\n@reason("${reason}")\npermit (principal, action, resource); // a note; with } and "`;

const refusal = (text: string) => {
  const split = splitPolicies('x.cedar', text);
  if (split.ok) assert.fail(`accepted: ${text}`);
  return split.errors;
};

test('a file is split by Cedar itself: text that only looks like an end of a policy does not end one', () => {
  const tricky = `@id("b") @reason("ends }; permit (principal, action, resource);")
forbid (principal, action, resource == Resource::"};") // permit (principal, action, resource);
unless { context.approvals >= 1 };`;
  const split = splitPolicies('x.cedar', `// head\n${tricky}\n\n${policy('a')}`);
  if (!split.ok) assert.fail(JSON.stringify(split.errors));
  assert.deepEqual(
    split.value.map(({ id, file }) => [id, file]),
    [
      ['a', 'x.cedar'],
      ['b', 'x.cedar'],
    ],
  );
  assert.equal(split.value[1]?.text, tricky);
  assert.equal(split.value[1]?.reason, 'ends }; permit (principal, action, resource);');
});

test('a policy without an id or without a reason is refused', () => {
  assert.match(refusal('@reason("r") permit (principal, action, resource);')[0]?.message ?? '', /@id/);
  assert.match(refusal('@id("a") permit (principal, action, resource);')[0]?.message ?? '', /@reason/);
  assert.equal(refusal('permit (principal, action, resource);').length, 2);
});

test('an id is plain words: nothing that a log, a terminal or a reader could take for something else', () => {
  for (const id of [
    '',
    '.*',
    'A',
    'a b',
    'a_b',
    '-a',
    'a-',
    'a\\n',
    '\\u{61}\\u{301}',
    '__proto__',
    'a'.repeat(65),
  ])
    assert.match(refusal(policy(id))[0]?.message ?? '', /@id/, id);
});

test('a reason is one line that people can be shown', () => {
  for (const reason of ['', '  ', 'a\\nb', 'a\\u{202e}b', '\\u{1b}[31m', 'a'.repeat(201)])
    assert.match(refusal(policy('a', reason))[0]?.message ?? '', /@reason/, reason);
});

test('a file that Cedar cannot read is refused with its line, counted in bytes as Cedar does', () => {
  const [error] = refusal(`// ${'é'.repeat(50)}\n${policy('a')}\n\nallow (principal, action, resource);`);
  assert.equal(error?.path, 'line 6');
  assert.match(error?.message ?? '', /^Cedar cannot read this: /);
});

test('two ids on one policy are refused, for one of them would be hidden', () => {
  assert.match(refusal(`@id("z") ${policy('a')}`)[0]?.message ?? '', /Cedar cannot read this/);
});

test('a template is refused, for it decides nothing by itself', () => {
  assert.match(
    refusal('@id("t") @reason("t") permit (principal == ?principal, action, resource);')[0]?.message ?? '',
    /is a template/,
  );
});
