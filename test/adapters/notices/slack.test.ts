import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, beforeEach, type TestContext, test } from 'node:test';
import { type SlackStandIn, startSlackStandIn } from '../../../examples/slack/stand-in.ts';
import { slackNotices } from '../../../lambdas/adapters/notices/slack.ts';
import type { Notice } from '../../../lambdas/app/ports-of-notices.ts';
import { closeServer, listenOnLoopback, readBody } from '../../../local/loopback.ts';
import { FACTS, PENDING, VOTE } from '../../support/approvals.ts';
import { captureLog } from '../../support/capture-log.ts';
import { SLACK_HOME, SLACK_SECRET } from '../../support/slack-requests.ts';

const CHANNEL = 'C0APPROVALS';
const NOTICE: Notice = {
  facts: FACTS,
  slackChannel: CHANNEL,
  message: undefined,
  thread: undefined,
  isReminder: false,
};
let slack: SlackStandIn;

before(async () => {
  slack = await startSlackStandIn({
    signingSecret: SLACK_SECRET,
    interactionsUrl: 'http://127.0.0.1:1/',
    ...SLACK_HOME,
  });
});
after(() => slack.stop());
beforeEach(() => {
  for (const { ts } of slack.messages()) slack.remove(ts);
});

const notices = (token = slack.botToken, apiUrl = slack.apiUrl) =>
  slackNotices({ botToken: async () => token, apiUrl });
const tell = (change: Partial<Notice> = {}) => notices().tell({ ...NOTICE, ...change });

test('the first notice is a message, and what it answers is where that is', async () => {
  const place = await tell();
  const [message] = slack.messages();
  assert.deepEqual(place, { channel: CHANNEL, ts: message?.ts });
  assert.match(message?.text ?? '', /^Approval wanted: /);
});

test('a later notice changes that message', async () => {
  const message = await tell();
  const changed = await tell({ message, facts: { ...FACTS, approval: { ...PENDING, votes: [VOTE] } } });
  assert.deepEqual(changed, message);
  assert.equal(slack.messages().length, 1);
  assert.ok(JSON.stringify(slack.messages()[0]?.blocks).includes('1 of 2 approvals'));
});

test('a message that somebody deleted is written anew', async () => {
  const message = await tell();
  slack.remove(message?.ts ?? '');
  const place = await tell({ message });
  assert.notEqual(place?.ts, message?.ts);
  assert.equal(slack.messages().length, 1);
});

test('another approval of the task answers the first, where the channel sees it', async () => {
  const first = await tell();
  await tell({ thread: first?.ts });
  assert.deepEqual(
    slack.messages().map(({ threadTs, isBroadcast }) => [threadTs, isBroadcast]),
    [
      [undefined, false],
      [first?.ts, true],
    ],
  );
});

test('a reminder says something new, since a change wakes nobody', async () => {
  const message = await tell();
  await tell({
    message,
    thread: message?.ts,
    isReminder: true,
    facts: { ...FACTS, approval: { ...PENDING, reminders: 1 } },
  });
  const [changed, reminder] = slack.messages();
  assert.match(changed?.text ?? '', /^Still waiting/);
  assert.equal(reminder?.threadTs, message?.ts);
  assert.equal(JSON.stringify(reminder?.blocks).includes('latchkey.approve'), false);
});

test('a resource without a channel is not told of', async () => {
  assert.equal(await tell({ slackChannel: undefined }), undefined);
  assert.deepEqual(slack.messages(), []);
});

/** An API that answers what it is told to, and keeps what it was asked. */
const startApi = async (
  context: TestContext,
  respond: (call: number) => { status: number; headers?: object; body: string },
) => {
  const asked: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    asked.push(new URLSearchParams(String(await readBody(request, 1_000_000))));
    const { status, headers, body } = respond(asked.length);
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
  });
  const url = `http://127.0.0.1:${await listenOnLoopback(server)}/api/`;
  context.after(() => closeServer(server));
  return { asked, url };
};

test('Slack is told to make no links, names or previews of anything', async (context) => {
  const api = await startApi(context, () => ({ status: 200, body: '{"ok":true,"ts":"1.000001"}' }));
  await notices('xoxb-1', api.url).tell(NOTICE);
  const { unfurl_links, unfurl_media, mrkdwn, parse, link_names } = Object.fromEntries(api.asked[0] ?? []);
  assert.deepEqual(
    { unfurl_links, unfurl_media, mrkdwn, parse, link_names },
    {
      unfurl_links: 'false',
      unfurl_media: 'false',
      mrkdwn: 'false',
      parse: 'none',
      link_names: 'false',
    },
  );
});

test('a server error is tried again once, a refusal and a rate limit are not', async (context) => {
  for (const { answer, calls } of [
    { answer: { status: 500, body: 'oops' }, calls: 2 },
    { answer: { status: 200, body: '{"ok":false,"error":"not_in_channel"}' }, calls: 1 },
    { answer: { status: 429, headers: { 'retry-after': '30' }, body: '{"ok":false}' }, calls: 1 },
    { answer: { status: 307, headers: { location: 'http://127.0.0.1:1/' }, body: '' }, calls: 2 },
    { answer: { status: 200, body: '{"ok":true}' }, calls: 1 },
  ]) {
    const api = await startApi(context, () => answer);
    await assert.rejects(notices('xoxb-1', api.url).tell(NOTICE), { dependency: 'slack' });
    assert.equal(api.asked.length, calls, JSON.stringify(answer));
  }
});

test('neither the token nor the message is in an error or a log', async (context) => {
  const api = await startApi(context, () => ({ status: 200, body: '{"ok":false,"error":"invalid_blocks"}' }));
  const lines = await captureLog(async () => {
    const error = await notices('xoxb-secret', api.url)
      .tell(NOTICE)
      .catch((thrown: Error) => thrown);
    assert.ok(error instanceof Error && error.cause instanceof Error);
    assert.doesNotMatch(`${error.stack}${error.cause.stack}`, /xoxb-secret|test customers/);
    assert.equal(error.cause.message, 'invalid_blocks');
  });
  assert.deepEqual(lines, []);
});
