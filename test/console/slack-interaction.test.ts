import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { after, before, beforeEach, describe, test } from 'node:test';
import type { APIGatewayProxyEvent } from 'aws-lambda';
import { startSlackStandIn } from '../../examples/slack/stand-in.ts';
import { claimOnce } from '../../lambdas/adapters/dynamo/replay-store.ts';
import { slackNotices } from '../../lambdas/adapters/notices/slack.ts';
import type { Caller } from '../../lambdas/app/caller.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { Visitor } from '../../lambdas/app/visitor.ts';
import {
  type ButtonAsk,
  type SlackInteractionDeps,
  slackInteraction,
  type UnknownRefusal,
} from '../../lambdas/console/slack-interaction.ts';
import type { Approval } from '../../lambdas/core/approval/approval.ts';
import type { DecisionRefusal } from '../../lambdas/core/approval/decision-refusal.ts';
import type { PrincipalEntry } from '../../lambdas/core/config/issuer.ts';
import { fail, ok, type Result } from '../../lambdas/core/result.ts';
import { SLACK_ACTIONS } from '../../lambdas/core/slack/button-value.ts';
import { closeServer, listenOnLoopback, readBody } from '../../local/loopback.ts';
import { APPROVAL_ID, APPROVED, DENIED, DIGEST, FACTS, PENDING, VOTE } from '../support/approvals.ts';
import { ENTRY, NOW } from '../support/facts.ts';
import {
  formOf,
  PAYLOAD,
  pressed,
  SLACK_HOME,
  SLACK_SECRET,
  SLACK_USER,
  signSlack,
  withUser,
} from '../support/slack-requests.ts';
import { startTables, type TestTables } from '../support/tables.ts';

const ANA: PrincipalEntry = {
  ...ENTRY,
  name: 'ana.silva',
  type: 'human',
  subject: 'ana.silva',
  groups: ['dba'],
  owners: [],
  slack: { team: SLACK_HOME.teamId, user: SLACK_USER },
};
const SECONDS = NOW / 1_000;
let tables: TestTables;
const clock = { now: NOW };

before(async () => {
  tables = await startTables(() => clock.now);
});
after(() => tables.close());

const startScene = () => {
  const decided: { visitor: Visitor; ask: ButtonAsk }[] = [];
  const unknown: { caller: Caller; refusal: UnknownRefusal }[] = [];
  const whispered: string[] = [];
  const control: { answer: Result<Approval, DecisionRefusal>; isDeaf: boolean } = {
    answer: ok(DENIED),
    isDeaf: false,
  };
  const deps: SlackInteractionDeps = {
    signingSecret: async () => SLACK_SECRET,
    home: SLACK_HOME,
    principals: [ENTRY, ANA],
    decide: async (visitor, ask) => {
      decided.push({ visitor, ask });
      return control.answer;
    },
    claimOnce: claimOnce(tables.connection, () => clock.now),
    recordUnknown: async (caller, refusal) => void unknown.push({ caller, refusal }),
    whisper: async (_url, text) => {
      if (control.isDeaf) throw new Error('away');
      whispered.push(text);
    },
    clock: () => clock.now,
    log: () => undefined,
  };
  return { decided, unknown, whispered, control, deps, handle: slackInteraction(deps) };
};
let scene: ReturnType<typeof startScene>;
beforeEach(() => {
  clock.now = NOW;
  scene = startScene();
});

/** Each call is signed anew over another trigger, as Slack's are, so that none is a repetition of another test's. */
let count = 0;
const fresh = (payload: object = PAYLOAD): Buffer => {
  count += 1;
  return formOf({ ...payload, trigger_id: String(count) });
};

interface Sent {
  readonly body?: Buffer;
  readonly timestamp?: string;
  readonly signature?: string;
  readonly headers?: Record<string, string>;
  readonly event?: Partial<APIGatewayProxyEvent>;
}

const eventOf = ({ body = fresh(), timestamp = String(SECONDS), signature, headers, event }: Sent) =>
  ({
    httpMethod: 'POST',
    resource: '/console/slack',
    body: body.toString(),
    isBase64Encoded: false,
    headers: headers ?? {
      'X-Slack-Request-Timestamp': timestamp,
      'X-Slack-Signature': signature ?? signSlack(body, timestamp),
    },
    requestContext: {
      requestId: 'request-1',
      identity: { sourceIp: '192.0.2.7', userAgent: 'Slackbot 1.0' },
    },
    ...event,
  }) as unknown as APIGatewayProxyEvent;

const callOf = (sent: Sent) => ({ event: eventOf(sent), invocationId: 'invocation-1' });

const send = async (sent: Sent = {}) => {
  const { statusCode, body } = await scene.handle(callOf(sent));
  return { statusCode, text: body === '' ? '' : JSON.parse(body).text };
};
const refused = async (sent: Sent) => {
  const { statusCode, text } = await send(sent);
  assert.deepEqual({ statusCode, text }, { statusCode: 401, text: '' });
  assert.deepEqual([scene.decided, scene.unknown], [[], []]);
};

describe('a press that Slack signed', () => {
  test('is the decision of the person whose entry names the account, on what that person saw', async () => {
    const body = fresh();
    assert.deepEqual(await send({ body }), { statusCode: 200, text: 'You denied it.' });
    const [{ visitor, ask } = assert.fail()] = scene.decided;
    assert.deepEqual(ask, { approvalId: APPROVAL_ID, digest: DIGEST, decision: 'deny', way: 'button' });
    assert.deepEqual(visitor, {
      principal: {
        issuer: ENTRY.issuer,
        subject: 'ana.silva',
        type: 'human',
        name: 'ana.silva',
        listed: true,
        groups: { known: true, names: ['dba'] },
        owners: [],
        delegation: [],
        tokenFingerprint: createHash('sha256')
          .update(signSlack(body, String(SECONDS)))
          .digest('hex'),
        tokenExpiresAt: NOW + 300_000,
      },
      authenticatedAt: NOW,
      client: { ip: '192.0.2.7', userAgent: 'Slackbot 1.0' },
      requestId: 'request-1',
      invocationId: 'invocation-1',
    });
  });

  test('approves, and says how many more have to', async () => {
    const body = () => fresh(pressed({ action_id: SLACK_ACTIONS.approve }));
    scene.control.answer = ok({ ...PENDING, votes: [VOTE] });
    assert.equal((await send({ body: body() })).text, 'You approved it. 1 more person has to approve it.');
    scene.control.answer = ok(APPROVED);
    assert.equal((await send({ body: body() })).text, 'You approved it.');
    assert.equal(scene.decided[0]?.ask.decision, 'approve');
  });

  test('says why nothing was decided, to that person alone', async () => {
    for (const [code, words] of [
      ['own_request', /by you or on your behalf/],
      ['not_offered', /Decide on the page/],
      ['changed', /no longer what you saw/],
      ['over', /decided already/],
    ] as const) {
      scene.control.answer = fail({ code });
      const { statusCode, text } = await send();
      assert.equal(statusCode, 200);
      assert.match(text, words);
      assert.equal(scene.whispered.at(-1), text);
    }
    const { body } = await scene.handle(callOf({}));
    assert.deepEqual(
      { ...JSON.parse(body), text: '' },
      { response_type: 'ephemeral', replace_original: false, text: '' },
    );
  });

  test('stands although its person could not be answered', async () => {
    scene.control.isDeaf = true;
    assert.equal((await send()).text, 'You denied it.');
  });

  test('is read from the bytes that were signed when the gateway encoded them', async () => {
    const body = fresh();
    const event = { body: body.toString('base64'), isBase64Encoded: true };
    assert.equal((await send({ body, event })).text, 'You denied it.');
  });

  test('is found whatever the case of its headers', async () => {
    const body = fresh();
    const headers = {
      'x-slack-request-timestamp': String(SECONDS),
      'X-SLACK-SIGNATURE': signSlack(body, String(SECONDS)),
    };
    assert.equal((await send({ body, headers })).text, 'You denied it.');
  });

  test('on the link to the page decides nothing and is acknowledged', async () => {
    const body = fresh(pressed({ action_id: SLACK_ACTIONS.review, value: undefined }));
    assert.deepEqual(await send({ body }), { statusCode: 200, text: '' });
    assert.deepEqual(scene.decided, []);
  });
});

describe('a press that counts for nobody', () => {
  test('a user whom no entry names is told so, and it is recorded', async () => {
    const { statusCode, text } = await send({ body: fresh(withUser({ id: 'U0NOBODY' })) });
    assert.equal(statusCode, 200);
    assert.match(text, /no person here is known/);
    assert.deepEqual(scene.decided, []);
    const [{ caller, refusal } = assert.fail()] = scene.unknown;
    assert.deepEqual(refusal, {
      type: 'decision.refused',
      code: 'slack_account_unknown',
      decision: 'deny by button',
      about: APPROVAL_ID,
    });
    assert.deepEqual(
      [caller.principal.subject, caller.principal.listed],
      [`${SLACK_HOME.teamId}/U0NOBODY`, false],
    );
  });

  test('a stranger and a guest are told that they have no say', async () => {
    for (const change of [
      { is_stranger: true },
      { team_id: 'T0OTHER' },
      { is_restricted: true },
      { is_ultra_restricted: true },
    ]) {
      const { statusCode, text } = await send({ body: fresh(withUser(change)) });
      assert.equal(statusCode, 200);
      assert.match(text, /only members of this workspace/);
    }
    assert.deepEqual(scene.decided, []);
  });

  test('a repetition is heard once, within the five minutes that its signature holds', async () => {
    const body = fresh();
    await send({ body });
    clock.now = NOW + 200_000;
    assert.match((await send({ body })).text, /heard before/);
    assert.equal(scene.decided.length, 1);
  });

  test('the same bytes at once count once', async () => {
    const body = fresh();
    await Promise.all(Array.from({ length: 8 }, () => send({ body })));
    assert.equal(scene.decided.length, 1);
  });

  test('what is remembered of a signature is deleted in time and tells nothing of it', async () => {
    const body = fresh();
    await send({ body });
    const stored = JSON.stringify(await tables.items('grants'));
    assert.ok(
      stored.includes(
        createHash('sha256')
          .update(signSlack(body, String(SECONDS)))
          .digest('hex'),
      ),
    );
    assert.ok(!stored.includes(signSlack(body, String(SECONDS))));
    assert.ok(stored.includes(`"purgeAt":{"N":"${SECONDS + 3_600}"}`));
  });
});

describe('a call that Slack did not make', () => {
  test('forged: with another secret, over another body, or with half a signature', async () => {
    const body = fresh();
    const at = String(SECONDS);
    await refused({ body, signature: signSlack(body, at, 'another secret') });
    await refused({ body: fresh(), signature: signSlack(body, at) });
    await refused({ body, signature: signSlack(body, at).slice(0, -2) });
    await refused({ body, signature: `${signSlack(body, at)}00` });
    await refused({ body, signature: '' });
  });

  test('stale or from the future', async () => {
    await refused({ timestamp: String(SECONDS - 301) });
    await refused({ timestamp: String(SECONDS + 301) });
  });

  test('with a time that is none', async () => {
    for (const timestamp of ['abc', 'NaN', '', ' 1', '1e9', `${SECONDS}.5`]) await refused({ timestamp });
  });

  test('without a header, or with one twice', async () => {
    const body = fresh();
    const [time, signature] = [String(SECONDS), signSlack(body, String(SECONDS))];
    await refused({ body, headers: {} });
    await refused({ body, headers: { 'X-Slack-Request-Timestamp': time } });
    await refused({ body, headers: { 'X-Slack-Signature': signature } });
    await refused({
      body,
      headers: {
        'X-Slack-Signature': signature,
        'x-slack-signature': signature,
        'X-Slack-Request-Timestamp': time,
      },
    });
    await refused({
      body,
      event: {
        multiValueHeaders: { 'X-Slack-Signature': [signature, 'v0=1'], 'X-Slack-Request-Timestamp': [time] },
      },
    });
  });

  test('with a body that was written anew', async () => {
    const body = fresh();
    const again = new URLSearchParams(body.toString())
      .toString()
      .replaceAll('%20', '+')
      .replaceAll('%22', '"');
    await refused({ body, event: { body: again } });
    await refused({ body, event: { body: body.toString('base64') } });
    await refused({ body, event: { body: null } });
  });

  test('a body that is not UTF-8, or too long', async () => {
    const body = Buffer.concat([fresh(), Buffer.from([0xff])]);
    await refused({ body });
    await refused({ body, event: { body: body.toString('base64'), isBase64Encoded: true } });
    await refused({ body: Buffer.alloc(300 * 1024, 'a') });
  });

  test('signed for another team or app, two payloads, or no button of ours', async () => {
    const body = fresh();
    await refused({ body: fresh({ ...PAYLOAD, team: { id: 'T0OTHER' } }) });
    await refused({ body: fresh({ ...PAYLOAD, api_app_id: 'A0OTHER' }) });
    await refused({ body: Buffer.concat([body, Buffer.from('&'), body]) });
    await refused({ body: fresh(pressed({ action_id: 'approve' })) });
  });
});

test('nothing is decided while it cannot be told whether it is new', async () => {
  const handle = slackInteraction({
    ...scene.deps,
    claimOnce: async () => {
      throw new DependencyUnavailable('dynamodb', undefined);
    },
  });
  assert.equal((await handle(callOf({}))).statusCode, 503);
  assert.deepEqual(scene.decided, []);
});

test('from the notice to the press, by the real client and the real bytes', async () => {
  const listener = createServer(async (request, response) => {
    const body = (await readBody(request, 1_000_000)) as Buffer;
    const headers = Object.fromEntries(
      Object.entries(request.headers).map(([name, value]) => [name, String(value)]),
    );
    const answered = await scene.handle(callOf({ body, headers }));
    response.writeHead(answered.statusCode).end(answered.body);
  });
  const interactionsUrl = `http://127.0.0.1:${await listenOnLoopback(listener)}/console/slack`;
  const slack = await startSlackStandIn({ signingSecret: SLACK_SECRET, interactionsUrl, ...SLACK_HOME });
  clock.now = Date.now();
  const notices = slackNotices({ botToken: async () => slack.botToken, apiUrl: slack.apiUrl });
  const place = await notices.tell({
    facts: FACTS,
    slackChannel: 'C0APPROVALS',
    message: undefined,
    thread: undefined,
    isReminder: false,
  });
  const said = [];
  for (const user of [SLACK_USER, 'U0123JONAS', 'U0123STRANGER'])
    said.push((await slack.press(place?.ts ?? '', SLACK_ACTIONS.deny, user)).text);
  await slack.stop();
  await closeServer(listener);
  assert.match(
    said.join('\n'),
    /^You denied it\.\nNothing was decided: no person .*\nNothing was decided: only members/,
  );
  assert.equal(scene.decided.length, 1);
});
