import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { peopleIssuer } from '../../lambdas/adapters/people-issuer.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { startJwksServer } from '../support/jwks-server.ts';
import { PROFILE } from '../support/sample-identity.ts';
import { ecKey, encodePart, hmacToken, signToken } from '../support/sign-token.ts';

const KEY = ecKey('key-1');
const SECRET = 'of-this-test-alone-and-long-enough';
const LOGIN = { state: 's'.repeat(43), nonce: 'n'.repeat(43), verifier: 'v'.repeat(43) };
const QUERY = new URLSearchParams({ code: 'a-code', state: LOGIN.state });
const HEADER = { alg: 'ES256', kid: 'key-1' };

const server = await startJwksServer();
let token: string;
let received: { authorization: string | undefined; body: string }[];
before(() => {
  server.serve((request, response) => {
    response.setHeader('content-type', 'application/json');
    if (request.url === '/jwks') return void response.end(JSON.stringify({ keys: [KEY.jwk] }));
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ authorization: request.headers.authorization, body });
      response.end(JSON.stringify({ access_token: 'x', token_type: 'bearer', id_token: token }));
    });
  });
});
beforeEach(() => {
  received = [];
  token = signToken(HEADER, claims(), KEY);
});
after(() => server.close());

const profile = { ...PROFILE, issuer: server.origin, algorithms: ['ES256'] as const };
const issuerWith = (change: object = {}) =>
  peopleIssuer({
    profile,
    authorizationEndpoint: `${server.origin}/auth`,
    tokenEndpoint: `${server.origin}/token`,
    jwksUri: `${server.origin}/jwks`,
    clientId: 'console',
    clientSecret: async () => SECRET,
    redirectUri: 'https://console.example.com/console/callback',
    clock: Date.now,
    ...change,
  });

const claims = (change: object = {}) => {
  const now = Math.floor(Date.now() / 1_000);
  return {
    iss: server.origin,
    sub: 'alice',
    aud: 'console',
    iat: now,
    exp: now + 600,
    auth_time: now - 5,
    nonce: LOGIN.nonce,
    ...change,
  };
};

test('an ID token that holds says who it is and since when', async () => {
  const signedIn = await issuerWith().redeem(QUERY, LOGIN);
  assert.ok(signedIn.ok);
  assert.equal(signedIn.value.claims.subject, 'alice');
  assert.equal(signedIn.value.claims.issuer, server.origin);
  assert.ok(Math.abs(signedIn.value.authenticatedAt - (Date.now() - 5_000)) < 3_000);
  const [sent] = received;
  const form = new URLSearchParams(sent?.body);
  assert.deepEqual(
    ['code', 'code_verifier', 'redirect_uri'].map((name) => form.get(name)),
    ['a-code', LOGIN.verifier, 'https://console.example.com/console/callback'],
  );
  assert.match(sent?.authorization ?? '', /^Basic /);
  assert.ok(!sent?.body.includes(SECRET));
});

const seconds = () => Math.floor(Date.now() / 1_000);
const payload = JSON.stringify(claims());
const REFUSED: Readonly<Record<string, () => string>> = {
  'another key': () => signToken(HEADER, claims(), ecKey('key-1')),
  'an unknown key': () => signToken({ ...HEADER, kid: 'key-2' }, claims(), KEY),
  'no signature': () => `${encodePart({ alg: 'none' })}.${encodePart(claims())}.`,
  'the client’s secret as a key': () => hmacToken({ alg: 'HS256' }, claims(), SECRET),
  'another issuer': () => signToken(HEADER, claims({ iss: 'https://evil.example' }), KEY),
  'another client': () => signToken(HEADER, claims({ aud: 'other' }), KEY),
  'many clients, and not ours as the authorized one': () =>
    signToken(HEADER, claims({ aud: ['console', 'other'], azp: 'other' }), KEY),
  'another nonce': () => signToken(HEADER, claims({ nonce: 'm'.repeat(43) }), KEY),
  'no nonce': () => signToken(HEADER, claims({ nonce: undefined }), KEY),
  'no time of authentication': () => signToken(HEADER, claims({ auth_time: undefined }), KEY),
  'a sign-in of long ago': () => signToken(HEADER, claims({ auth_time: seconds() - 400 }), KEY),
  'a sign-in to come': () => signToken(HEADER, claims({ auth_time: seconds() + 120 }), KEY),
  'an end that is over': () => signToken(HEADER, claims({ exp: seconds() - 60 }), KEY),
  'no end': () => signToken(HEADER, claims({ exp: undefined }), KEY),
  'no subject': () => signToken(HEADER, claims({ sub: undefined }), KEY),
  'a subject that no log could hold': () => signToken(HEADER, claims({ sub: 'ali\u202Ece' }), KEY),
  'a member twice': () => signToken(HEADER, payload.replace('{', '{"sub":"mallory",'), KEY),
  'a critical extension': () => signToken({ ...HEADER, crit: ['b64'], b64: true }, claims(), KEY),
};

for (const [name, make] of Object.entries(REFUSED))
  test(`an ID token is refused: ${name}`, async () => {
    token = make();
    const signedIn = await issuerWith().redeem(QUERY, LOGIN);
    assert.equal(signedIn.ok, false);
    assert.match(signedIn.ok ? '' : signedIn.failure.reason, /^\w+$/);
  });

test('an authentication in the seconds between two clocks is not younger than the sign-in', async () => {
  token = signToken(HEADER, claims({ auth_time: seconds() + 20 }), KEY);
  const now = Date.now();
  const signedIn = await issuerWith({ clock: () => now }).redeem(QUERY, LOGIN);
  assert.equal(signedIn.ok && signedIn.value.authenticatedAt, now);
});

test('an issuer that does not answer, or answers without end, is away', async () => {
  const endpoints = { tokenEndpoint: 'https://localhost:1/token' };
  await assert.rejects(issuerWith(endpoints).redeem(QUERY, LOGIN), DependencyUnavailable);
  token = 'x'.repeat(200_000);
  await assert.rejects(issuerWith().redeem(QUERY, LOGIN), DependencyUnavailable);
});

test('a secret that was rotated is used from then on, and a client without one says only who it is', async () => {
  const secrets = ['old', 'new', undefined];
  const issuer = issuerWith({ clientSecret: async () => secrets.shift() });
  for (const expected of ['Basic Y29uc29sZTpvbGQ=', 'Basic Y29uc29sZTpuZXc=', undefined]) {
    token = signToken(HEADER, claims(), KEY);
    assert.ok((await issuer.redeem(QUERY, LOGIN)).ok);
    assert.equal(received.at(-1)?.authorization, expected);
  }
  assert.equal(new URLSearchParams(received.at(-1)?.body).get('client_id'), 'console');
});

test('without its secret nobody is sent anywhere, and the next one tries anew', async () => {
  let isThere = false;
  const clientSecret = async () => {
    if (!isThere) throw new DependencyUnavailable('secrets', undefined);
    return SECRET;
  };
  const issuer = issuerWith({ clientSecret });
  await assert.rejects(issuer.authorizationUrl(LOGIN, false), DependencyUnavailable);
  isThere = true;
  const url = new URL(await issuer.authorizationUrl(LOGIN, true));
  assert.equal(url.searchParams.get('prompt'), 'login');
  assert.ok(!url.href.includes(LOGIN.verifier));
});
