import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, before, test } from 'node:test';
import fc from 'fast-check';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { pathOf, readPlace } from '../../lambdas/console/place.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { CONSOLE_URL, type ConsoleScene, startConsole } from './console-scene.ts';
import { APPROVAL_ID } from './sample-approval.ts';

let scene: ConsoleScene;
before(async () => {
  scene = await startConsole();
});
after(() => scene.stop());

const SESSION = '__Host-latchkey-session';
const LOGIN = '__Host-latchkey-login';
const PATH = `/console/approvals/${APPROVAL_ID}`;
const cookiesOf = (answer: { multiValueHeaders?: Record<string, unknown[]> | undefined }) =>
  (answer.multiValueHeaders?.['Set-Cookie'] ?? []).map(String);

test('whoever follows the link of an approval signs in and comes back to it', async () => {
  const browser = scene.browser();
  const page = await browser.open(PATH);
  assert.equal(page.statusCode, 200);
  assert.match(page.body, /Hand over a login/);
  assert.deepEqual([...browser.jar.keys()], [SESSION], 'what the sign-in needed is gone');
});

test('the authorization request has everything that makes its answer ours alone', async () => {
  const answer = await scene.send({ path: '/console/sign-in?to=grants' });
  const { searchParams: asked, origin } = new URL(String(answer.headers?.Location));
  assert.equal(origin, scene.provider.issuer);
  const fixed = [
    'response_type',
    'response_mode',
    'scope',
    'code_challenge_method',
    'max_age',
    'redirect_uri',
    'prompt',
  ];
  assert.deepEqual(
    fixed.map((name) => asked.get(name)),
    ['code', 'query', 'openid', 'S256', '300', `${CONSOLE_URL}/console/callback`, null],
  );
  for (const name of ['state', 'nonce', 'code_challenge']) assert.match(asked.get(name) ?? '', /^[\w-]{43}$/);
  const again = await scene.send({ path: '/console/sign-in?to=grants' });
  const other = new URL(String(again.headers?.Location)).searchParams;
  for (const name of ['state', 'nonce', 'code_challenge']) assert.notEqual(asked.get(name), other.get(name));
});

test('cookies are of this host alone, out of reach of scripts, and end soon', async () => {
  const begun = await scene.send({ path: '/console/sign-in' });
  const [login, ...none] = cookiesOf(begun);
  assert.equal(none.length, 0);
  assert.match(
    login ?? '',
    new RegExp(`^${LOGIN}=[\\w-]+; Max-Age=600; Path=/; Secure; HttpOnly; SameSite=Lax$`),
  );
  const browser = scene.browser();
  const location = String((await browser.visit('/console/sign-in')).headers?.Location);
  const back = new URL(await browser.passIssuer(location));
  const answer = await browser.visit(`/console/callback${back.search}`);
  const [session, gone] = cookiesOf(answer);
  assert.match(
    session ?? '',
    new RegExp(`^${SESSION}=[\\w-]{43}; Max-Age=3600; Path=/; Secure; HttpOnly; SameSite=Lax$`),
  );
  assert.equal(gone, `${LOGIN}=; Max-Age=0; Path=/; Secure; HttpOnly; SameSite=Lax`);
});

test('a session is stored under a hash, and the trail told of the sign-in before there was one', async () => {
  const order: string[] = [];
  const { sessions, store } = scene.deps;
  const send = scene.handle({
    sessions: {
      ...sessions,
      begin: (hash, session) => {
        order.push('session');
        return sessions.begin(hash, session);
      },
    },
    store: {
      ...store,
      appendSystem: (chain, make) => {
        order.push('trail');
        return store.appendSystem(chain, make);
      },
    },
  });
  const browser = scene.browser(send);
  await browser.open(PATH);
  assert.deepEqual(order, ['trail', 'session']);
  const id = browser.jar.get(SESSION) ?? '';
  const stored = (await scene.stored()).join('\n');
  assert.ok(!stored.includes(id));
  const item = (await scene.tables.items('grants')).find((each) =>
    JSON.stringify(each).includes(`SESSION#${createHash('sha256').update(id).digest('hex')}`),
  ) as Record<string, Record<string, string>>;
  assert.equal(item.sk?.S, 'SESSION');
  const inSeconds = Number(item.purgeAt?.N) - scene.deps.clock() / 1_000;
  assert.ok(inSeconds > 3_500 && inSeconds < 3_700);
});

test('the chain of sign-ins holds', async () => {
  const chains = new Set(
    (await scene.tables.items('audit')).map((item) => (item as { chain: { S: string } }).chain.S),
  );
  const [chain, ...others] = [...chains].filter((name) => name.startsWith('system:sign-ins:'));
  assert.deepEqual([others.length, chains.size], [0, 1]);
  const entries = await Array.fromAsync(scene.tables.store.readChain(chain ?? ''));
  assert.deepEqual(verifyChain(chain ?? '', entries, { head: undefined, receipts: [] }), []);
  const [first] = entries;
  assert.equal(first?.event.type, 'person.signed_in');
  assert.deepEqual([first?.event.actor.kind === 'principal' && first.event.actor.name], ['Alice']);
});

test('without the trail nobody signs in', async () => {
  const store = {
    ...scene.deps.store,
    appendSystem: () => Promise.reject(new DependencyUnavailable('dynamodb', undefined)),
  };
  const browser = scene.browser(scene.handle({ store }));
  const page = await browser.open(PATH);
  assert.equal(page.statusCode, 503);
  assert.ok(!browser.jar.has(SESSION));
});

test('a session that somebody planted is worth nothing, and a new sign-in is a new session', async () => {
  const planted = 'A'.repeat(43);
  const browser = scene.browser();
  browser.jar.set(SESSION, planted);
  await browser.open(PATH);
  const first = browser.jar.get(SESSION);
  assert.notEqual(first, planted);
  await browser.open('/console/sign-in?to=inbox');
  assert.notEqual(browser.jar.get(SESSION), first);
  for (const old of [planted, first ?? '']) {
    const answer = await scene.send({ path: PATH, headers: { cookie: `${SESSION}=${old}` } });
    assert.equal(answer.statusCode, 303, 'signed out');
  }
});

test('two cookies of one name are none', async () => {
  const browser = scene.browser();
  await browser.open(PATH);
  const cookie = `${SESSION}=${browser.jar.get(SESSION)}`;
  assert.equal((await scene.send({ path: PATH, headers: { cookie } })).statusCode, 200);
  assert.equal(
    (await scene.send({ path: PATH, headers: { cookie: `${cookie}; ${cookie}` } })).statusCode,
    303,
  );
});

test('what comes back from the issuer is taken once, from the browser that was sent, and as it was sent', async () => {
  const begin = async () => {
    const browser = scene.browser();
    const location = String((await browser.visit('/console/sign-in?to=grants')).headers?.Location);
    const { search } = new URL(await browser.passIssuer(location));
    return { browser, search, other: scene.browser() };
  };
  const refused = async (path: string, browser: ReturnType<typeof scene.browser>) => {
    const answer = await browser.visit(path);
    assert.equal(answer.statusCode, 403);
    assert.match(answer.body, /did not succeed/);
    assert.ok(!browser.jar.has(SESSION));
    assert.ok(!browser.jar.has(LOGIN), 'an attempt is good once');
  };
  const without = await begin();
  await refused(`/console/callback${without.search}`, without.other);
  const stolen = await begin();
  await stolen.other.visit('/console/sign-in');
  await refused(`/console/callback${stolen.search}`, stolen.other);
  for (const change of [
    (query: URLSearchParams) => query.set('state', 'A'.repeat(43)),
    (query: URLSearchParams) => query.delete('state'),
    (query: URLSearchParams) => query.set('code', 'A'.repeat(43)),
    (query: URLSearchParams) => query.append('code', 'another'),
    (query: URLSearchParams) => query.set('iss', 'https://evil.example'),
    (query: URLSearchParams) => query.set('error', 'access_denied'),
  ]) {
    const { browser, search } = await begin();
    const query = new URLSearchParams(search);
    change(query);
    await refused(`/console/callback?${query}`, browser);
  }
  const nonce = await begin();
  const login = JSON.parse(Buffer.from(nonce.browser.jar.get(LOGIN) ?? '', 'base64url').toString());
  const bent = Buffer.from(JSON.stringify({ ...login, nonce: 'A'.repeat(43) })).toString('base64url');
  nonce.browser.jar.set(LOGIN, bent);
  await refused(`/console/callback${nonce.search}`, nonce.browser);
  const twice = await begin();
  const kept = new Map(twice.browser.jar);
  assert.equal((await twice.browser.visit(`/console/callback${twice.search}`)).statusCode, 303);
  const again = scene.browser();
  for (const [name, value] of kept) again.jar.set(name, value);
  await refused(`/console/callback${twice.search}`, again);
});

const ELSEWHERE = [
  'https://evil.example',
  '//evil.example',
  '/\\evil.example',
  '\\\\evil.example',
  '%2F%2Fevil.example',
  'javascript:alert(1)',
  'inbox/../../evil',
  'inbox\r\nSet-Cookie: a=b',
  `${APPROVAL_ID}@evil.example`,
  ` ${APPROVAL_ID}`,
  `${APPROVAL_ID}\n`,
];

test('no link can choose where a sign-in leads, but to a page of ours', async () => {
  for (const to of ELSEWHERE) {
    const answer = await scene.send({ path: `/console/sign-in?to=${encodeURIComponent(to)}` });
    const [cookie = ''] = cookiesOf(answer);
    const login = JSON.parse(Buffer.from(cookie.split(/[=;]/)[1] ?? '', 'base64url').toString());
    assert.equal(login.to, 'inbox', to);
    const browser = scene.browser();
    const bent = Buffer.from(JSON.stringify({ ...login, to })).toString('base64url');
    browser.jar.set(LOGIN, bent);
    const back = await browser.visit('/console/callback?code=a&state=b');
    assert.equal(back.statusCode, 403);
    assert.equal(back.headers?.Location, undefined);
  }
  const address = { path: '/live' };
  fc.assert(
    fc.property(fc.oneof(fc.webUrl(), fc.string(), fc.constantFrom(...ELSEWHERE)), (to) => {
      const place = readPlace(to);
      if (place !== undefined)
        assert.match(pathOf(address, place), /^\/live\/console(\/grants|\/approvals\/a_\w+)?$/);
    }),
  );
});

test('previews and scanners that fetch a link leave nothing behind', async () => {
  const before = await scene.stored();
  const agents = [
    'Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)',
    'Mozilla/5.0 (Windows NT 10.0; Win64; x64) SafeLinks Microsoft Defender',
  ];
  for (const agent of agents)
    for (let time = 0; time < 50; time += 1) {
      const path =
        [PATH, '/console', '/console/grants', '/console/sign-in', '/console/callback'][time % 5] ?? PATH;
      const answer = await scene.send({ path, headers: { 'user-agent': agent, 'sec-purpose': 'prefetch' } });
      assert.ok([303, 403].includes(answer.statusCode));
      assert.doesNotMatch(answer.body, /orders-db|weekly report/);
    }
  assert.deepEqual(await scene.stored(), before);
  assert.deepEqual(scene.asked, []);
});

test('looking writes nothing either, however often', async () => {
  const browser = scene.browser();
  await browser.open(PATH);
  const before = await scene.stored();
  for (let time = 0; time < 10; time += 1)
    for (const path of [PATH, '/console', '/console/grants'])
      assert.equal((await browser.visit(path)).statusCode, 200);
  assert.deepEqual(await scene.stored(), before);
});

test('an hour later, or under another configuration, a session is over', async () => {
  const browser = scene.browser();
  await browser.open(PATH);
  const software = { ...scene.deps.software, policyDigest: 'e'.repeat(64) };
  const after = scene.browser(scene.handle({ software }));
  for (const [name, value] of browser.jar) after.jar.set(name, value);
  assert.equal((await after.visit(PATH)).statusCode, 303);
  scene.time.aheadMs = 3_600_000 + 1_000;
  assert.equal((await browser.visit(PATH)).statusCode, 303);
  scene.time.aheadMs = 0;
});

test('whoever is no person may sign in and sees nothing', async () => {
  scene.provider.person.subject = 'crew';
  const browser = scene.browser();
  for (const path of [PATH, '/console', '/console/grants']) {
    const page = await browser.open(path);
    assert.equal(page.statusCode, 403);
    assert.match(page.body, /You may not decide/);
    assert.doesNotMatch(page.body, /weekly report/);
  }
  scene.provider.person.subject = 'alice';
});

test('an identity provider that is away is a page that says so', async () => {
  const browser = scene.browser(
    scene.handle({
      issuer: {
        ...scene.deps.issuer,
        redeem: () => Promise.reject(new DependencyUnavailable('the identity provider', undefined)),
      },
    }),
  );
  const page = await browser.open(PATH);
  assert.equal(page.statusCode, 503);
  assert.match(page.body, /did not answer/);
});
