import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import { after, before, beforeEach, test } from 'node:test';
import { generate } from 'selfsigned';
import { webhookNotices } from '../../../lambdas/adapters/notices/webhook.ts';
import { closeServer, listenOnLoopback, readBody } from '../../../local/loopback.ts';
import { FACTS } from '../../support/approvals.ts';
import { NOW } from '../../support/facts.ts';

const NOTICE = {
  facts: FACTS,
  slackChannel: undefined,
  message: undefined,
  thread: undefined,
  isReminder: false,
};
const SECRET = 'a key that both sides have';
const heard: { url: string | undefined; signature: string; body: string }[] = [];
const PLAIN = (_request: IncomingMessage, response: ServerResponse) => response.writeHead(204).end();
let respond = PLAIN;
let server: Server;
let origin: string;
let ca: string;

before(async () => {
  const made = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
  });
  ca = made.cert;
  server = createServer({ key: made.private, cert: made.cert }, async (request, response) => {
    const body = String(await readBody(request, 1_000_000));
    heard.push({ url: request.url, signature: String(request.headers['latchkey-signature']), body });
    respond(request, response);
  });
  origin = `https://localhost:${await listenOnLoopback(server)}`;
});
after(() => closeServer(server));
beforeEach(() => {
  heard.length = 0;
  respond = PLAIN;
});

const tell = (change: object = {}) =>
  webhookNotices({
    url: `${origin}/hook?a=b`,
    secret: async () => SECRET,
    clock: () => NOW,
    ca,
    ...change,
  }).tell(NOTICE);
const AWAY = { name: 'DependencyUnavailable', dependency: 'webhook' };

test('a webhook is one POST whose signature holds for its bytes and its time', async () => {
  await tell();
  const [{ url, signature, body } = assert.fail()] = heard;
  assert.equal(url, '/hook?a=b');
  const [, t, v1] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(signature) ?? [];
  assert.equal(Number(t), NOW / 1_000);
  assert.equal(v1, createHmac('sha256', SECRET).update(`${t}.${body}`).digest('hex'));
  assert.equal(JSON.parse(body).link, FACTS.link);
});

test('a redirect is not followed and counts as not told', async () => {
  respond = (_request, response) => response.writeHead(307, { location: `${origin}/elsewhere` }).end();
  await assert.rejects(tell(), AWAY);
  assert.equal(heard.length, 1);
});

test('only a status of success counts as told', async () => {
  for (const status of [199 + 101, 400, 404, 500]) {
    respond = (_request, response) => response.writeHead(status).end();
    await assert.rejects(tell(), AWAY);
  }
});

test('nothing is sent in plain text, nor to somebody whose certificate is not trusted', async () => {
  await assert.rejects(tell({ url: origin.replace('https:', 'http:') }), AWAY);
  await assert.rejects(tell({ ca: undefined }), AWAY);
  assert.deepEqual(heard, []);
});

test('without a key nothing is sent', async () => {
  const secret = async () => {
    throw new Error('away');
  };
  await assert.rejects(tell({ secret }), AWAY);
  assert.deepEqual(heard, []);
});
