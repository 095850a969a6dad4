import assert from 'node:assert/strict';
import { sign } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { createJwtVerifier, type VerifyToken } from '../../lambdas/adapters/jwt-verifier.ts';
import type { IssuerProfile } from '../../lambdas/core/config/issuer.ts';
import { findPrincipal } from '../../lambdas/core/identity/find-principal.ts';
import { JWKS_TTL_SECONDS, SECOND_MS } from '../../lambdas/core/limits.ts';
import { type JwksServer, startJwksServer } from '../support/jwks-server.ts';
import { PROFILE, payloadAt } from '../support/sample-identity.ts';
import { ecKey, encodePart, hmacToken, rsaKey, signToken } from '../support/sign-token.ts';

/** J1 to J14 are the rows of the threat model's token checklist; each has at least one attack here. */
const EC = ecKey('ec');
const RSA = rsaKey('rsa');
const WEAK = rsaKey('weak', 1_024);
const OTHER_ISSUERS_KEY = ecKey('other');
const STRANGER = ecKey('ec');

/** Real time, because the library looks at the wall clock too; tests move forward from here. */
let now = Date.now();
let server: JwksServer;
let profile: IssuerProfile;
let verify: VerifyToken;

before(async () => {
  server = await startJwksServer();
  server.serveKeys(EC.jwk, RSA.jwk, WEAK.jwk);
  profile = { ...PROFILE, issuer: server.origin, jwksUri: server.jwksUri };
  const other = { ...profile, issuer: `${server.origin}/other`, jwksUri: `${server.origin}/other/jwks` };
  verify = createJwtVerifier({ issuers: [profile, other], clock: () => now });
});
after(() => server.close());

const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'ec' };
const payload = (change: object = {}) => ({
  ...payloadAt(Math.floor(now / SECOND_MS)),
  iss: server.origin,
  ...change,
});
const good = () => signToken(HEADER, payload(), EC);

const outcomeOf = async (token: string): Promise<string> => {
  const verified = await verify(token);
  return verified.ok ? 'accepted' : verified.failure.reason;
};

const assertOutcome = async (token: string, expected: string) =>
  assert.equal(await outcomeOf(token), expected);

test('a token of a configured issuer is accepted, also as an ordinary library makes it', async () => {
  await assertOutcome(good(), 'accepted');
  const token = await new SignJWT({ sub: 'sales-crew' })
    .setProtectedHeader(HEADER)
    .setIssuer(server.origin)
    .setAudience('urn:latchkey')
    .setIssuedAt(new Date(now))
    .setExpirationTime(new Date(now + 300_000))
    .sign(EC.privateKey);
  await assertOutcome(token, 'accepted');
  await assertOutcome(signToken({ ...HEADER, alg: 'RS256', kid: 'rsa' }, payload(), RSA), 'accepted');
});

test('J1: unsigned tokens are refused, in every spelling', async () => {
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '']) {
    const input = `${encodePart({ ...HEADER, alg })}.${encodePart(payload())}`;
    await assertOutcome(`${input}.${encodePart('x')}`, 'algorithm_not_allowed');
    await assertOutcome(`${input}.`, 'malformed');
  }
});

test('J1: a token signed with a public key as if it were a shared secret is refused', async () => {
  const pem = RSA.publicKey.export({ format: 'pem', type: 'spki' });
  const der = RSA.publicKey.export({ format: 'der', type: 'spki' });
  for (const secret of [pem, der, JSON.stringify(RSA.jwk), String(RSA.jwk.n)]) {
    await assertOutcome(
      hmacToken({ ...HEADER, alg: 'HS256', kid: 'rsa' }, payload(), secret),
      'algorithm_not_allowed',
    );
    await assertOutcome(
      hmacToken({ ...HEADER, alg: 'RS256', kid: 'rsa' }, payload(), secret),
      'signature_wrong',
    );
  }
});

test('J2: a key is used only with algorithms that fit it', async () => {
  await assertOutcome(signToken({ ...HEADER, alg: 'RS256', kid: 'ec' }, payload(), RSA), 'signature_wrong');
  await assertOutcome(signToken({ ...HEADER, alg: 'ES256', kid: 'rsa' }, payload(), EC), 'signature_wrong');
});

test('J2: an algorithm that the profile allows is still refused with a key of another curve', async () => {
  const issuers = [{ ...profile, algorithms: ['ES256', 'ES384'] as const }];
  const verifyBoth = createJwtVerifier({ issuers, clock: () => now });
  assert.equal((await verifyBoth(good())).ok, true);
  const confused = await verifyBoth(signToken({ ...HEADER, alg: 'ES384' }, payload(), EC));
  assert.equal(!confused.ok && confused.failure.reason, 'signature_wrong');
});

test('J2: a signature by a weak key is worth nothing although the issuer publishes the key', async () => {
  await assertOutcome(signToken({ ...HEADER, alg: 'RS256', kid: 'weak' }, payload(), WEAK), 'key_unknown');
});

test('J2: a signature in another encoding is refused, not a crash', async () => {
  const input = `${encodePart(HEADER)}.${encodePart(payload())}`;
  const der = sign('sha256', Buffer.from(input), EC.privateKey);
  await assertOutcome(`${input}.${der.toString('base64url')}`, 'signature_wrong');
  await assertOutcome(`${input}.${Buffer.alloc(64).toString('base64url')}`, 'signature_wrong');
  await assertOutcome(`${input}.${encodePart('x')}`, 'signature_wrong');
});

test('J3: a key id is required, matched exactly, and is only ever a name', async () => {
  await assertOutcome(signToken({ ...HEADER, kid: undefined }, payload(), EC), 'key_id_missing');
  for (const kid of ['EC', 'ec ', '../jwks', "ec' OR '1'='1", '__proto__', 'constructor', '0']) {
    await assertOutcome(signToken({ ...HEADER, kid }, payload(), EC), 'key_unknown');
  }
});

test('J3: keys that a token brings along or points to are not looked at', async () => {
  const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true });
  const jwk = await exportJWK(publicKey);
  const before = server.requests();
  for (const extra of [
    { jwk },
    { jku: `${server.origin}/evil` },
    { x5u: `${server.origin}/evil` },
    { x5c: ['MIIB'] },
  ]) {
    const token = await new SignJWT(payload()).setProtectedHeader({ ...HEADER, ...extra }).sign(privateKey);
    await assertOutcome(token, 'signature_wrong');
    await assertOutcome(signToken({ ...HEADER, ...extra }, payload(), EC), 'accepted');
  }
  assert.equal(server.requests(), before);
});

test('J4: an issuer is exact, and unknown ones are never asked for keys', async () => {
  const before = server.requests();
  for (const iss of [
    `${server.origin}/`,
    server.origin.toUpperCase(),
    'https://evil.example',
    undefined,
    null,
    [server.origin],
    { a: 1 },
    '__proto__',
  ]) {
    await assertOutcome(signToken(HEADER, payload({ iss }), EC), 'issuer_unknown');
  }
  assert.equal(server.requests(), before);
});

test('J4: the key of one configured issuer signs nothing for another', async () => {
  server.serve((request, response) => {
    const keys = request.url === '/other/jwks' ? [OTHER_ISSUERS_KEY.jwk] : [EC.jwk, RSA.jwk, WEAK.jwk];
    response.end(JSON.stringify({ keys }));
  });
  const other = { iss: `${server.origin}/other` };
  await assertOutcome(signToken({ ...HEADER, kid: 'other' }, payload(other), OTHER_ISSUERS_KEY), 'accepted');
  await assertOutcome(signToken({ ...HEADER, kid: 'other' }, payload(), OTHER_ISSUERS_KEY), 'key_unknown');
  await assertOutcome(signToken(HEADER, payload(other), EC), 'key_unknown');
  await assertOutcome(signToken(HEADER, payload(), STRANGER), 'signature_wrong');
});

test('J5: the audience is ours and ours alone', async () => {
  for (const aud of [
    undefined,
    'urn:other',
    ['urn:latchkey', 'urn:other'],
    ['urn:other'],
    [],
    null,
    'urn:latchkey ',
  ]) {
    await assertOutcome(signToken(HEADER, payload({ aud }), EC), 'audience_wrong');
  }
  await assertOutcome(signToken(HEADER, payload({ aud: ['urn:latchkey'] }), EC), 'accepted');
});

test('J6: times are required and bounded', async () => {
  const seconds = Math.floor(now / SECOND_MS);
  const cases: readonly (readonly [object, string])[] = [
    [{ exp: undefined }, 'expiry_missing'],
    [{ exp: seconds - 1 }, 'expired'],
    [{ exp: String(seconds + 60) }, 'expiry_missing'],
    [{ iat: undefined }, 'issue_time_missing'],
    [{ iat: seconds + 120 }, 'issued_in_future'],
    [{ exp: seconds + 7_200 }, 'lifetime_too_long'],
    [{ iat: seconds - 3_600, exp: seconds + 1 }, 'lifetime_too_long'],
    [{ nbf: seconds + 120 }, 'not_yet_valid'],
  ];
  for (const [change, expected] of cases)
    await assertOutcome(signToken(HEADER, payload(change), EC), expected);
});

test('J7: other kinds of token with the same signature are refused', async () => {
  for (const typ of ['JWT', 'logout+jwt', 'dpop+jwt', 'secevent+jwt', 'kb+jwt', undefined]) {
    await assertOutcome(signToken({ ...HEADER, typ }, payload(), EC), 'type_not_allowed');
  }
});

test('J8: an ID token is no access token', async () => {
  const id = { aud: 'client-1', nonce: 'n', at_hash: 'h' };
  await assertOutcome(signToken(HEADER, payload(id), EC), 'audience_wrong');
  const cognito = {
    ...profile,
    audiences: [],
    clientIds: ['client-1'],
    types: ['absent'],
    requiredClaims: { token_use: 'access' },
  };
  const verifyCognito = createJwtVerifier({ issuers: [cognito], clock: () => now });
  const header = { alg: 'ES256', kid: 'ec' };
  const access = { aud: undefined, client_id: 'client-1', token_use: 'access' };
  assert.equal((await verifyCognito(signToken(header, payload(access), EC))).ok, true);
  for (const change of [
    { aud: 'client-1', token_use: 'id' },
    { ...access, token_use: 'id' },
    { ...access, client_id: 'client-2' },
  ]) {
    assert.equal((await verifyCognito(signToken(header, payload(change), EC))).ok, false);
  }
});

test('J9: critical extensions are refused, known ones too', async () => {
  for (const extra of [{ crit: ['exp'] }, { crit: ['b64'], b64: false }, { crit: [] }]) {
    await assertOutcome(signToken({ ...HEADER, ...extra }, payload(), EC), 'critical_extension');
  }
});

test('J10: what could be read in two ways is not read, though properly signed', async () => {
  const text = JSON.stringify(payload());
  await assertOutcome(signToken(HEADER, text.replace('{', '{"sub":"admin",'), EC), 'malformed');
  await assertOutcome(signToken(HEADER, `\uFEFF${text}`, EC), 'malformed');
  await assertOutcome(signToken(HEADER, payload({ filler: 'x'.repeat(200_000) }), EC), 'too_large');
  const input = `${encodePart(HEADER)}.${Buffer.from(text.replace('sales', '\u00ffales'), 'latin1').toString('base64url')}`;
  const signature = sign('sha256', Buffer.from(input), { key: EC.privateKey, dsaEncoding: 'ieee-p1363' });
  await assertOutcome(`${input}.${signature.toString('base64url')}`, 'malformed');
});

test('J10: prototypes lend a token nothing', async () => {
  const text = JSON.stringify(payload({ sub: undefined })).replace('{', '{"__proto__":{"sub":"admin"},');
  await assertOutcome(signToken(HEADER, text, EC), 'subject_unusable');
  const verified = await verify(
    signToken(HEADER, JSON.stringify(payload()).replace('{', '{"__proto__":{"groups":["admins"]},'), EC),
  );
  assert.ok(verified.ok);
  const found = findPrincipal({ ...verified.value, profile: { ...profile, groupsClaim: ['groups'] } }, []);
  assert.deepEqual(found.ok && found.value.groups, { known: false });
});

test('J11: a subject is required, and e-mail is none', async () => {
  for (const sub of [undefined, '', null, 7, ['sales-crew']]) {
    await assertOutcome(
      signToken(HEADER, payload({ sub, email: 'dana@acme.example' }), EC),
      'subject_unusable',
    );
  }
});

test('J14: a rewritten signature of the same token is refused or has the same fingerprint', async () => {
  const token = good();
  const original = await verify(token);
  assert.ok(original.ok);
  const [header, claims, signature = ''] = token.split('.');
  const bytes = Buffer.from(signature, 'base64url');
  const twin = `${header}.${claims}.${Buffer.concat([bytes.subarray(0, 32), negated(bytes.subarray(32))]).toString('base64url')}`;
  const rewritten = await verify(twin);
  assert.ok(rewritten.ok, 'anybody can negate s in an ECDSA signature, so this is not another token');
  assert.deepEqual(rewritten.value, original.value);
  for (const tail of ['=', '==', '.', ' ', '\n']) await assertOutcome(`${token}${tail}`, 'malformed');
  await assertOutcome(`${token}A`, 'signature_wrong');
  const flipped = String.fromCharCode(token.charCodeAt(token.length - 1) + 1);
  await assertOutcome(`${token.slice(0, -1)}${flipped}`, 'malformed');
});

test('any change of any byte is refused, or changes nothing about whom the token stands for', async () => {
  const tokens = [good(), signToken({ ...HEADER, alg: 'RS256', kid: 'rsa' }, payload(), RSA)];
  const character = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
  const mutation = fc.record({
    token: fc.constantFrom(...tokens),
    at: fc.nat(2_000),
    remove: fc.nat(2),
    insert: fc.array(fc.oneof(character, fc.constantFrom('A', '_', '-', '.', '=')), { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(mutation, async ({ token, at, remove, insert }) => {
      const start = at % token.length;
      const mutated = token.slice(0, start) + insert.join('') + token.slice(start + remove);
      const [verified, original] = await Promise.all([verify(mutated), verify(token)]);
      assert.ok(original.ok);
      if (verified.ok) assert.deepEqual(verified.value, original.value);
    }),
    { numRuns: 1_500 },
  );
});

test('no text at all makes the verifier throw', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.jsonValue(),
      fc.jsonValue(),
      fc.string({ unit: 'binary' }),
      async (header, claims, text) => {
        for (const token of [text, `${encodePart(header)}.${encodePart(claims)}.${encodePart('x')}`]) {
          assert.equal((await verify(token)).ok, false);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('whatever stands in a claim or header, what is accepted is a caller of ours for at most the longest lifetime', async () => {
  const claims = ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'client_id', 'scope', 'jti'];
  const headers = ['alg', 'typ', 'kid', 'crit', 'jwk', 'x5c', 'b64', 'cty'];
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...claims),
      fc.constantFrom(...headers),
      fc.jsonValue(),
      async (claim, name, value) => {
        for (const token of [
          signToken(HEADER, payload({ [claim]: value }), EC),
          signToken({ ...HEADER, [name]: value }, payload(), EC),
        ]) {
          const verified = await verify(token);
          if (!verified.ok) continue;
          const { issuer, subject, expiresAt } = verified.value.claims;
          assert.equal(issuer, server.origin);
          assert.ok(subject === 'sales-crew' || (claim === 'sub' && subject === value), subject);
          assert.ok(expiresAt > now && expiresAt <= now + 3_660_000, String(expiresAt));
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('a token expires while nothing else changes', async () => {
  const token = good();
  await assertOutcome(token, 'accepted');
  now += 600 * SECOND_MS;
  await assertOutcome(token, 'expired');
});

test('J12: a key that its issuer withdraws is distrusted within the TTL', async () => {
  await assertOutcome(good(), 'accepted');
  server.serveKeys(RSA.jwk);
  now += JWKS_TTL_SECONDS * SECOND_MS;
  await assertOutcome(good(), 'key_unknown');
  await assertOutcome(signToken({ ...HEADER, alg: 'RS256', kid: 'rsa' }, payload(), RSA), 'accepted');
});

test('J12: another key under an old id takes its place', async () => {
  server.serveKeys(STRANGER.jwk);
  now += JWKS_TTL_SECONDS * SECOND_MS;
  await assertOutcome(good(), 'signature_wrong');
  await assertOutcome(signToken(HEADER, payload(), STRANGER), 'accepted');
});

test('J13: made-up key ids do not reach the issuer, and a rotation gets through them', async () => {
  const next = ecKey('next');
  now += JWKS_TTL_SECONDS * SECOND_MS;
  server.serveKeys(EC.jwk);
  await assertOutcome(good(), 'accepted');
  const before = server.requests();
  for (let count = 0; count < 100; count += 1) {
    await assertOutcome(
      signToken({ ...HEADER, kid: `made-up-${count}` }, payload(), STRANGER),
      'key_unknown',
    );
  }
  assert.ok(server.requests() - before <= 1, `${server.requests() - before} requests`);
  server.serveKeys(EC.jwk, next.jwk);
  now += 5 * SECOND_MS;
  await assertOutcome(signToken({ ...HEADER, kid: 'next' }, payload(), next), 'accepted');
});

test('an issuer that publishes a secret or an ambiguous key loses its trust, and nobody can tell who is good', async () => {
  for (const keys of [
    [EC.jwk, { kty: 'oct', k: 'c2VjcmV0', kid: 'x' }],
    [EC.jwk, STRANGER.jwk],
  ]) {
    now += JWKS_TTL_SECONDS * SECOND_MS;
    server.serveKeys(...keys);
    await assert.rejects(verify(good()), { name: 'DependencyUnavailable' });
  }
});

/** n − s of P-256. */
const negated = (s: Buffer): Buffer => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const value = order - BigInt(`0x${s.toString('hex')}`);
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
};
