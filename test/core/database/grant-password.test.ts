import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { grantPassword, saltOf } from '../../../lambdas/core/database/grant-password.ts';

const KEY = Buffer.alloc(32, 1);
const SERVER = { account: '111122223333', region: 'eu-central-1', resourceId: 'db-ONE' };
const USER = 'lk_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f';

test('a password is the same whoever computes it, and of 256 bits', () => {
  const password = grantPassword(KEY, SERVER, USER);
  assert.equal(password, grantPassword(Buffer.from(KEY), { ...SERVER }, USER));
  assert.match(password, /^[\w-]{43}$/);
});

test('another key, server or user is another password and another salt', () => {
  const passwords = [
    grantPassword(KEY, SERVER, USER),
    grantPassword(Buffer.alloc(32, 2), SERVER, USER),
    grantPassword(KEY, { ...SERVER, account: '111122223334' }, USER),
    grantPassword(KEY, { ...SERVER, region: 'eu-west-1' }, USER),
    grantPassword(KEY, { ...SERVER, resourceId: 'db-TWO' }, USER),
    grantPassword(KEY, SERVER, `${USER.slice(0, -1)}g`),
  ];
  assert.equal(new Set(passwords).size, passwords.length);
  assert.notDeepEqual(saltOf(SERVER, USER), saltOf({ ...SERVER, resourceId: 'db-TWO' }, USER));
});

test('no two of any servers and users share a password', () => {
  const part = fc.stringMatching(/^[a-z0-9_-]{1,8}$/);
  const ask = fc.record({ account: part, region: part, resourceId: part, user: part });
  fc.assert(
    fc.property(ask, ask, (one, other) => {
      const isSame =
        JSON.stringify(Object.entries(one).sort()) === JSON.stringify(Object.entries(other).sort());
      assert.equal(grantPassword(KEY, one, one.user) === grantPassword(KEY, other, other.user), isSame);
    }),
  );
});

test('a key that is shorter than what it makes is refused', () => {
  assert.throws(() => grantPassword(Buffer.alloc(31, 1), SERVER, USER), TypeError);
});
