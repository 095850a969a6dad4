import assert from 'node:assert/strict';
import type { IncomingMessage, RequestListener } from 'node:http';
import { createServer } from 'node:https';
import { after, test } from 'node:test';
import { generate } from 'selfsigned';
import * as z from 'zod';
import { ClusterRefusal, inCluster } from '../../../lambdas/adapters/eks/kubernetes-api.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import { localCertificate } from '../../../local/certificates.ts';
import { closeServer, listenOnLoopback } from '../../../local/loopback.ts';
import { scratchDir } from '../../infra/scratch-dir.ts';
import { clusterResource } from '../../support/cluster-scene.ts';

const ours = await localCertificate(scratchDir());
const stops: (() => Promise<void>)[] = [];
after(() => Promise.all(stops.map((stop) => stop())));

const serve = async (listener: RequestListener, { keyPem, certPem } = ours): Promise<number> => {
  const server = createServer({ key: keyPem, cert: certPem }, listener);
  stops.push(() => closeServer(server));
  return listenOnLoopback(server);
};

const Anything = z.object({ told: z.string() });

const ask = (endpoint: string, caPem = ours.certPem) =>
  inCluster({ resource: clusterResource(endpoint, caPem), signInOwn: async () => 'the-token' }, (api) =>
    api({ method: 'GET', path: '/x' }, Anything),
  );

test('an API server is believed by the pinned authority alone, and under its own name', async () => {
  const tell: RequestListener = (_request, response) => response.end('{"told":"yes"}');
  const port = await serve(tell);
  assert.deepEqual(await ask(`https://localhost:${port}`), { told: 'yes' });
  const other = await generate([{ name: 'commonName', value: 'localhost' }]);
  const stranger = await serve(tell, { keyPem: other.private, certPem: other.cert });
  await assert.rejects(ask(`https://localhost:${stranger}`), DependencyUnavailable);
  const named = await generate([{ name: 'commonName', value: 'other.example' }], {
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'subjectAltName', altNames: [{ type: 2, value: 'other.example' }] },
    ],
  });
  const misnamed = await serve(tell, { keyPem: named.private, certPem: named.cert });
  await assert.rejects(ask(`https://localhost:${misnamed}`, named.cert), DependencyUnavailable);
});

test('the token goes to that server and to nobody it points to', async () => {
  const seen: IncomingMessage['headers'][] = [];
  const elsewhere = await serve((request, response) => {
    seen.push(request.headers);
    response.end('{"told":"yes"}');
  });
  const port = await serve((_request, response) =>
    response.writeHead(307, { location: `https://localhost:${elsewhere}/x` }).end(),
  );
  await assert.rejects(ask(`https://localhost:${port}`), ClusterRefusal);
  assert.deepEqual(seen, []);
});

test('a no is a no, by its number and without its words', async () => {
  for (const status of [400, 401, 403, 404, 409, 422]) {
    const port = await serve((_request, response) =>
      response.writeHead(status).end('{"message":"a secret"}'),
    );
    const refusal = await ask(`https://localhost:${port}`).catch((error: unknown) => error);
    assert.ok(refusal instanceof ClusterRefusal);
    assert.equal(refusal.code, `http_${status}`);
    assert.doesNotMatch(refusal.message, /secret/);
  }
});

test('whatever is neither a yes nor a no is away', async () => {
  const answers: RequestListener[] = [
    (_request, response) => response.writeHead(500).end('{}'),
    (_request, response) => response.writeHead(429).end('{}'),
    (_request, response) => response.end('not json'),
    (_request, response) => response.end('{"told":1}'),
    (_request, response) => response.end(''),
    (request) => request.socket.destroy(),
    (_request, response) => response.writeHead(200, { 'content-length': 100 }).end('{"told":"ye'),
    (_request, response) => response.end(`{"told":"${'x'.repeat(5 * 1024 * 1024)}"}`),
  ];
  for (const answer of answers) {
    const port = await serve(answer);
    await assert.rejects(ask(`https://localhost:${port}`), DependencyUnavailable, String(answer));
  }
  await assert.rejects(ask('https://localhost:1'), DependencyUnavailable);
});

test('a server that does not answer, or never stops, is given up', async () => {
  const silent = await serve(() => undefined);
  const endless = await serve((_request, response) => {
    const more = setInterval(() => response.write(' '), 100);
    response.on('close', () => clearInterval(more));
  });
  const started = performance.now();
  await Promise.all(
    [silent, endless].map((port) => assert.rejects(ask(`https://localhost:${port}`), DependencyUnavailable)),
  );
  assert.ok(performance.now() - started < 8_000);
});
