import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eksToken, tokenUntil } from '../../../lambdas/core/eks/eks-token.ts';
import { NOW } from '../../support/facts.ts';

const MINUTE_MS = 60_000;

test('a token is the address it holds, in the letters of a URL and without padding', () => {
  const url = 'https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&a=%3F~';
  const [version, kind, encoded, ...more] = (eksToken(url) ?? '').split(/(?<=k8s-aws-v1)(\.)/);
  assert.deepEqual([version, kind, more], ['k8s-aws-v1', '.', []]);
  assert.match(encoded ?? '', /^[A-Za-z0-9_-]+$/);
  assert.equal(Buffer.from(encoded ?? '', 'base64url').toString(), url);
});

test('a token that an authenticator would refuse unread is none', () => {
  const longest = 'x'.repeat(((4_096 - 'k8s-aws-v1.'.length) * 3) / 4);
  assert.ok((eksToken(longest)?.length ?? 0) <= 4_096);
  assert.equal(eksToken(`${longest}xx`), undefined);
});

test('a token ends with whatever ends first', () => {
  const ends = { signedAt: NOW, sessionUntil: NOW + 60 * MINUTE_MS, grantUntil: NOW + 60 * MINUTE_MS };
  assert.equal(tokenUntil(ends), NOW + 14 * MINUTE_MS);
  assert.equal(tokenUntil({ ...ends, sessionUntil: NOW + 10 * MINUTE_MS }), NOW + 10 * MINUTE_MS);
  assert.equal(tokenUntil({ ...ends, grantUntil: NOW + 5 * MINUTE_MS }), NOW + 5 * MINUTE_MS);
});
