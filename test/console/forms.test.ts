import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import fc from 'fast-check';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { SECURITY_HEADERS } from '../../lambdas/console/answer.ts';
import { formToken, isFormToken } from '../../lambdas/console/form-token.ts';
import { readForm } from '../../lambdas/console/read-form.ts';
import { type Browser, eventOf } from '../support/browser.ts';
import { formFields } from '../support/html-tags.ts';
import { type ConsoleScene, startConsole } from './console-scene.ts';
import { APPROVAL_ID, ASKED, OTHER_APPROVAL_ID, PENDING, SHOWN } from './sample-approval.ts';

let scene: ConsoleScene;
let browser: Browser;
/** The page of the approval as this session sees it. */
let markup: string;
before(async () => {
  scene = await startConsole();
  browser = scene.browser();
  markup = (await browser.open(PATH)).body;
});
beforeEach(() => {
  scene.asked.length = 0;
  scene.time.aheadMs = 0;
});
after(() => scene.stop());

const PATH = `/console/approvals/${APPROVAL_ID}`;
const OTHER_PATH = `/console/approvals/${OTHER_APPROVAL_ID}`;
const GRANT_PATH = `/console/grants/${ASKED.grant}`;

const refused = async (answer: ReturnType<Browser['post']>, status = 403) => {
  const { statusCode, body } = await answer;
  assert.equal(statusCode, status);
  assert.match(body, /Nothing was changed/);
  assert.deepEqual(scene.asked, [], 'no use case was asked');
};

test('each form asks for what it says, by the person of the session, with the digest that was shown', async () => {
  const { digest } = PENDING;
  const common = { approvalId: APPROVAL_ID, digest };
  const expected = {
    deny: { ...common, decision: 'deny', way: 'page', note: 'because' },
    approve: {
      ...common,
      decision: 'approve',
      way: 'page',
      note: 'because',
      granted: { action: 'postgres:connect', seconds: 900 },
    },
    break_glass: { ...common, decision: 'approve', way: 'break_glass', note: 'because' },
  };
  for (const [form, ask] of Object.entries(expected)) {
    const answer = await browser.post(PATH, { ...formFields(markup, form), note: ' because ' });
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(scene.asked.splice(0), [{ use: 'decide', by: 'alice', ask }]);
  }
});

test('less can be given than was asked for', async () => {
  const fields = { ...formFields(markup, 'approve'), action: 'postgres:read', seconds: '120' };
  await browser.post(PATH, fields);
  const granted = { action: 'postgres:read', seconds: 120 };
  const ask = { approvalId: APPROVAL_ID, digest: PENDING.digest, decision: 'approve', way: 'page', granted };
  assert.deepEqual(scene.asked, [{ use: 'decide', by: 'alice', ask }], 'an empty note is none');
});

test('a review is closed with its note', async () => {
  scene.shown.set(APPROVAL_ID, { ...SHOWN, may: { ...SHOWN.may, review: true } });
  const page = (await browser.visit(PATH)).body;
  await browser.post(PATH, { ...formFields(page, 'close_review'), note: 'it was right' });
  assert.deepEqual(scene.asked, [
    { use: 'review', by: 'alice', ask: { approvalId: APPROVAL_ID, note: 'it was right' } },
  ]);
  scene.shown.set(APPROVAL_ID, SHOWN);
});

test('bodies that the gateway hands over in base64 are read as they were sent', async () => {
  const fields = { ...formFields(markup, 'deny'), note: 'für später' };
  const answer = await browser.visit(PATH, {
    method: 'POST',
    body: new URLSearchParams(fields).toString(),
    isBase64: true,
    headers: {
      ...POST_HEADERS,
      cookie: `__Host-latchkey-session=${browser.jar.get('__Host-latchkey-session')}`,
    },
  });
  assert.equal(answer.statusCode, 200);
  assert.match(JSON.stringify(scene.asked), /"note":"für später"/);
});

const POST_HEADERS = {
  'content-type': 'application/x-www-form-urlencoded; charset=UTF-8',
  origin: 'https://console.example.com',
};

test('a form without its token, with another’s or with a piece of it is refused', async () => {
  const fields = formFields(markup, 'deny');
  const { token, ...without } = fields;
  await refused(browser.post(PATH, without));
  for (const other of ['', 'A'.repeat(43), token?.slice(0, -1) ?? '', `${token}A`, `${token}é`])
    await refused(browser.post(PATH, { ...fields, token: other }));
});

test('the token of one form is good for no other', async () => {
  for (const [from, to] of [
    ['deny', 'approve'],
    ['deny', 'break_glass'],
    ['approve', 'break_glass'],
    ['sign_out', 'deny'],
  ] as const) {
    const token = formFields(markup, from).token ?? '';
    await refused(browser.post(PATH, { ...formFields(markup, to), note: 'x', token }));
  }
});

test('the token of one approval, of one digest and of one session is good for no other', async () => {
  const fields = formFields(markup, 'approve');
  await refused(browser.post(OTHER_PATH, fields));
  await refused(browser.post(PATH, { ...fields, digest: 'd2'.repeat(32) }));
  const other = scene.browser();
  await other.open(PATH);
  await refused(other.post(PATH, fields));
});

test('a form of an earlier session of the same person is refused', async () => {
  const other = scene.browser();
  const page = (await other.open(PATH)).body;
  await other.open(`/console/sign-in?to=${APPROVAL_ID}`);
  await refused(other.post(PATH, formFields(page, 'deny')));
});

test('a form from elsewhere is refused, whatever it holds', async () => {
  const fields = formFields(markup, 'approve');
  for (const headers of [
    { origin: 'https://evil.example' },
    { origin: 'null' },
    { origin: 'https://console.example.com.evil.example' },
    { origin: 'http://console.example.com' },
    { origin: 'https://console.example.com:8443' },
    { origin: 'https://console.example.com/' },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
    { 'sec-fetch-site': 'none' },
    { 'content-type': 'text/plain' },
    { 'content-type': 'application/json' },
    { 'content-type': 'multipart/form-data; boundary=x' },
    { 'content-type': 'application/x-www-form-urlencoded; charset=utf-16' },
  ])
    await refused(browser.post(PATH, fields, headers));
  const { origin: _, ...headers } = POST_HEADERS;
  const body = new URLSearchParams(fields).toString();
  const cookie = `__Host-latchkey-session=${browser.jar.get('__Host-latchkey-session')}`;
  await refused(scene.send({ path: PATH, method: 'POST', body, headers: { ...headers, cookie } }));
});

test('fields are there once, known, in UTF-8 and of the right form', async () => {
  const fields = formFields(markup, 'approve');
  const body = new URLSearchParams(fields).toString();
  const cookie = `__Host-latchkey-session=${browser.jar.get('__Host-latchkey-session')}`;
  const send = (changed: string) =>
    scene.send({ path: PATH, method: 'POST', body: changed, headers: { ...POST_HEADERS, cookie } });
  for (const changed of [
    `${body}&form=deny`,
    `${body}&token=x`,
    `${body}&seconds=900`,
    `note=another&${body}`,
    `${body}&extra=1`,
    `${body}&__proto__=1`,
    `${body}&=1`,
    `${body}&`,
    body.replace('note=', 'note=%FF'),
    body.replace('note=', 'note=%E2%82'),
    body.replace('note=', 'note=%'),
    body.replace('note=', 'note=%00'),
    body.replace('note=', `note=${'a'.repeat(16 * 1024)}`),
    body.replace('seconds=900', 'seconds=-1'),
    body.replace('seconds=900', 'seconds=9e9'),
    body.replace('&seconds=900', ''),
    body.replace(/digest=\w+/, 'digest=x'),
    body.replace(/action=[^&]*/, 'action=postgres%3Aeverything'),
    '',
  ]) {
    assert.notEqual(changed, body);
    await refused(send(changed));
  }
  assert.equal((await send(body)).statusCode, 200);
});

test('whoever has signed out meanwhile is told so, and not sent through the issuer with a form', async () => {
  const other = scene.browser();
  const page = (await other.open(PATH)).body;
  const cookie = other.jar.get('__Host-latchkey-session') ?? '';
  const out = await other.post('/console/sign-out', signOutFields(page));
  assert.equal(out.statusCode, 200);
  assert.ok(!other.jar.has('__Host-latchkey-session'));
  other.jar.set('__Host-latchkey-session', cookie);
  await refused(other.post(PATH, formFields(page, 'deny')), 401);
  assert.equal((await other.visit(PATH)).statusCode, 303, 'the cookie is worth nothing any more');
  const trail = (await scene.tables.items('audit')).map((item) => JSON.stringify(item)).join('\n');
  assert.match(trail, /person\.signed_out/);
});

test('a trail that is away keeps nobody from signing out', async () => {
  const other = scene.browser();
  const page = (await other.open(PATH)).body;
  const cookie = other.jar.get('__Host-latchkey-session') ?? '';
  const store = {
    ...scene.deps.store,
    appendSystem: () => Promise.reject(new DependencyUnavailable('dynamodb', undefined)),
  };
  const away = scene.browser(scene.handle({ store }));
  away.jar.set('__Host-latchkey-session', cookie);
  assert.equal((await away.post('/console/sign-out', signOutFields(page))).statusCode, 200);
  assert.equal((await other.visit(PATH)).statusCode, 303);
});

test('after a sign-out the issuer is told to ask, until somebody has signed in', async () => {
  const other = scene.browser();
  const page = (await other.open(PATH)).body;
  await other.post('/console/sign-out', signOutFields(page));
  const prompt = async () =>
    new URL(String((await other.visit('/console/sign-in?to=inbox')).headers?.Location)).searchParams.get(
      'prompt',
    );
  assert.equal(await prompt(), 'login');
  await other.open(PATH);
  assert.ok(!other.jar.has('__Host-latchkey-signed-out'));
  assert.equal(await prompt(), null);
});

const signOutFields = (page: string) => formFields(page, 'sign_out');

test('nobody is signed out by a page of others', async () => {
  await refused(browser.post('/console/sign-out', { form: 'sign_out', token: 'x' }));
  assert.equal((await browser.visit(PATH)).statusCode, 200);
});

test('a sign-in of long ago is asked for again, and leads back to the same approval', async () => {
  scene.time.aheadMs = 301_000;
  const answer = await browser.post(PATH, formFields(markup, 'approve'));
  assert.equal(answer.statusCode, 403);
  assert.deepEqual(scene.asked, []);
  const [, address = ''] = /href="\/live(\/console\/sign-in\?to=[^"]+)"/.exec(answer.body) ?? [];
  assert.equal(address, `/console/sign-in?to=${APPROVAL_ID}&amp;again=yes`);
  scene.time.aheadMs = 0;
  const before = scene.provider.prompts();
  const page = await browser.open(address.replace('&amp;', '&'));
  assert.equal(scene.provider.prompts(), before + 1, 'the issuer asked again although it knew');
  markup = page.body;
  assert.equal((await browser.post(PATH, formFields(markup, 'deny'))).statusCode, 200);
});

test('whoever is no person decides nothing', async () => {
  scene.provider.person.subject = 'crew';
  const other = scene.browser();
  await other.open('/console');
  scene.provider.person.subject = 'alice';
  const cookie = other.jar.get('__Host-latchkey-session') ?? '';
  const hash = createHash('sha256').update(cookie).digest('hex');
  const secret = (await scene.deps.sessions.find(hash))?.formSecret ?? '';
  const subject = { form: 'deny', id: APPROVAL_ID, digest: PENDING.digest } as const;
  const token = formToken(secret, subject);
  await refused(other.post(PATH, { form: 'deny', digest: PENDING.digest, token, note: '' }));
});

test('revoking needs a token of its own, and its refusals lead back to the grants', async () => {
  const fields = { form: 'revoke', digest: '', note: 'no longer needed', token: '' };
  await refused(browser.post(GRANT_PATH, fields));
  await refused(browser.post(GRANT_PATH, { ...formFields(markup, 'deny'), form: 'revoke', digest: '' }));
  assert.equal((await browser.post('/console/grants/g_1', fields)).statusCode, 404);
  const cookie = browser.jar.get('__Host-latchkey-session') ?? '';
  const session = await scene.deps.sessions.find(createHash('sha256').update(cookie).digest('hex'));
  const id = GRANT_PATH.split('/').at(-1) ?? '';
  const token = formToken(session?.formSecret ?? '', { form: 'revoke', id, digest: '' });
  for (const hidden of ['\u0007', '\u202e', '\u200b'])
    await refused(browser.post(GRANT_PATH, { ...fields, token, note: `done${hidden}` }));
  assert.notEqual((await browser.post(GRANT_PATH, { ...fields, token, note: '' })).statusCode, 403);
});

test('every answer carries the headers that keep a page ours: pages, redirects, refusals, errors', async () => {
  const broken = scene.handle({
    useCases: { ...scene.deps.useCases, listInbox: () => Promise.reject(new Error('a secret thing')) },
  });
  const away = scene.handle({
    sessions: {
      ...scene.deps.sessions,
      find: () => Promise.reject(new DependencyUnavailable('dynamodb', new Error('a secret thing'))),
    },
  });
  const cookie = `__Host-latchkey-session=${browser.jar.get('__Host-latchkey-session')}`;
  const answers = [
    await browser.visit(PATH),
    await scene.send({ path: PATH }),
    await browser.post(PATH, {}),
    await browser.visit('/console/nothing'),
    await browser.visit('/console/approvals/a_1'),
    await browser.visit(PATH, { method: 'HEAD' }),
    await browser.visit(PATH, { method: 'OPTIONS' }),
    await broken({ path: '/console', headers: { cookie } }),
    await away({ path: '/console', headers: { cookie } }),
  ];
  assert.deepEqual(
    answers.map(({ statusCode }) => statusCode),
    [200, 303, 403, 404, 404, 404, 404, 500, 503],
  );
  for (const { headers, body } of answers) {
    for (const [name, value] of Object.entries(SECURITY_HEADERS)) assert.equal(headers?.[name], value, name);
    assert.doesNotMatch(body, /a secret thing/);
  }
  assert.doesNotMatch(JSON.stringify(scene.lines), /a secret thing/);
});

test('each request is one line of the log, by its route, and a refused form says why there only', async () => {
  scene.lines.length = 0;
  await browser.visit(PATH);
  assert.deepEqual(
    scene.lines.map(({ message, route, status }) => [message, route, status]),
    [['answered', 'GET /console/approvals/{id}', 200]],
  );
  scene.lines.length = 0;
  const { body } = await browser.post(PATH, {}, { origin: 'null' });
  assert.deepEqual(
    scene.lines.map(({ message, reason }) => [message, reason]),
    [
      ['form refused', 'origin_wrong'],
      ['answered', undefined],
    ],
  );
  assert.doesNotMatch(body, /origin/i);
});

test('what Slack sends goes to its own handler', async () => {
  const answer = await scene.send({ path: '/console/slack', method: 'POST', body: 'x' });
  assert.equal(answer.body, 'slack');
});

test('a token is of one form, one subject, one digest and one secret', () => {
  const text = fc.string({ maxLength: 12 });
  const subject = fc.record({
    form: fc.constantFrom('approve' as const, 'deny' as const),
    id: text,
    digest: text,
  });
  fc.assert(
    fc.property(text, text, subject, subject, (secret, other, a, b) => {
      const token = formToken(secret, a);
      assert.ok(isFormToken(token, secret, a));
      assert.equal(isFormToken(token, secret, b), JSON.stringify(a) === JSON.stringify(b));
      if (other.padEnd(64, '\0') !== secret.padEnd(64, '\0')) assert.ok(!isFormToken(token, other, a));
    }),
  );
});

test('whatever a browser can type arrives as it was typed', () => {
  const origin = 'https://console.example.com';
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (note) => {
      const body = new URLSearchParams({ note }).toString();
      const event = eventOf({ path: PATH, method: 'POST', body, headers: POST_HEADERS });
      const read = readForm(event, origin);
      assert.ok(read.ok);
      assert.equal(read.value.get('note'), note.replace(/\r\n?/g, '\n'));
    }),
  );
});
