import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createSecureServer, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import type { Page } from 'playwright-core';
import { signInAs } from '../../bin/browser-sign-in.ts';
import type { Waiting } from '../../bin/console-sample.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';
import { type ConsoleStage, startConsoleStage } from './console-stage.ts';

let stage: ConsoleStage;
/** What the stranger's pages say; the same at each of the stranger's origins. */
let strangersPage = '';
const serve: RequestListener = (_request, response) =>
  void response.writeHead(200, { 'content-type': 'text/html' }).end(strangersPage);
const stops: (() => Promise<unknown>)[] = [];
/** By how near they are: of another site, and of our own site, to which a browser sends cookies of ours. */
let strangers: Readonly<Record<string, string>>;

before(async () => {
  stage = await startConsoleStage();
  const { certPem, keyPem } = stage.certificate;
  const [far, near] = [createServer(serve), createSecureServer({ key: keyPem, cert: certPem }, serve)];
  stops.push(...[far, near].map((server) => () => closeServer(server)));
  strangers = {
    'another site': `http://127.0.0.1:${await listenOnLoopback(far)}`,
    'another port of our site': `https://localhost:${await listenOnLoopback(near)}`,
  };
});
after(async () => {
  for (const stop of stops) await stop();
  await stage.stop();
});

/** Everything that is kept of an approval. */
const keptNow = async ({ url }: Waiting): Promise<string> => {
  const id = url.split('/').at(-1) ?? '';
  const { aws, tables } = stage.stack;
  const items = await Promise.all(
    Object.values(tables).map(async (TableName) => (await aws.dynamo.call('Scan', { TableName })).Items),
  );
  const about = (items.flat() as object[])
    .map((item) => JSON.stringify(item))
    .filter((item) => item.includes(id));
  return about.sort().join('\n');
};

/** The same once everybody was told and the estimate is in, and nothing more comes by itself. */
const kept = async (waiting: Waiting): Promise<string> => {
  for (let last = ''; ; ) {
    await new Promise((done) => setTimeout(done, 700));
    const now = await keptNow(waiting);
    if (now === last && now.includes('NOTICE#') && now.includes('approval.inspected')) return now;
    last = now;
  }
};

/** A victim who is signed in, in a browser whose complaints about a stranger are no fault of ours. */
const victim = async (url: string): Promise<Page> => {
  const page = await (await stage.browser.newContext()).newPage();
  await page.goto(url);
  await signInAs(page, stage.stack, 'ana.silva');
  return page;
};

const fieldsOf = async (page: Page): Promise<Readonly<Record<string, string>>> => {
  const inputs = page
    .locator('form', { has: page.locator('[name=form][value=approve]') })
    .locator('input[name]');
  const pairs = await inputs.evaluateAll((all) =>
    all.map((one) => [one.getAttribute('name'), one.getAttribute('value')]),
  );
  return { ...Object.fromEntries(pairs), note: '' };
};

const formTo = (action: string, fields: Readonly<Record<string, string>>): string =>
  `<form method="post" action="${action}">${Object.entries(fields)
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${value}">`)
    .join('')}<button>You have won</button></form>`;

test('in a frame of a stranger the page shows nothing', async () => {
  const { url } = await stage.sample.askRun();
  for (const [where, origin] of Object.entries(strangers)) {
    const page = await victim(url);
    const refused: string[] = [];
    page.on('console', (message) => refused.push(message.text()));
    strangersPage = `<title>stranger</title><iframe src="${url}" width="900" height="900"></iframe>`;
    await page.goto(origin);
    await page.waitForTimeout(500);
    const [frame] = page.frames().slice(1);
    assert.ok(frame, where);
    // Another site's frame is not even sent our cookies, so that there it ends at the provider, with nothing.
    if (origin.startsWith('https:'))
      assert.ok(
        refused.some((line) => line.includes('frame-ancestors')),
        `${where}: ${refused}`,
      );
    assert.doesNotMatch(await frame.content(), /UPDATE|invoices|Approve|Password/, where);
    await page.context().close();
  }
});

test('a form of a stranger decides nothing, even with the fields of the page itself', async () => {
  const waiting = await stage.sample.askRun();
  for (const [where, origin] of Object.entries(strangers)) {
    const page = await victim(waiting.url);
    const form = formTo(waiting.url, await fieldsOf(page));
    const sandboxed = `<iframe sandbox="allow-forms allow-top-navigation" srcdoc="${form.replaceAll('"', '&quot;')}"></iframe>`;
    for (const content of [form, sandboxed]) {
      const before = await kept(waiting);
      assert.match(before, /"pending"/);
      strangersPage = content;
      await page.goto(origin);
      const sent = page.waitForResponse((response) => response.request().method() === 'POST');
      await page
        .locator(content === form ? 'body' : 'iframe')
        .first()
        .waitFor();
      await (content === form ? page : page.frameLocator('iframe')).getByText('You have won').click();
      const { status } = { status: (await sent).status() };
      assert.ok(status === 403 || status === 401, `${where}: ${status}`);
      assert.equal(await kept(waiting), before, where);
    }
    await page.context().close();
  }
});

test('the same fields are good on the page itself', async () => {
  const waiting = await stage.sample.askRun();
  const page = await victim(waiting.url);
  await page.getByRole('button', { name: 'Approve what is shown above' }).click();
  await page.getByRole('heading', { level: 1, name: 'Approved' }).waitFor();
  assert.doesNotMatch(await keptNow(waiting), /"state":\{"S":"pending"\}/);
});

test('a preview, a scanner and a prefetch of the link change nothing and are shown nothing', async () => {
  const waiting = await stage.sample.askRun();
  const before = await kept(waiting);
  const page = await victim(waiting.url);
  const cookie = (await page.context().cookies(waiting.url))
    .map(({ name, value }) => `${name}=${value}`)
    .join('; ');
  const fetched = async (method: string, headers: Record<string, string>) => {
    const asked = request(waiting.url, { method, ca: stage.stack.certPem, headers }).end();
    const [answer] = await once(asked, 'response');
    return { status: answer.statusCode as number, body: await text(answer) };
  };
  const bot = { 'user-agent': 'Slackbot-LinkExpanding 1.0' };
  for (const method of ['GET', 'HEAD', 'OPTIONS']) {
    const { status, body } = await fetched(method, bot);
    assert.ok(status >= 300, `${method}: ${status}`);
    assert.doesNotMatch(body, /UPDATE|invoices|sales-analyst/);
  }
  await fetched('GET', { cookie, 'sec-purpose': 'prefetch', purpose: 'prefetch' });
  assert.equal(await kept(waiting), before);
});

test('the cookies are of this host alone, over TLS alone, and out of reach of scripts and other sites', async () => {
  const page = await (await stage.stranger()).newPage();
  const { url } = await stage.sample.askRun();
  await page.goto(url);
  const ours = async () =>
    (await page.context().cookies(stage.stack.consoleUrl)).filter(({ name }) => name.includes('latchkey'));
  const [login] = await ours();
  await signInAs(page, stage.stack, 'ana.silva');
  const [session, ...more] = await ours();
  assert.deepEqual(more, [], 'the one of the attempt is gone');
  for (const [name, cookie] of [
    ['__Host-latchkey-login', login],
    ['__Host-latchkey-session', session],
  ] as const) {
    assert.ok(cookie, name);
    const { secure, httpOnly, sameSite, path, domain } = cookie;
    assert.deepEqual(
      { name: cookie.name, secure, httpOnly, sameSite, path, domain },
      { name, secure: true, httpOnly: true, sameSite: 'Lax', path: '/', domain: 'localhost' },
    );
  }
  assert.equal(await page.evaluate('document.cookie'), '');
});

test('after signing out the button to go back shows nothing', async () => {
  const { url } = await stage.sample.askRun();
  const page = await stage.open(url, 'ana.silva');
  assert.match(await page.innerText('main'), /UPDATE invoices/);
  await page.getByRole('link', { name: 'Live grants' }).click();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('heading', { level: 1, name: 'Signed out' }).waitFor();
  for (let count = 0; count < 2; count += 1) {
    await page.goBack();
    assert.doesNotMatch(await page.innerText('body'), /UPDATE|invoices|postgres:write/);
  }
  await page.goto(url);
  assert.ok(page.url().startsWith(stage.stack.issuer.issuer));
});

test('what an agent writes runs nothing and loads nothing', async () => {
  const sly = `<img src="https://evil.example/x"><script>document.title = 'owned'</script><a href="https://evil.example">Approve here</a>`;
  const { url } = await stage.sample.askLogin(sly);
  const page = await stage.open(url, 'ana.silva');
  assert.match(await page.innerText('main'), /<script>document\.title/);
  assert.equal(await page.title(), 'Hand over a login – Latchkey');
  assert.equal(await page.locator('main a[href*="evil"], main img, script').count(), 0);
});

test('the page cannot be reached by whoever opened it', async () => {
  const { url } = await stage.sample.askRun();
  const page = await victim(url);
  strangersPage = `<button onclick="opened = window.open('${url}')">Look</button>`;
  await page.goto(strangers['another port of our site'] ?? '');
  const [opened] = await Promise.all([page.waitForEvent('popup'), page.getByText('Look').click()]);
  await opened.waitForLoadState();
  assert.match(await opened.innerText('main'), /UPDATE invoices/);
  assert.equal(await opened.evaluate('window.opener === null'), true);
  assert.equal(await page.evaluate('opened.closed'), true);
});

test('in all this our own pages sent no request elsewhere and broke no policy', () => {
  assert.deepEqual([...stage.origins].sort(), [stage.stack.consoleUrl, stage.stack.issuer.issuer].sort());
  assert.deepEqual(stage.complaints, []);
});
