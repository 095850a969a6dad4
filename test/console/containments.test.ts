import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { formToken } from '../../lambdas/console/form-token.ts';
import type { Containment } from '../../lambdas/core/containment/containment.ts';
import { NOTE_MAX_CHARACTERS } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import type { Browser } from '../support/browser.ts';
import { contained, EVERYTHING, OF_RESOURCE, pass, stateOf } from '../support/containment-scene.ts';
import { ALLOWED, PRINCIPAL, REFUSED } from '../support/facts.ts';
import { formFields, parsePage } from '../support/html-tags.ts';
import { visitorOf } from '../support/votes.ts';
import { consoleOf, secretOf } from './console-stage.ts';

const PAGE = '/console/containments';

let app: App;
let signedIn: (subject: string) => Promise<Browser>;
beforeEach(async () => {
  app = await startApp();
  app.policy.answer = () => ALLOWED;
  signedIn = consoleOf(app);
});
afterEach(() => app.tables.close());

const standing = async (): Promise<readonly Containment[]> =>
  (await app.deps.containments.list()).filter(({ state }) => state !== 'lifted');

/** Fills in the form of the page as it came. */
const stop = async (browser: Browser, fields: Readonly<Record<string, string>>) =>
  browser.post(PAGE, { ...formFields((await browser.visit(PAGE)).body, 'contain'), ...fields });

test('a person stops a resource on the page, sees what is still being ended, and another one lifts it', async () => {
  const grant = await app.newActive(await app.newTask());
  const bob = await signedIn('bob');
  const stopped = await stop(bob, { scope: 'resource', key: 'orders-db', note: 'it was <b>leaked</b>' });
  assert.equal(stopped.statusCode, 200, stopped.body);
  const [containment] = await standing();
  assert.ok(containment);
  const path = `${PAGE}/${containment.id}`;
  assert.ok(stopped.body.includes(`href="${path}"`));
  const before = parsePage((await bob.visit(path)).body).text;
  for (const words of [
    'resource orders-db',
    'by bob (bob)',
    'it was <b>leaked</b>',
    grant,
    'no pass has come',
  ])
    assert.ok(before.includes(words), words);
  app.control.report = { dead: false, error: 'probe:unknown' };
  await pass(app, containment.id);
  const after = parsePage((await bob.visit(path)).body).text;
  assert.match(after, /about to be proved dead/);
  assert.match(after, /ended 1 grant, 0 runs, 0 plans and 0 tasks; 1 not at their end then/);
  const own = (await bob.visit(path)).body;
  assert.ok(!own.includes('value="lift"'), 'whoever placed it is not offered to lift it');

  const carol = await signedIn('carol');
  const fields = formFields((await carol.visit(path)).body, 'lift');
  assert.equal((await carol.post(path, fields)).statusCode, 422, 'no reason');
  const lifted = await carol.post(path, { ...fields, note: 'rotated' });
  assert.match(lifted.body, /<h1>Lifted<\/h1>/);
  assert.equal((await stateOf(app, containment.id)).state, 'lifted');
  assert.match(parsePage((await bob.visit(PAGE)).body).text, /orders-db \(lifted\)[\s\S]*by carol \(carol\)/);
  assert.equal((await carol.post(path, { ...fields, note: 'rotated' })).statusCode, 409, 'it is over');
});

test('everything is stopped without a key; a key beside it, or none beside the others, stops nothing', async () => {
  const bob = await signedIn('bob');
  for (const fields of [
    { scope: 'everything', key: 'orders-db' },
    { scope: 'resource', key: '' },
    { scope: 'principal', key: '   ' },
    { scope: 'task', key: 't_00000000000000000000' },
    { scope: 'resource', key: 'order-db' },
  ])
    assert.equal((await stop(bob, { ...fields, note: 'why' })).statusCode, 422, JSON.stringify(fields));
  assert.deepEqual(await standing(), []);
  assert.equal((await stop(bob, { scope: 'everything', key: '', note: 'why' })).statusCode, 200);
  assert.deepEqual(
    (await standing()).map(({ scope }) => scope),
    [EVERYTHING],
  );
});

test('whoever placed it cannot lift it by a form that is none of the page’s', async () => {
  const { id } = await contained(app, OF_RESOURCE, visitorOf('bob'));
  const bob = await signedIn('bob');
  const path = `${PAGE}/${id}`;
  const token = formToken(secretOf('bob'), { form: 'lift', id, digest: '' });
  const answer = await bob.post(path, { form: 'lift', digest: '', token, note: 'why' });
  assert.equal(answer.statusCode, 403);
  assert.match(answer.body, /A second person lifts it/);
  assert.equal((await stateOf(app, id)).state, 'holding');
});

test('a form counts from its own page and session, for its own purpose, and with a fresh sign-in', async () => {
  const { id } = await contained(app, OF_RESOURCE, visitorOf('dora'));
  const path = `${PAGE}/${id}`;
  const bob = await signedIn('bob');
  const placing = {
    ...formFields((await bob.visit(PAGE)).body, 'contain'),
    scope: 'everything',
    note: 'why',
  };
  const lifting = { ...formFields((await bob.visit(path)).body, 'lift'), note: 'why' };
  const other = await contained(app, { kind: 'task', key: await app.newTask() }, visitorOf('dora'));
  const tokenOf = (who: string, form: 'contain' | 'lift', of: string) =>
    formToken(secretOf(who), { form, id: of, digest: '' });
  const refused = async (to: string, fields: Readonly<Record<string, string>>, headers = {}) => {
    const answer = await bob.post(to, fields, headers);
    assert.equal(answer.statusCode, 403, JSON.stringify(fields));
    assert.match(answer.body, /The form was not accepted/);
  };
  await refused(PAGE, { ...placing, token: '' });
  await refused(PAGE, { ...placing, token: tokenOf('carol', 'contain', '') });
  await refused(PAGE, { ...placing, token: tokenOf('bob', 'lift', '') });
  await refused(PAGE, { ...placing, more: 'x' });
  await refused(PAGE, { ...placing, scope: 'world' });
  await refused(PAGE, placing, { origin: 'https://evil.example' });
  await refused(PAGE, placing, { 'sec-fetch-site': 'cross-site' });
  await refused(path, { ...lifting, token: tokenOf('bob', 'lift', other.id) });
  await refused(path, { ...lifting, token: tokenOf('bob', 'contain', '') });
  await refused(`${PAGE}/${other.id}`, lifting);
  await refused(path, lifting, { origin: 'null' });
  app.time.now += 3_000_000;
  for (const [to, fields] of [
    [PAGE, placing],
    [path, lifting],
  ] as const) {
    const late = await bob.post(to, fields);
    assert.match(late.body, /Sign in again and come back here/);
  }
  assert.equal((await standing()).length, 2);
});

test('opening the pages changes nothing, whoever opens them', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  const before = await app.tables.items('grants');
  const bob = await signedIn('bob');
  for (const path of [PAGE, `${PAGE}/${id}`])
    for (const method of ['GET', 'HEAD']) await bob.visit(path, { method });
  const sessions = (items: readonly object[]) =>
    items.filter((item) => !JSON.stringify(item).includes('SESSION#'));
  assert.deepEqual(sessions(await app.tables.items('grants')), sessions(before));
});

test('what is not for somebody is not there for them, and an id of another form is no page', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  app.policy.containment = () => REFUSED;
  const bob = await signedIn('bob');
  assert.equal((await bob.visit(`${PAGE}/${id}`)).statusCode, 404);
  assert.match(parsePage((await bob.visit(PAGE)).body).text, /Nothing is stopped that you may see/);
  for (const odd of ['s_1', 'S_00000000000000000000', id.replace('s_', 'a_')]) {
    assert.equal((await bob.visit(`${PAGE}/${odd}`)).statusCode, 404);
    assert.equal((await bob.post(`${PAGE}/${odd}`, {})).statusCode, 404);
  }
  const answer = await stop(bob, { scope: 'resource', key: 'orders-db', note: 'why' });
  assert.equal(answer.statusCode, 403);
  assert.match(answer.body, /Not yours to decide/);
});

test('text of strangers stays text, and the longest reason fits', async () => {
  const bob = await signedIn('bob');
  const note = '<script>alert(1)</script> & "quoted"'.padEnd(NOTE_MAX_CHARACTERS, 'é');
  const stopped = await stop(bob, { scope: 'principal', key: PRINCIPAL.name, note });
  assert.equal(stopped.statusCode, 200, stopped.body);
  for (const path of [PAGE, `${PAGE}/${(await standing())[0]?.id}`]) {
    const { text } = parsePage((await bob.visit(path)).body);
    assert.ok(text.includes('<script>alert(1)</script> & "quoted"'));
    assert.ok(text.includes(`principal ${PRINCIPAL.name}`));
  }
});
