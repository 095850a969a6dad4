import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import { fetchKeySet } from '../../lambdas/adapters/fetch-key-set.ts';
import { JWKS_FETCH_TIMEOUT_MS, JWKS_MAX_BYTES } from '../../lambdas/core/limits.ts';
import { type JwksServer, startJwksServer } from '../support/jwks-server.ts';
import { ecKey } from '../support/sign-token.ts';

const KEY = ecKey('key-1');
let server: JwksServer;
before(async () => {
  server = await startJwksServer();
});
after(() => server.close());

test('keys are read over verified TLS', async () => {
  server.serveKeys(KEY.jwk);
  assert.deepEqual([...(await fetchKeySet(server.jwksUri)).keys()], ['key-1']);
});

test('a server whose certificate names another host is not believed', async () => {
  server.serveKeys(KEY.jwk);
  await assert.rejects(fetchKeySet(server.jwksUri.replace('localhost', '127.0.0.1')), {
    code: 'ERR_TLS_CERT_ALTNAME_INVALID',
  });
});

test('http is refused before a connection is made', async () => {
  let connections = 0;
  const plain = createServer(() => {}).on('connection', () => {
    connections += 1;
  });
  await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
  const address = plain.address();
  assert.ok(address !== null && typeof address === 'object');
  await assert.rejects(fetchKeySet(`http://127.0.0.1:${address.port}/jwks`), {
    code: 'ERR_INVALID_PROTOCOL',
  });
  assert.equal(connections, 0);
  plain.close();
});

test('a redirect is not followed, wherever it leads', async () => {
  for (const status of [301, 302, 303, 307, 308]) {
    server.serve((request, response) => {
      if (request.url === '/jwks') response.writeHead(status, { location: '/elsewhere' }).end();
      else response.end(JSON.stringify({ keys: [KEY.jwk] }));
    });
    const before = server.requests();
    await assert.rejects(fetchKeySet(server.jwksUri), { code: 'status' });
    assert.equal(server.requests(), before + 1);
  }
});

test('only status 200 is an answer', async () => {
  for (const status of [201, 204, 206, 404, 500]) {
    server.serve((_request, response) => response.writeHead(status).end());
    await assert.rejects(fetchKeySet(server.jwksUri), { code: 'status' });
  }
});

test('an answer that never ends is cut at its size, announced or not', async () => {
  let isOver = false;
  server.serve((_request, response) => {
    response.on('close', () => {
      isOver = true;
    });
    const more = () => {
      while (!isOver && response.write('x'.repeat(64 * 1024)));
    };
    response.on('drain', more);
    more();
  });
  await assert.rejects(fetchKeySet(server.jwksUri), { code: 'too_large' });
});

test('an answer of exactly the largest size is read', async () => {
  const text = JSON.stringify({ keys: [KEY.jwk] });
  server.serve((_request, response) => response.end(text.padEnd(JWKS_MAX_BYTES)));
  assert.equal((await fetchKeySet(server.jwksUri)).size, 1);
  server.serve((_request, response) => response.end(text.padEnd(JWKS_MAX_BYTES + 1)));
  await assert.rejects(fetchKeySet(server.jwksUri), { code: 'too_large' });
});

test('an answer that breaks off is no answer', async () => {
  server.serve((_request, response) => {
    response.writeHead(200, { 'content-length': '1000' });
    response.write(JSON.stringify({ keys: [KEY.jwk] }), () => response.destroy());
  });
  await assert.rejects(fetchKeySet(server.jwksUri), { code: 'ECONNRESET' });
});

test('an answer that trickles ends with the deadline of the whole exchange', async () => {
  server.serve((_request, response) => {
    response.write('{');
    const trickle = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(trickle));
  });
  const startedAt = performance.now();
  await assert.rejects(fetchKeySet(server.jwksUri));
  const tookMs = performance.now() - startedAt;
  assert.ok(tookMs > JWKS_FETCH_TIMEOUT_MS - 100 && tookMs < JWKS_FETCH_TIMEOUT_MS + 1_500, `${tookMs} ms`);
});

test('nobody listening is an error, not an empty set', async () => {
  await assert.rejects(fetchKeySet('https://localhost:1/jwks'), { code: 'ECONNREFUSED' });
});
