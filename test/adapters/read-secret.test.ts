import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import * as z from 'zod';
import { secretReader } from '../../lambdas/adapters/read-secret.ts';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';
import { NOW } from '../support/facts.ts';

const ARN = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:latchkey-abcdef';
const Schema = z.strictObject({ slackBotToken: z.string().min(1).optional() });
const stored = { value: '', status: 200 };
const asked: string[] = [];
const server = createServer(async (request, response) => {
  asked.push(JSON.parse(String(await readBody(request, 10_000))).SecretId);
  const body =
    stored.status === 200 ? { ARN, SecretString: stored.value } : { __type: 'AccessDeniedException' };
  response
    .writeHead(stored.status, { 'content-type': 'application/x-amz-json-1.1' })
    .end(JSON.stringify(body));
});

before(async () => {
  process.env.AWS_ENDPOINT_URL_SECRETS_MANAGER = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  process.env.AWS_REGION ??= 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID ??= 'AKIATESTTESTTESTTEST';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
});
after(() => closeServer(server));
beforeEach(() => {
  Object.assign(stored, { value: '{"slackBotToken":"xoxb-1"}', status: 200 });
  asked.length = 0;
});

const AWAY = { name: 'DependencyUnavailable', dependency: 'secrets' };

test('a secret is read once in five minutes, and a rotation takes hold after them', async () => {
  const time = { now: NOW };
  const read = secretReader(ARN, Schema, () => time.now);
  assert.deepEqual(await read(), { slackBotToken: 'xoxb-1' });
  stored.value = '{"slackBotToken":"xoxb-2"}';
  time.now += 299_999;
  assert.deepEqual(await read(), { slackBotToken: 'xoxb-1' });
  assert.deepEqual(asked, [ARN]);
  time.now += 1;
  assert.deepEqual(await read(), { slackBotToken: 'xoxb-2' });
});

test('what is not of the expected form is away, and is quoted nowhere', async () => {
  for (const value of [
    '',
    'xoxb-plain-text',
    '{"slackBotToken":7}',
    '{"slackBotToken":"xoxb-1","other":"xoxb-plain-text"}',
    'null',
  ]) {
    stored.value = value;
    const error = await secretReader(ARN, Schema, () => NOW)().catch((thrown: Error) => thrown);
    assert.ok(error instanceof Error, value);
    assert.equal(error.name, AWAY.name);
    assert.doesNotMatch(`${error.stack} ${(error.cause as Error).stack}`, /xoxb/);
  }
});

test('a secret that is away is away, and is asked for again', async () => {
  stored.status = 400;
  const read = secretReader(ARN, Schema, () => NOW);
  await assert.rejects(read(), AWAY);
  stored.status = 200;
  assert.deepEqual(await read(), { slackBotToken: 'xoxb-1' });
});
