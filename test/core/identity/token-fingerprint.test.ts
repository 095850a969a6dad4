import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { tokenFingerprint } from '../../../lambdas/core/identity/token-fingerprint.ts';

test('a fingerprint is the SHA-256 of what is signed, so a rewritten signature changes nothing', () => {
  const expected = createHash('sha256').update('header.payload').digest('hex');
  assert.equal(tokenFingerprint('header.payload.one'), expected);
  assert.equal(tokenFingerprint('header.payload.two'), expected);
});

test('another payload or header is another fingerprint', () => {
  const seen = ['a.b.c', 'a.bb.c', 'aa.b.c', 'ab.b.c'].map(tokenFingerprint);
  assert.equal(new Set(seen).size, seen.length);
});
