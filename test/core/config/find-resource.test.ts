import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AskedNames, findResource } from '../../../lambdas/core/config/find-resource.ts';
import { AWS_RESOURCE, RESOURCE } from '../../support/facts.ts';

const TWO = AWS_RESOURCE;
const ONE = {
  ...TWO,
  id: 'one-profile',
  target: { ...TWO.target, profiles: { read: TWO.target.profiles['read-reports'] } },
} as typeof TWO;

const find = (asked: Partial<AskedNames>) =>
  findResource([RESOURCE, TWO, ONE], { resource: TWO.id, action: 'aws:assume', ...asked });

test('a profile is found by its exact name', () => {
  const found = find({ profile: 'read-reports' });
  assert.ok(found.ok);
  assert.equal(found.value.profile, 'read-reports');
});

test('of several profiles one must be named, and no other name is taken for one', () => {
  for (const profile of [undefined, '', 'Read-Reports', 'read', 'toString', '__proto__', 'constructor']) {
    const found = find({ profile });
    assert.deepEqual(found.ok ? 'found' : found.failure, {
      code: 'unknown_profile',
      offered: ['read-reports', 'write-reports'],
    });
  }
});

test('the only profile need not be named', () => {
  const found = find({ resource: ONE.id });
  assert.ok(found.ok);
  assert.equal(found.value.profile, 'read');
});

test('a resource without profiles has none to name', () => {
  const plain = { resource: RESOURCE.id, action: 'postgres:connect' };
  const found = find(plain);
  assert.ok(found.ok);
  assert.equal(found.value.profile, undefined);
  const named = find({ ...plain, profile: 'read-reports' });
  assert.deepEqual(named.ok ? 'found' : named.failure, { code: 'unknown_profile', offered: [] });
});
