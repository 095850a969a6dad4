import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { snsNotices } from '../../../lambdas/adapters/notices/sns.ts';
import { closeServer, listenOnLoopback, readBody } from '../../../local/loopback.ts';
import { APPROVAL_ID, DIGEST, FACTS } from '../../support/approvals.ts';

const TOPIC = 'arn:aws:sns:us-east-1:000000000000:approvals';
const NOTICE = {
  facts: FACTS,
  slackChannel: undefined,
  message: undefined,
  thread: undefined,
  isReminder: false,
};

const publishTo = async (status: number) => {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    asked.push(new URLSearchParams(String(await readBody(request, 1_000_000))));
    const body =
      '<PublishResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><PublishResult><MessageId>1</MessageId></PublishResult></PublishResponse>';
    response
      .writeHead(status, { 'content-type': 'text/xml' })
      .end(status === 200 ? body : '<ErrorResponse/>');
  });
  process.env.AWS_ENDPOINT_URL_SNS = `http://127.0.0.1:${await listenOnLoopback(server)}`;
  process.env.AWS_REGION ??= 'us-east-1';
  process.env.AWS_ACCESS_KEY_ID ??= 'AKIATESTTESTTESTTEST';
  process.env.AWS_SECRET_ACCESS_KEY ??= 'test';
  try {
    await snsNotices(TOPIC).tell(NOTICE);
  } finally {
    await closeServer(server);
  }
  return asked;
};

test('a topic hears the link, the facts and the whole digest, and never a statement', async () => {
  const [asked] = await publishTo(200);
  assert.equal(asked?.get('TopicArn'), TOPIC);
  assert.equal(asked?.get('Subject'), 'Latchkey approval: pending');
  const said = JSON.parse(asked?.get('Message') ?? '');
  assert.deepEqual(
    [said.approval, said.digest, said.link, said.statements],
    [
      APPROVAL_ID,
      DIGEST,
      FACTS.link,
      [{ class: 'write', verb: 'DELETE', bounded: true, tables: 'public.customers', times: 1 }],
    ],
  );
});

test('a topic that does not take it is away', async () => {
  await assert.rejects(publishTo(403), { name: 'DependencyUnavailable', dependency: 'sns' });
});
