import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PrincipalEntry } from '../../../lambdas/core/config/issuer.ts';
import { findPrincipal, type VerifiedToken } from '../../../lambdas/core/identity/find-principal.ts';
import { ENTRY, PRINCIPAL, PROFILE, verified } from '../../support/sample-identity.ts';

const found = (token: VerifiedToken, entries: readonly PrincipalEntry[]) => {
  const result = findPrincipal(token, entries);
  assert.ok(result.ok, JSON.stringify(result));
  return result.value;
};

const UNKNOWN = { known: false };
/** As it is found, with what its entry gave. */
const LISTED = { ...PRINCIPAL, entryGroups: ENTRY.groups };

test('an entry gives a caller its name, type, groups and owners', () => {
  assert.deepEqual(found(verified(), [ENTRY]), LISTED);
});

test('a caller who is in no entry is what its issuer says, unlisted and with unknown groups', () => {
  assert.deepEqual(found(verified(), []), {
    ...PRINCIPAL,
    type: 'workload',
    name: 'sales-crew',
    listed: false,
    groups: UNKNOWN,
    owners: [],
  });
});

test('an entry of another issuer, subject or case does not match', () => {
  for (const change of [
    { issuer: `${PROFILE.issuer}/` },
    { subject: 'Sales-crew' },
    { subject: 'sales-crew2' },
    { subject: 'sales' },
  ]) {
    assert.equal(found(verified(), [{ ...ENTRY, ...change }]).listed, false, JSON.stringify(change));
  }
});

test('every claim of an entry must have exactly its value, as a string of the token itself', () => {
  const entry = { ...ENTRY, subject: undefined, claims: { repository_id: '1', ref: 'refs/heads/main' } };
  assert.equal(found(verified({ repository_id: '1', ref: 'refs/heads/main' }), [entry]).listed, true);
  for (const payload of [
    { repository_id: '1' },
    { repository_id: 1, ref: 'refs/heads/main' },
    { repository_id: ['1'], ref: 'refs/heads/main' },
    { repository_id: '1', ref: 'refs/heads/main2' },
    JSON.parse('{"__proto__":{"repository_id":"1","ref":"refs/heads/main"}}'),
  ]) {
    assert.equal(found(verified(payload), [entry]).listed, false, JSON.stringify(payload));
  }
});

test('two entries that match one token refuse it', () => {
  const other = { ...ENTRY, name: 'other', subject: undefined, claims: { team: 'sales' } };
  assert.deepEqual(findPrincipal(verified({ team: 'sales' }), [ENTRY, other]), {
    ok: false,
    failure: 'principal_ambiguous',
  });
});

test('groups of the token and of the entry count together, each once', () => {
  const token = verified({ groups: ['eu', 'data-crew'] }, { groupsClaim: ['groups'], groupsRequired: true });
  assert.deepEqual(found(token, [ENTRY]).groups, { known: true, names: ['eu', 'data-crew'] });
});

test('groups of the token alone list a caller', () => {
  const caller = found(verified({ groups: ['eu'] }, { groupsClaim: ['groups'], groupsRequired: true }), []);
  assert.deepEqual([caller.listed, caller.groups], [true, { known: true, names: ['eu'] }]);
});

test('a groups claim is ignored where the profile names none', () => {
  assert.deepEqual(found(verified({ groups: ['admins'] }), [ENTRY]).groups, PRINCIPAL.groups);
  assert.deepEqual(found(verified({ groups: ['admins'] }), []).groups, UNKNOWN);
});

test('required groups that are absent are unknown, whatever the entry says', () => {
  const caller = found(verified({}, { groupsClaim: ['groups'], groupsRequired: true }), [ENTRY]);
  assert.deepEqual([caller.listed, caller.groups], [true, UNKNOWN]);
});

test('where groups may be absent, the entry alone speaks, and without an entry nobody does', () => {
  const token = verified({}, { groupsClaim: ['groups'], groupsRequired: false });
  assert.deepEqual(found(token, [ENTRY]).groups, PRINCIPAL.groups);
  assert.deepEqual([found(token, []).listed, found(token, []).groups], [false, UNKNOWN]);
});

test('groups that overflow are unknown, whatever the entry and the profile say', () => {
  for (const payload of [{ hasgroups: true }, { groups: 'data-crew' }, { _claim_names: { groups: 's' } }]) {
    const token = verified(payload, { groupsClaim: ['groups'], groupsRequired: false });
    assert.deepEqual(found(token, [ENTRY]).groups, UNKNOWN);
    assert.deepEqual(found(token, []).groups, UNKNOWN);
  }
});

test('act is not believed unless the profile says so', () => {
  assert.deepEqual(found(verified({ act: { sub: 'dana' } }), [ENTRY]), LISTED);
  assert.deepEqual(found(verified({ act: 'nonsense' }), [ENTRY]), LISTED);
});

test('a believed chain of actors is kept, current actor first, and answers for the agent', () => {
  const act = { sub: 'agent-2', act: { sub: 'dana.reyes', act: { iss: 'https://hr.example', sub: 'eve' } } };
  const caller = found(verified({ act }, { believesActor: true }), [ENTRY]);
  const chain = [
    { issuer: PROFILE.issuer, subject: 'agent-2' },
    { issuer: PROFILE.issuer, subject: 'dana.reyes' },
    { issuer: 'https://hr.example', subject: 'eve' },
  ];
  assert.deepEqual(caller.delegation, chain);
  assert.deepEqual(caller.owners, [
    ...ENTRY.owners,
    { issuer: PROFILE.issuer, subject: 'agent-2', name: 'agent-2' },
    { issuer: 'https://hr.example', subject: 'eve', name: 'eve' },
  ]);
});

test('a person who acts through an agent gets no owners from it', () => {
  const caller = found(verified({ act: { sub: 'crew' } }, { believesActor: true, defaultType: 'human' }), []);
  assert.deepEqual([caller.owners, caller.delegation.length], [[], 1]);
});

test('a believed chain that cannot be read whole refuses the token', () => {
  const nested = (depth: number): object =>
    depth === 0 ? { sub: 'a' } : { sub: 'a', act: nested(depth - 1) };
  assert.equal(findPrincipal(verified({ act: nested(3) }, { believesActor: true }), [ENTRY]).ok, true);
  for (const act of [
    nested(4),
    'dana',
    null,
    [],
    {},
    { sub: '' },
    { sub: 1 },
    { sub: 'a', iss: 1 },
    { sub: 'a', act: 'b' },
    { sub: 'a', act: null },
  ]) {
    assert.deepEqual(
      findPrincipal(verified({ act }, { believesActor: true }), [ENTRY]),
      { ok: false, failure: 'actor_unusable' },
      JSON.stringify(act),
    );
  }
});
