import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeIdentity, encodeIdentity } from '../../../lambdas/core/identity/identity-context.ts';
import type { Principal } from '../../../lambdas/core/identity/principal.ts';
import { NOW, PRINCIPAL } from '../../support/sample-identity.ts';

const REFUSED = { ok: false, failure: { code: 'token_refused' } };

test('what the authorizer encodes is what a function decodes', () => {
  assert.deepEqual(decodeIdentity(encodeIdentity(PRINCIPAL), NOW), { ok: true, value: PRINCIPAL });
});

test('unknown groups stay unknown, and no groups stay none', () => {
  for (const groups of [{ known: false }, { known: true, names: [] }] as const) {
    const read = decodeIdentity(encodeIdentity({ ...PRINCIPAL, groups }), NOW);
    assert.deepEqual(read.ok && read.value.groups, groups);
  }
});

test('a group that is called unknown is a group', () => {
  const groups = { known: true, names: ['unknown'] } as const;
  const read = decodeIdentity(encodeIdentity({ ...PRINCIPAL, groups }), NOW);
  assert.deepEqual(read.ok && read.value.groups, groups);
});

test('an encoded identity is flat ASCII text, as the gateway passes on nothing else', () => {
  const groups = { known: true, names: ['Einkäufer', '開発', '😀', '","admins'] } as const;
  const context = encodeIdentity({ ...PRINCIPAL, groups });
  for (const value of Object.values(context)) assert.match(value, /^[\x20-\x7e]+$/);
  const read = decodeIdentity(context, NOW);
  assert.deepEqual(read.ok && read.value.groups, groups);
});

test('groups that do not fit the gateway become unknown, never fewer', () => {
  const names = Array.from({ length: 99 }, (_, index) => `${index}-${'x'.repeat(200)}`);
  const read = decodeIdentity(encodeIdentity({ ...PRINCIPAL, groups: { known: true, names } }), NOW);
  assert.deepEqual(read.ok && read.value.groups, { known: false });
});

test('a token that ended while the gateway held the answer is refused', () => {
  const context = encodeIdentity(PRINCIPAL);
  assert.equal(decodeIdentity(context, PRINCIPAL.tokenExpiresAt - 1).ok, true);
  assert.deepEqual(decodeIdentity(context, PRINCIPAL.tokenExpiresAt), REFUSED);
});

test('what the gateway adds of its own is ignored', () => {
  const context = { ...encodeIdentity(PRINCIPAL), principalId: 'p', integrationLatency: 12 };
  assert.deepEqual(decodeIdentity(context, NOW), { ok: true, value: PRINCIPAL });
});

test('a context that is missing, foreign or changed in any field is refused', () => {
  const context = encodeIdentity(PRINCIPAL);
  for (const broken of [undefined, null, {}, [], 'x', { claims: { sub: 'sales-crew' } }]) {
    assert.deepEqual(decodeIdentity(broken, NOW), REFUSED);
  }
  for (const name of Object.keys(context)) {
    const { [name]: _, ...without } = context;
    assert.deepEqual(decodeIdentity(without, NOW), REFUSED, `without ${name}`);
    for (const value of ['', 1, null, {}, []]) {
      assert.deepEqual(decodeIdentity({ ...context, [name]: value }, NOW), REFUSED, `${name} ${value}`);
    }
  }
  for (const [name, value] of [
    ['version', '2'],
    ['type', 'admin'],
    ['listed', 'yes'],
    ['groups', '["a",1]'],
    ['groups', '{"known":true,"names":["a"]}'],
    ['owners', '[{"issuer":"i","subject":"s"}]'],
    ['owners', '[{"issuer":"i","subject":"s","name":"n","more":"x"}]'],
    ['delegation', '["a"]'],
    ['tokenFingerprint', 'xyz'],
    ['tokenExpiresAt', 'Infinity'],
    ['tokenExpiresAt', '1e99'],
    ['tokenExpiresAt', '-1'],
    ['admin', 'true'],
  ] as const) {
    assert.deepEqual(decodeIdentity({ ...context, [name]: value }, NOW), REFUSED, `${name} ${value}`);
  }
});

test('every principal survives the way through the gateway', () => {
  const ascii = fc.stringMatching(/^[!-~]{1,40}$/);
  const id = fc.record({ issuer: ascii, subject: ascii });
  const text = fc.string({ minLength: 1, maxLength: 20, unit: 'grapheme' });
  const principals: fc.Arbitrary<Principal> = fc.record({
    issuer: ascii,
    subject: ascii,
    type: fc.constantFrom('agent', 'workload', 'human'),
    name: ascii,
    listed: fc.boolean(),
    groups: fc.oneof(
      fc.constant({ known: false } as const),
      fc.record({ known: fc.constant(true as const), names: fc.array(text, { maxLength: 20 }) }),
    ),
    owners: fc.array(fc.record({ issuer: ascii, subject: ascii, name: text }), { maxLength: 3 }),
    delegation: fc.array(id, { maxLength: 4 }),
    tokenFingerprint: fc.stringMatching(/^[0-9a-f]{64}$/),
    tokenExpiresAt: fc.integer({ min: NOW + 1, max: NOW + 1e9 }),
  });
  fc.assert(
    fc.property(principals, (principal) => {
      assert.deepEqual(decodeIdentity(encodeIdentity(principal), NOW), {
        ok: true,
        value: structuredClone(principal),
      });
    }),
    { numRuns: 200 },
  );
});
