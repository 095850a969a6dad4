import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { AUDIENCE, CLIENT_IDS, type LocalIssuer, startIssuer } from '../../examples/people/oidc-provider.ts';
import { PEOPLE_CLIENT } from '../../examples/people/people-tokens.ts';
import { type LocalCertificate, localCertificate } from '../../local/certificates.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-issuer-'));
let certificate: LocalCertificate;
let issuer: LocalIssuer;
before(async () => {
  certificate = await localCertificate(directory);
  issuer = await startIssuer({ directory, certificate });
});
after(async () => {
  await issuer.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Over TLS that trusts nothing but the local certificate. */
const call = async (url: string, change: { auth?: string; body?: string } = {}) => {
  const { auth, body } = change;
  const sent = request(url, {
    method: body === undefined ? 'GET' : 'POST',
    ca: certificate.certPem,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    ...(auth === undefined ? {} : { auth }),
  }).end(body);
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) =>
    sent.on('response', resolve).on('error', reject),
  );
  return { status: response.statusCode, body: JSON.parse(await text(response)) };
};

const askToken = (auth: string) => call(issuer.tokenUrl, { auth, body: 'grant_type=client_credentials' });

test('each client gets an RFC 9068 access token of its own, for our audience and ten minutes', async () => {
  const keys = createLocalJWKSet((await call(issuer.jwksUri)).body);
  for (const client of CLIENT_IDS) {
    const { body } = await askToken(`${client}:${issuer.secretOf(client)}`);
    const { payload, protectedHeader } = await jwtVerify(body.access_token, keys, {
      issuer: issuer.issuer,
      audience: AUDIENCE,
      algorithms: ['ES256'],
      typ: 'at+jwt',
    });
    assert.equal(payload.sub, client);
    assert.equal((payload.exp ?? 0) - (payload.iat ?? 0), 600);
    assert.ok(protectedHeader.kid);
  }
});

test('a client with another secret, or another’s, gets nothing', async () => {
  for (const auth of ['sales-crew:guess', `sales-crew:${issuer.secretOf('other-crew')}`, 'nobody:guess']) {
    const { status, body } = await askToken(auth);
    assert.deepEqual([status, body.access_token], [401, undefined]);
  }
});

test('a person has an access token of their own by name and password, and by nothing else', async () => {
  const ask = (change: object) => {
    const fields = { grant_type: 'password', client_id: PEOPLE_CLIENT, username: 'ana.silva', ...change };
    return call(issuer.tokenUrl, { body: String(new URLSearchParams(fields)) });
  };
  const password = issuer.passwordOf('ana.silva');
  const keys = createLocalJWKSet((await call(issuer.jwksUri)).body);
  const { access_token: token } = (await ask({ password })).body;
  const { payload } = await jwtVerify(token, keys, {
    issuer: issuer.issuer,
    audience: AUDIENCE,
    algorithms: ['ES256'],
    typ: 'at+jwt',
  });
  assert.deepEqual([payload.sub, (payload.exp ?? 0) - (payload.iat ?? 0)], ['ana.silva', 600]);
  for (const change of [
    { password: 'guess' },
    {},
    { password, username: 'dana.reyes' },
    { password, username: 'nobody' },
    { password, client_id: 'sales-crew', client_secret: issuer.secretOf('sales-crew') },
  ]) {
    const { status, body } = await ask(change);
    assert.deepEqual([status, body.access_token], [400, undefined], JSON.stringify(change));
  }
});

test('the keys that are published hold no private part', async () => {
  const { body } = await call(issuer.jwksUri);
  assert.deepEqual(
    body.keys.map((key: object) => 'd' in key),
    [false],
  );
});

test('a restart keeps the key, the secrets and the certificate, which nobody else may read', async () => {
  const secret = issuer.secretOf('sales-crew');
  const kidOf = async () => {
    const { body } = await askToken(`sales-crew:${secret}`);
    return decodeProtectedHeader(body.access_token).kid;
  };
  const kid = await kidOf();
  await issuer.stop();
  assert.deepEqual(await localCertificate(directory), certificate);
  issuer = await startIssuer({ directory, certificate });
  assert.equal(await kidOf(), kid);
  for (const file of ['issuer.json', 'secrets.json', 'ca.key'])
    assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
});
