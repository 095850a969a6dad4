import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IssuerProfile } from '../../../lambdas/core/config/issuer.ts';
import { checkToken } from '../../../lambdas/core/identity/check-token.ts';
import type { JsonObject } from '../../../lambdas/core/identity/decode-token.ts';
import { decoded, NOW, NOW_SECONDS, PAYLOAD, PROFILE } from '../../support/sample-identity.ts';

interface Change {
  readonly payload?: JsonObject;
  readonly header?: JsonObject;
  readonly profile?: Partial<IssuerProfile>;
}

const refusalOf = ({ payload, header, profile }: Change): string | undefined => {
  const checked = checkToken(decoded(payload, header), { ...PROFILE, ...profile }, NOW);
  return checked.ok ? undefined : checked.failure;
};

const assertEach = (expected: string | undefined, changes: readonly Change[]) => {
  for (const change of changes) assert.equal(refusalOf(change), expected, JSON.stringify(change));
};

test('a token that keeps every rule is accepted, and its end is known to the millisecond', () => {
  assert.deepEqual(checkToken(decoded(), PROFILE, NOW), {
    ok: true,
    value: {
      issuer: PROFILE.issuer,
      subject: 'sales-crew',
      expiresAt: NOW + 590_000,
      payload: PAYLOAD,
    },
  });
});

test('the algorithm is one of the profile, never what the header asks for', () => {
  const wrong = [
    'none',
    'None',
    'NONE',
    'HS256',
    'HS512',
    'PS256',
    'EdDSA',
    'es256',
    'ES384',
    '',
    null,
    ['ES256'],
  ];
  assertEach(
    'algorithm_not_allowed',
    wrong.map((alg) => ({ header: { alg } })),
  );
  assertEach('algorithm_not_allowed', [{ header: { alg: undefined } }]);
});

test('the type is one of the profile; case and the application/ prefix make no difference', () => {
  assertEach(undefined, [{ header: { typ: 'AT+JWT' } }, { header: { typ: 'application/at+jwt' } }]);
  const wrong = ['JWT', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', '', 'absent', null, 1, ['at+jwt']];
  assertEach(
    'type_not_allowed',
    wrong.map((typ) => ({ header: { typ } })),
  );
  assertEach('type_not_allowed', [{ header: { typ: undefined } }]);
});

test('a token without a type passes only where the profile says absent, and the word itself is no type', () => {
  const profile = { types: ['absent'] };
  assertEach(undefined, [{ profile, header: { typ: undefined } }]);
  assertEach('type_not_allowed', [
    { profile, header: { typ: 'absent' } },
    { profile, header: { typ: 'at+jwt' } },
  ]);
  assertEach('type_not_allowed', [{ profile, header: { typ: null } }]);
});

test('a token with critical extensions is refused, even with an empty or malformed list', () => {
  assertEach(
    'critical_extension',
    [['exp'], ['b64'], [], 'exp', null].map((crit) => ({ header: { crit } })),
  );
});

test('a key id is required', () => {
  assertEach(
    'key_id_missing',
    [undefined, '', 1, null, ['key-1']].map((kid) => ({ header: { kid } })),
  );
});

test('an end is required and counts to the moment', () => {
  assertEach(
    'expiry_missing',
    [undefined, null, '1900000000', Number.POSITIVE_INFINITY, {}].map((exp) => ({ payload: { exp } })),
  );
  assertEach(
    'expired',
    [NOW_SECONDS, NOW_SECONDS - 1, 0, -1].map((exp) => ({ payload: { exp } })),
  );
  assertEach(undefined, [{ payload: { exp: NOW_SECONDS + 0.001 } }]);
});

test('a time of issue is required and may lie at most 60 seconds ahead', () => {
  assertEach(
    'issue_time_missing',
    [undefined, null, '0', true].map((iat) => ({ payload: { iat } })),
  );
  assertEach('issued_in_future', [{ payload: { iat: NOW_SECONDS + 61 } }]);
  assertEach(undefined, [{ payload: { iat: NOW_SECONDS + 60 } }]);
});

test('a token lives no longer than its profile allows, however old it is', () => {
  const iat = NOW_SECONDS - 10;
  assertEach(undefined, [{ payload: { iat, exp: iat + 3_600 } }]);
  assertEach('lifetime_too_long', [
    { payload: { iat, exp: iat + 3_601 } },
    { payload: { iat: 0, exp: NOW_SECONDS + 1 } },
    { payload: { exp: 1e300 } },
  ]);
});

test('a token is not used before its time, less 60 seconds', () => {
  assertEach(undefined, [{ payload: { nbf: NOW_SECONDS + 60 } }]);
  assertEach(
    'not_yet_valid',
    [NOW_SECONDS + 61, 'soon', null].map((nbf) => ({ payload: { nbf } })),
  );
});

test('a subject is required: text, ASCII, of a sane length', () => {
  const wrong = [
    undefined,
    '',
    ' ',
    ' x',
    'x ',
    'a\nb',
    'a\u0000',
    'sаles-crew',
    1,
    null,
    ['x'],
    'x'.repeat(1_025),
  ];
  assertEach(
    'subject_unusable',
    wrong.map((sub) => ({ payload: { sub } })),
  );
  assertEach(undefined, [{ payload: { sub: 'arn:aws:iam::111122223333:role/sales crew' } }]);
});

test('a subject is never taken from the prototype', () => {
  const { sub: _, ...rest } = PAYLOAD;
  const payload: JsonObject = Object.assign(Object.create({ sub: 'admin' }), rest);
  const checked = checkToken({ header: decoded().header, payload }, PROFILE, NOW);
  assert.deepEqual(checked, { ok: false, failure: 'subject_unusable' });
});

test('the issuer is compared exactly', () => {
  const wrong = [
    'https://id.example.com/',
    'https://ID.example.com',
    'https://id.example.com.evil.example',
    undefined,
    [PROFILE.issuer],
  ];
  assertEach(
    'issuer_unknown',
    wrong.map((iss) => ({ payload: { iss } })),
  );
});

test('the audience is ours alone', () => {
  assertEach(undefined, [{ payload: { aud: ['urn:latchkey'] } }]);
  const wrong = [
    undefined,
    null,
    '',
    'urn:latchkey/',
    'URN:LATCHKEY',
    [],
    ['urn:other'],
    ['urn:latchkey', 'urn:other'],
    ['urn:latchkey', 1],
    { 0: 'urn:latchkey' },
  ];
  assertEach(
    'audience_wrong',
    wrong.map((aud) => ({ payload: { aud } })),
  );
});

test('with client ids in place of an audience, the client must be one of them and no audience may stand there', () => {
  const profile = { audiences: [], clientIds: ['client-1'], requiredClaims: { token_use: 'access' } };
  const token_use = 'access';
  assertEach(undefined, [{ profile, payload: { aud: undefined, client_id: 'client-1', token_use } }]);
  assertEach('client_wrong', [
    { profile, payload: { aud: undefined, client_id: 'client-2', token_use } },
    { profile, payload: { aud: undefined, token_use } },
    { profile, payload: { aud: undefined, client_id: ['client-1'], token_use } },
  ]);
  assertEach('audience_wrong', [
    { profile, payload: { aud: 'client-1', token_use: 'id' } },
    { profile, payload: { aud: 'https://other.example', client_id: 'client-1', token_use } },
  ]);
});

test('a client id is no way round the audience', () => {
  assertEach('audience_wrong', [{ payload: { aud: undefined, client_id: 'client-1' } }]);
});

test('required claims have exactly the required value', () => {
  const profile = { requiredClaims: { token_use: 'access' } };
  assertEach(undefined, [{ profile, payload: { token_use: 'access' } }]);
  const wrong = ['id', 'Access', ['access'], undefined];
  assertEach(
    'claim_wrong',
    wrong.map((token_use) => ({ profile, payload: { token_use } })),
  );
});
