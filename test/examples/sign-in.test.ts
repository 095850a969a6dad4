import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createLocalJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { CONSOLE_CLIENT, type LocalIssuer, startIssuer } from '../../examples/people/oidc-provider.ts';
import { PEOPLE, type PersonName } from '../../examples/people/people.ts';
import { type LocalCertificate, localCertificate } from '../../local/certificates.ts';

const CONSOLE_URL = 'https://localhost:9443';
const CALLBACK = `${CONSOLE_URL}/console/callback`;
const directory = mkdtempSync(join(tmpdir(), 'latchkey-sign-in-'));
let certificate: LocalCertificate;
let issuer: LocalIssuer;
before(async () => {
  certificate = await localCertificate(directory);
  issuer = await startIssuer({ directory, certificate, consoleUrl: CONSOLE_URL });
});
after(async () => {
  await issuer.stop();
  rmSync(directory, { recursive: true, force: true });
});

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string;
}

/** Over TLS that trusts nothing but the local certificate, one redirect at a time. */
const send = async (url: string | URL, { method = 'GET', headers = {}, body }: Sent = {}) => {
  const [answer] = (await once(
    request(url, { method, headers, ca: certificate.certPem }).end(body),
    'response',
  )) as [IncomingMessage];
  return { status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) };
};

/** A browser as far as a sign-in needs one: it keeps cookies and follows redirects until one leaves the provider. */
const browser = () => {
  const cookies = new Map<string, string>();
  const visit = async (
    url: string,
    sent: Sent = {},
  ): Promise<Awaited<ReturnType<typeof send>> & { url: string }> => {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await send(url, { ...sent, headers: { ...sent.headers, cookie } });
    for (const set of answer.headers['set-cookie'] ?? []) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      if (value) cookies.set(name, value);
      else cookies.delete(name);
    }
    const next = answer.headers.location && new URL(answer.headers.location, url).href;
    if (!next) return { ...answer, url };
    return next.startsWith(issuer.issuer) ? visit(next) : { ...answer, url: next };
  };
  const enter = (url: string, login: string, password: string) =>
    visit(url, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(new URLSearchParams({ login, password })),
    });
  return { visit, enter };
};

/** As the console is configured: nothing is discovered. */
const configuration = (secret = issuer.secretOf(CONSOLE_CLIENT)): client.Configuration => {
  const { oidc } = issuer;
  const configured = new client.Configuration(
    {
      issuer: oidc.issuer,
      authorization_endpoint: oidc.authorizationEndpoint,
      token_endpoint: oidc.tokenEndpoint,
      jwks_uri: oidc.jwksUri,
    },
    oidc.clientId,
    { id_token_signed_response_alg: 'ES256' },
    client.ClientSecretBasic(secret),
  );
  configured[client.customFetch] = async (url, { method, headers, body }) => {
    const answer = await send(url, { method, headers, body: body === undefined ? '' : String(body) });
    return new Response(answer.body, { status: answer.status, headers: answer.headers as never });
  };
  return configured;
};

const VERIFIER = client.randomPKCECodeVerifier();
const CHECKS = { pkceCodeVerifier: VERIFIER, expectedState: 'state-1', expectedNonce: 'nonce-1' };

const authorizationUrl = async (over: Record<string, string> = {}): Promise<string> =>
  client.buildAuthorizationUrl(configuration(), {
    redirect_uri: CALLBACK,
    scope: 'openid',
    state: 'state-1',
    nonce: 'nonce-1',
    code_challenge: await client.calculatePKCECodeChallenge(VERIFIER),
    code_challenge_method: 'S256',
    ...over,
  }).href;

const signInAs = async (person: PersonName, { visit, enter } = browser()): Promise<URL> => {
  const page = await visit(await authorizationUrl());
  const { url } = await enter(page.url, person, issuer.passwordOf(person));
  return new URL(url);
};

for (const person of PEOPLE)
  test(`${person} signs in by code and PKCE, is asked for no consent, and gets an ID token signed with ES256`, async () => {
    const tokens = await client.authorizationCodeGrant(configuration(), await signInAs(person), CHECKS);
    const keys = createLocalJWKSet(JSON.parse((await send(issuer.jwksUri)).body));
    const { payload } = await jwtVerify(tokens.id_token ?? '', keys, {
      issuer: issuer.issuer,
      audience: CONSOLE_CLIENT,
      algorithms: ['ES256'],
    });
    assert.equal(payload.sub, person);
    assert.equal(payload.groups, undefined, 'groups are given by principals.yaml');
    assert.ok(Math.abs(Number(payload.auth_time) - Date.now() / 1_000) < 10);
  });

test('the access token of a sign-in is no token for the API', async () => {
  const tokens = await client.authorizationCodeGrant(configuration(), await signInAs('dana.reyes'), CHECKS);
  assert.equal(tokens.access_token.split('.').length, 1);
});

test('another password, another’s, or a name that is not known signs nobody in', async () => {
  const { visit, enter } = browser();
  const { url } = await visit(await authorizationUrl());
  for (const [name, password] of [
    ['dana.reyes', 'guess'],
    ['dana.reyes', issuer.passwordOf('mallory')],
    ['dana.reyes', ''],
    ['nobody', issuer.passwordOf('mallory')],
  ] as const) {
    const answer = await enter(url, name, password);
    assert.equal(answer.status, 403);
    assert.match(answer.body, /not the password/);
  }
});

test('the page answers only the browser whose sign-in is going on', async () => {
  const { url } = await browser().visit(await authorizationUrl());
  const stranger = browser();
  assert.equal((await stranger.visit(url)).status, 400);
  assert.equal((await stranger.enter(url, 'dana.reyes', issuer.passwordOf('dana.reyes'))).status, 400);
});

test('whoever is signed in is asked again when the console wants a fresher sign-in', async () => {
  const same = browser();
  const first = await signInAs('ana.silva', same);
  assert.ok(first.href.startsWith(CALLBACK));
  const again = await same.visit(await authorizationUrl());
  assert.ok(again.url.startsWith(CALLBACK), 'without a limit the session serves');
  await sleep(2_100);
  const fresher = await same.visit(await authorizationUrl({ max_age: '1' }));
  assert.equal(fresher.status, 200);
  assert.match(fresher.body, /<h1>Sign in/);
});

test('a code is of no use without its verifier, without the secret, or twice', async () => {
  const exchange = async (url: URL, over: object, secret?: string) =>
    client.authorizationCodeGrant(configuration(secret), url, { ...CHECKS, ...over });
  const { href } = await signInAs('jonas.weber');
  await assert.rejects(exchange(new URL(href), { pkceCodeVerifier: client.randomPKCECodeVerifier() }));
  await assert.rejects(exchange(await signInAs('jonas.weber'), {}, 'guess'));
  const used = await signInAs('jonas.weber');
  await exchange(used, {});
  await assert.rejects(exchange(used, {}));
});

test('nothing is sent anywhere but to the console, and nothing without PKCE', async () => {
  const elsewhere = await browser().visit(await authorizationUrl({ redirect_uri: 'https://localhost:1/x' }));
  assert.equal(elsewhere.status, 400);
  const url = new URL(await authorizationUrl());
  url.searchParams.delete('code_challenge');
  url.searchParams.delete('code_challenge_method');
  const answer = await browser().visit(url.href);
  assert.equal(new URL(answer.url).searchParams.get('error'), 'invalid_request');
});
