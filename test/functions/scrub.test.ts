import assert from 'node:assert/strict';
import { test } from 'node:test';
import { scrub } from '../../lambdas/functions/scrub.ts';

const TOKEN = `eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJzYWxlcyJ9.${'c2ln'.repeat(20)}`;

test('secrets are taken out of a text by their looks', () => {
  for (const [secret, kept] of [
    [`Bearer ${TOKEN}`, ''],
    [`bearer   opaque-token`, ''],
    [TOKEN, ''],
    [TOKEN.slice(0, 30), ''],
    ['AKIAIOSFODNN7EXAMPLE', ''],
    ['ASIAIOSFODNN7EXAMPLE', ''],
    ['X-Amz-Signature=0123456789abcdef', 'db:5432/?Action=connect&'],
    ['X-Amz-Security-Token=IQoJb3JpZ2luX2VjE', 'db:5432/?Action=connect&'],
    ['x-amz-credential%3DAKIA', ''],
    ['k8s-aws-v1.aHR0cHM6Ly9zdHMuYW1hem9uYXdz', ''],
    ['xoxb-123456789012-abcdef', ''],
    ['-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----', ''],
    ['-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXk', ''],
    ['password=hunter2', ''],
    ['secret: hunter2', ''],
  ] as const) {
    const text = `before ${kept}${secret}`;
    const clean = scrub(text);
    assert.ok(!clean.includes(secret), clean);
    assert.ok(clean.startsWith('before ') && clean.includes('[removed]'), clean);
  }
  assert.ok(!scrub('postgres://dana:hunter2@db/x').includes('hunter2'));
});

test('ids, codes and addresses stay readable', () => {
  for (const text of [
    'g_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f',
    'https://id.example.com/jwks',
    'arn:aws:iam::111122223333:role/sales-crew',
    'postgres://db.example.com:5432/orders',
    'token refused',
  ]) {
    assert.equal(scrub(text), text);
  }
});
