import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, test } from 'node:test';
import { LogLevel, WebAPIPlatformError, WebClient } from '@slack/web-api';
import { type SlackStandIn, startSlackStandIn } from '../../examples/slack/stand-in.ts';
import { approvalMessage } from '../../lambdas/core/notice/approval-message.ts';
import { readInteraction } from '../../lambdas/core/slack/read-interaction.ts';
import { verifySlackSignature } from '../../lambdas/core/slack/verify-slack-signature.ts';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';
import { APPROVAL_ID, ASKED, DIGEST, FACTS, PENDING } from '../support/approvals.ts';
import { SLACK_HOME, SLACK_SECRET } from '../support/slack-requests.ts';

const CHANNEL = 'C0APPROVALS';
const heard: { body: Buffer; timestamp: string; signature: string }[] = [];
const answers = { status: 200, body: '{"text":"You denied it."}' };
const listener = createServer(async (request, response) => {
  const body = await readBody(request, 1_000_000);
  const { 'x-slack-request-timestamp': timestamp, 'x-slack-signature': signature } = request.headers;
  heard.push({ body: body as Buffer, timestamp: String(timestamp), signature: String(signature) });
  response.writeHead(answers.status, { 'content-type': 'application/json' }).end(answers.body);
});
let slack: SlackStandIn;
let client: WebClient;

before(async () => {
  const interactionsUrl = `http://127.0.0.1:${await listenOnLoopback(listener)}/console/slack`;
  slack = await startSlackStandIn({ signingSecret: SLACK_SECRET, interactionsUrl, ...SLACK_HOME });
  client = new WebClient(slack.botToken, {
    slackApiUrl: slack.apiUrl,
    retryConfig: { retries: 0 },
    logLevel: LogLevel.ERROR,
  });
});
after(async () => {
  await slack.stop();
  await closeServer(listener);
});
beforeEach(() => {
  for (const { ts } of slack.messages()) slack.remove(ts);
  heard.length = 0;
});

const message = (change = FACTS) => {
  const { text, blocks } = approvalMessage(change);
  return { channel: CHANNEL, text, blocks: [...blocks] };
};
const refusal = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call;
    return 'accepted';
  } catch (error) {
    return error instanceof WebAPIPlatformError ? error.data.error : String(error);
  }
};
const page = async (as = ''): Promise<string> => (await fetch(`${slack.url}/?as=${as}`)).text();

test('Slack’s own client posts, answers in a thread, changes, and asks who it is', async () => {
  const first = await client.chat.postMessage(message());
  const ts = String(first.ts);
  await client.chat.postMessage({ ...message(), thread_ts: ts, reply_broadcast: true });
  await client.chat.update({ ...message(), ts, text: 'changed' });
  assert.deepEqual(
    slack
      .messages()
      .map(({ text, threadTs, isBroadcast, isEdited }) => [
        text.slice(0, 7),
        threadTs,
        isBroadcast,
        isEdited,
      ]),
    [
      ['changed', undefined, false, true],
      ['Approva', ts, true, false],
    ],
  );
  assert.equal((await client.auth.test()).team_id, SLACK_HOME.teamId);
});

test('JSON is taken as a form is', async () => {
  const response = await fetch(`${slack.apiUrl}/chat.postMessage`, {
    method: 'POST',
    headers: { 'content-type': 'application/json; charset=utf-8', authorization: `Bearer ${slack.botToken}` },
    body: JSON.stringify(message()),
  });
  assert.equal(((await response.json()) as { ok: boolean }).ok, true);
  assert.equal(slack.messages()[0]?.blocks.length, message().blocks.length);
});

test('what Slack refuses is refused by its codes', async () => {
  const stranger = new WebClient('xoxb-other', { slackApiUrl: slack.apiUrl });
  const nobody = new WebClient(undefined, { slackApiUrl: slack.apiUrl });
  const header = (text: string) => ({ type: 'header', text: { type: 'plain_text', text } }) as const;
  for (const [call, code] of [
    [stranger.chat.postMessage(message()), 'invalid_auth'],
    [nobody.chat.postMessage(message()), 'not_authed'],
    [client.chat.postMessage({ ...message(), channel: 'approvals' }), 'channel_not_found'],
    [client.chat.update({ ...message(), ts: '1.000001' }), 'message_not_found'],
    [client.chat.postMessage({ channel: CHANNEL, text: '' }), 'no_text'],
    [client.chat.postMessage({ ...message(), blocks: [header('x'.repeat(151))] }), 'invalid_blocks'],
    [client.chat.postMessage({ ...message(), blocks: [header('')] }), 'invalid_blocks'],
    [client.chat.postMessage({ ...message(), blocks: [{ type: 'carousel' }] }), 'invalid_blocks'],
    [client.apiCall('chat.delete'), 'unknown_method'],
  ] as const)
    assert.equal(await refusal(call), code);
});

test('a press is what Slack sends: signed over its bytes, by whoever pressed', async () => {
  const { ts } = await client.chat.postMessage(message());
  const pressed = await slack.press(String(ts), 'latchkey.deny', 'U0123JONAS');
  assert.deepEqual(pressed, { status: 200, text: 'You denied it.' });
  const [call] = heard;
  assert.ok(call);
  const signed = { rawBody: call.body, timestamp: call.timestamp, signature: call.signature };
  assert.equal(verifySlackSignature({ ...signed, secret: SLACK_SECRET, now: Date.now() }), true);
  const read = readInteraction(call.body, SLACK_HOME);
  assert.ok(read.ok);
  assert.deepEqual(
    [read.value.user, read.value.approvalId, read.value.digest, read.value.decision],
    ['U0123JONAS', APPROVAL_ID, DIGEST, 'deny'],
  );
});

test('the stranger is one of another workspace', async () => {
  const { ts } = await client.chat.postMessage(message());
  await slack.press(String(ts), 'latchkey.deny', 'U0123STRANGER');
  assert.deepEqual(readInteraction(heard[0]?.body ?? Buffer.alloc(0), SLACK_HOME), {
    ok: false,
    failure: 'outsider',
  });
});

test('the page shows each message, its thread, its links and its buttons, and loads nothing', async () => {
  const { ts } = await client.chat.postMessage(message());
  await client.chat.postMessage({ ...message(), thread_ts: String(ts) });
  const html = await page();
  for (const shown of [
    'Approval wanted: postgres:write on orders-db (prod)',
    `href="${FACTS.link}"`,
    'value="latchkey.approve"',
    'class="thread"',
    'jonas.weber',
  ])
    assert.ok(html.includes(shown), shown);
  assert.doesNotMatch(html, /<script|<img|<link|src=|@import|url\(/);
});

test('what an agent writes is shown and never obeyed', async () => {
  const reason = '<script>alert(1)</script> <https://evil.example|bank> <!channel> "onmouseover="x';
  await client.chat.postMessage(message({ ...FACTS, approval: { ...PENDING, asked: { ...ASKED, reason } } }));
  const html = await page();
  assert.doesNotMatch(html, /<script|evil\.example"|"onmouseover/);
  assert.ok(html.includes('&#60;script&#62;alert(1)'));
});

test('a button of the page presses for whoever was chosen, and tells that person alone what came of it', async () => {
  const { ts } = await client.chat.postMessage(message());
  const form = new URLSearchParams({ ts: String(ts), action: 'latchkey.deny', as: 'U0123JONAS' });
  const response = await fetch(`${slack.url}/press`, { method: 'POST', body: form, redirect: 'manual' });
  assert.equal(response.headers.get('location'), '/?as=U0123JONAS');
  assert.ok((await page('U0123JONAS')).includes('You denied it.'));
  assert.ok(!(await page('U0123ANA')).includes('You denied it.'));
});

test('no other page can make a browser press', async () => {
  const { ts } = await client.chat.postMessage(message());
  const body = new URLSearchParams({ ts: String(ts), action: 'latchkey.deny', as: 'U0123JONAS' });
  const response = await fetch(`${slack.url}/press`, {
    method: 'POST',
    body,
    headers: { origin: 'https://evil.example' },
  });
  assert.equal(response.status, 404);
  assert.deepEqual(heard, []);
});
