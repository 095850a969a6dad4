import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import type { Page } from 'playwright-core';
import type { Wire } from '../../bin/api-client.ts';
import { signInAs } from '../../bin/browser-sign-in.ts';
import { PAY, REASON, TASK_NAME } from '../../bin/console-sample.ts';
import { ageSessions, type ConsoleStage, startConsoleStage } from './console-stage.ts';

let stage: ConsoleStage;
before(async () => {
  stage = await startConsoleStage();
});
after(() => stage.stop());

const READY_MS = 20_000;
const press = (page: Page, name: string) => page.getByRole('button', { name, exact: true }).click();
const heading = (page: Page) => page.getByRole('heading', { level: 1 }).innerText();
const sees = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor();
const runOf = async (id: string): Promise<Wire['RunView']> =>
  (await stage.sample.crew.get<Wire['RunView']>(`/v1/runs/${id}`, { prefer: 'wait=20' })).body;
const grantOf = async (id: string): Promise<Wire['GrantView']> =>
  (await stage.sample.crew.get<Wire['GrantView']>(`/v1/grants/${id}`, { prefer: 'wait=20' })).body;

test('somebody signs in at the provider, reads the whole request, approves it, and it runs', async () => {
  const { id, url } = await stage.sample.askRun();
  const page = await stage.open(url, 'ana.silva');
  assert.equal(page.url(), url);
  for (const shown of [REASON, TASK_NAME, 'public.invoices', '25', 'prod', 'sales-analyst', 'Dana Reyes'])
    await sees(page, shown);
  assert.ok((await page.locator('pre').first().innerText()).includes(PAY.sql));
  await press(page, 'Approve what is shown above');
  assert.equal(await heading(page), 'Approved');
  const run = await runOf(id);
  assert.deepEqual([run.state, run.rowCount], ['succeeded', 1]);
  await page.getByRole('link', { name: 'See the request' }).click();
  await sees(page, 'Approved and used');
  assert.equal(await page.locator('form.decision').count(), 0);
});

test('a denial with a note reaches the agent that polls', async () => {
  const { id, url } = await stage.sample.askLogin();
  const page = await stage.open(url, 'ana.silva');
  await sees(page, /will not be checked, recorded or approved one by one/);
  await page.getByLabel('Why not').fill('Ask again after the audit.');
  await press(page, 'Deny');
  assert.equal(await heading(page), 'Denied');
  const grant = await grantOf(id);
  assert.deepEqual([grant.state, grant.approval?.note], ['denied', 'Ask again after the audit.']);
});

test('one person breaks the glass, and another closes the review', async () => {
  const { id, url } = await stage.sample.askRun();
  const lead = await stage.open(url, 'jonas.weber');
  await lead.getByText('Emergency: go ahead alone').click();
  await press(lead, 'Approve alone, as an emergency');
  assert.equal(lead.url(), url, 'it wants to know what the emergency is');
  assert.ok(await lead.getByLabel('What the emergency is').evaluate((field) => field.matches(':invalid')));
  await lead.getByLabel('What the emergency is').fill('Customers cannot pay.');
  await press(lead, 'Approve alone, as an emergency');
  assert.equal(await heading(lead), 'Approved as an emergency');
  assert.equal((await runOf(id)).state, 'succeeded');
  await lead.goto(url);
  assert.equal(await lead.getByLabel('What you found').count(), 0, 'not by the same person');
  const reviewer = await stage.open(`${stage.stack.consoleUrl}/console`, 'ana.silva');
  await reviewer.locator('section', { hasText: 'Open reviews' }).getByRole('link').first().click();
  await reviewer.getByLabel('What you found').fill('It was right.');
  await press(reviewer, 'Close the review');
  assert.equal(await heading(reviewer), 'Review closed');
  await reviewer.goto(url);
  await sees(reviewer, /reviewed by ana\.silva/);
});

test('the inbox shows what waits, leads there, and shows it no more once it is decided', async () => {
  const { url } = await stage.sample.askRun({ sql: 'UPDATE invoices SET paid = false WHERE id = 3' });
  const page = await stage.open(`${stage.stack.consoleUrl}/console`, 'ana.silva');
  const [path, link] = [new URL(url).pathname, page.locator(`main a[href$="${new URL(url).pathname}"]`)];
  await sees(page, 'update on public.invoices');
  await link.click();
  assert.equal(new URL(page.url()).pathname, path);
  await press(page, 'Deny');
  await page.getByRole('link', { name: 'What waits for people' }).click();
  assert.equal(await link.count(), 0);
});

test('the message in Slack leads to the page, and its button to deny denies', async () => {
  const { id, url } = await stage.sample.askRun();
  const approval = url.split('/').at(-1) ?? '';
  const { slack } = stage.stack;
  const isTold = () => JSON.stringify(slack.messages()).includes(approval);
  for (const until = Date.now() + READY_MS; !isTold(); await new Promise((done) => setTimeout(done, 50)))
    assert.ok(Date.now() < until, 'nobody was told');
  const page = await (await stage.browser.newContext()).newPage();
  await page.goto(`${slack.url}/?as=U0123ANA`);
  const message = page.locator('article', { has: page.locator(`a[href="${url}"]`) });
  const [review] = await Promise.all([page.waitForEvent('popup'), message.locator('a.button').click()]);
  await signInAs(review, stage.stack, 'ana.silva');
  assert.equal(review.url(), url);
  await message.getByRole('button', { name: 'Deny' }).click();
  assert.equal((await runOf(id)).approval?.state, 'denied');
});

test('less than was asked for can be given', async () => {
  const { id, url } = await stage.sample.askLogin();
  const page = await stage.open(url, 'ana.silva');
  await page.getByRole('radio', { name: /Less than asked: postgres:read/ }).check();
  await page.getByLabel('For how many seconds').fill('120');
  await press(page, 'Approve what is shown above');
  const grant = await grantOf(id);
  assert.deepEqual(
    [grant.state, grant.action, grant.approval?.granted?.durationSeconds],
    ['active', 'postgres:read', 120],
  );
});

test('a grant that is revoked among the live ones takes the open connection with it', async () => {
  const { id, url } = await stage.sample.askLogin('Look for duplicates.');
  const page = await stage.open(url, 'ana.silva');
  await press(page, 'Approve what is shown above');
  assert.equal((await grantOf(id)).state, 'active');
  const { postgres } = (
    await stage.sample.crew.post<Wire['PostgresCredentialView']>(`/v1/grants/${id}/credentials`)
  ).body;
  const { host, port, user, password, database, sslrootcert } = postgres;
  const client = new Client({ host, port, user, password, database, ssl: { ca: sslrootcert } });
  const dead = new Promise<void>((done) => client.on('error', () => done()));
  await client.connect();
  await client.query('SELECT 1');
  await page.goto(`${stage.stack.consoleUrl}/console/grants`);
  const item = page.getByRole('listitem').filter({ hasText: id });
  await item.locator('summary').click();
  await item.getByLabel('Why').fill('It took too long.');
  await item.getByRole('button', { name: 'Revoke now' }).click();
  assert.equal(await heading(page), 'Revoked');
  await Promise.race([
    dead,
    new Promise((_, reject) => setTimeout(() => reject(new Error('it still lives')), READY_MS).unref()),
  ]);
  await assert.rejects(client.query('SELECT 1'));
  await page.goto(`${stage.stack.consoleUrl}/console/grants`);
  assert.equal(await page.getByRole('listitem').filter({ hasText: id }).count(), 0);
});

test('after five minutes a decision needs another sign-in, which leads back to the same page', async () => {
  const { id, url } = await stage.sample.askRun();
  const page = await stage.open(url, 'ana.silva');
  assert.ok((await ageSessions(stage.stack, 301)) > 0);
  await press(page, 'Approve what is shown above');
  assert.equal(await heading(page), 'Sign in again');
  assert.equal((await runOfNow(id)).state, 'pending_approval');
  await page.getByRole('link', { name: 'Sign in again and come back here' }).click();
  assert.ok(page.url().startsWith(stage.stack.issuer.issuer), 'the provider asks although it knows them');
  await signInAs(page, stage.stack, 'ana.silva');
  assert.equal(page.url(), url);
  await press(page, 'Approve what is shown above');
  assert.equal(await heading(page), 'Approved');
  assert.equal((await runOf(id)).state, 'succeeded');
});

const runOfNow = async (id: string): Promise<Wire['RunView']> =>
  (await stage.sample.crew.get<Wire['RunView']>(`/v1/runs/${id}`)).body;

test('an outsider sees nothing of it, the owner sees it and why it is not theirs to decide', async () => {
  const { id, url } = await stage.sample.askRun();
  const outsider = await stage.open(url, 'mallory');
  assert.doesNotMatch(await outsider.innerText('main'), /UPDATE|invoices|sales-analyst/);
  assert.equal(await outsider.locator('form.decision').count(), 0);
  const owner = await stage.open(url, 'dana.reyes');
  await sees(owner, 'public.invoices');
  assert.equal(await owner.locator('form.decision').count(), 0);
  assert.match(await owner.getByRole('region', { name: 'Your decision' }).innerText(), /you|your/i);
  assert.equal((await runOfNow(id)).state, 'pending_approval');
});

test('a plan of three is shown statement by statement and approved at once', async () => {
  const { id, url } = await stage.sample.askPlan([
    PAY,
    { sql: 'UPDATE invoices SET paid = true WHERE id = $1', params: [30], times: 2 },
    { sql: 'DELETE FROM invoices WHERE id = 600' },
  ]);
  const page = await stage.open(url, 'ana.silva');
  for (const number of [1, 2, 3])
    await page.getByRole('heading', { name: `Statement ${number} of 3` }).waitFor();
  await press(page, 'Approve what is shown above');
  assert.equal(await heading(page), 'Approved');
  const plan = await stage.sample.crew.get<Wire['PlanView']>(`/v1/plans/${id}`);
  assert.equal(plan.body.approval?.state ?? plan.body.state, 'approved');
});

test('pages are there at once', async (t) => {
  const { url } = await stage.sample.askRun();
  const page = await stage.open(url, 'ana.silva');
  for (const [name, address] of [
    ['approval', url],
    ['inbox', `${stage.stack.consoleUrl}/console`],
    ['live grants', `${stage.stack.consoleUrl}/console/grants`],
    ['containments', `${stage.stack.consoleUrl}/console/containments`],
  ] as const) {
    const times: number[] = [];
    for (let count = 0; count < 5; count += 1) {
      await page.goto(address);
      times.push(
        // As text: this runs in the page, whose types are not Node's.
        await page.evaluate<number>("performance.getEntriesByType('navigation')[0].loadEventEnd"),
      );
    }
    const [middle = 0] = times.sort((a, b) => a - b).slice(2);
    t.diagnostic(`${name}: loaded after ${Math.round(middle)} ms, the middle of ${times.length}`);
    assert.ok(middle > 0 && middle < 5_000, `${name}: ${times}`);
  }
});

test('in all this, no request went elsewhere and no browser complained', () => {
  assert.deepEqual([...stage.origins].sort(), [stage.stack.consoleUrl, stage.stack.issuer.issuer].sort());
  assert.deepEqual(stage.complaints, []);
});
