import assert from 'node:assert/strict';
import { test } from 'node:test';
import { groupsOf } from '../../../lambdas/core/identity/groups-of.ts';

const GROUPS = ['groups'];
const UNUSABLE = { known: false, because: 'unusable' };
const ABSENT = { known: false, because: 'absent' };
const known = (...names: readonly string[]) => ({ known: true, names });

test('a list of strings is the groups, each once', () => {
  assert.deepEqual(
    groupsOf({ groups: ['a', 'B', 'a', '/a/b', 'Einkäufer'] }, GROUPS),
    known('a', 'B', '/a/b', 'Einkäufer'),
  );
});

test('an empty list is known to be none', () => {
  assert.deepEqual(groupsOf({ groups: [] }, GROUPS), known());
});

test('claims are found by exact path, with dots, slashes and colons in their names', () => {
  assert.deepEqual(
    groupsOf({ 'https://acme.example/groups': ['a'] }, ['https://acme.example/groups']),
    known('a'),
  );
  assert.deepEqual(groupsOf({ 'cognito:groups': ['a'] }, ['cognito:groups']), known('a'));
  assert.deepEqual(groupsOf({ realm_access: { roles: ['a'] } }, ['realm_access', 'roles']), known('a'));
  assert.deepEqual(groupsOf({ realm_access: { roles: ['a'] } }, ['realm_access.roles']), ABSENT);
  assert.deepEqual(groupsOf({ realm_access: ['a'] }, ['realm_access', '0']), ABSENT);
});

test('a claim that is not there is absent, and the prototype is not searched', () => {
  assert.deepEqual(groupsOf({}, GROUPS), ABSENT);
  assert.deepEqual(groupsOf(JSON.parse('{"__proto__":{"groups":["a"]}}'), GROUPS), ABSENT);
  assert.deepEqual(groupsOf({}, ['constructor']), ABSENT);
});

test('anything but a list of strings is unusable', () => {
  const wrong = [
    'data-crew',
    '[a b]',
    null,
    1,
    true,
    {},
    { 0: 'a' },
    ['a', 1],
    ['a', null],
    [['a']],
    [''],
    ['a\n'],
    ['\ud800'],
    ['x'.repeat(257)],
  ];
  for (const groups of wrong)
    assert.deepEqual(groupsOf({ groups }, GROUPS), UNUSABLE, JSON.stringify(groups));
});

test('a list so long that issuers cut it silently is unusable', () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `g${index}`);
  assert.equal(groupsOf({ groups: names(99) }, GROUPS).known, true);
  assert.deepEqual(groupsOf({ groups: names(100) }, GROUPS), UNUSABLE);
});

test('the marks of an overflow make even listed groups unusable', () => {
  assert.deepEqual(groupsOf({ hasgroups: true }, GROUPS), UNUSABLE);
  assert.deepEqual(groupsOf({ hasgroups: 'true', groups: ['a'] }, GROUPS), UNUSABLE);
  assert.deepEqual(groupsOf({ _claim_names: { groups: 'src1' }, groups: ['a'] }, GROUPS), UNUSABLE);
  assert.deepEqual(groupsOf({ _claim_names: { groups: 'src1' }, _claim_sources: {} }, GROUPS), UNUSABLE);
  assert.deepEqual(groupsOf({ _claim_names: 'groups', groups: ['a'] }, GROUPS), UNUSABLE);
});

test('the marks of an overflow of something else do not', () => {
  assert.deepEqual(groupsOf({ _claim_names: { address: 'src1' }, groups: ['a'] }, GROUPS), known('a'));
  assert.deepEqual(groupsOf({ hasgroups: false, groups: ['a'] }, GROUPS), known('a'));
});
