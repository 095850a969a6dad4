import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { formToken } from '../../lambdas/console/form-token.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { type App, startApp } from '../support/app.ts';
import type { Browser } from '../support/browser.ts';
import { ALLOWED, REFUSED } from '../support/facts.ts';
import { formFields, parsePage } from '../support/html-tags.ts';
import { consoleOf, secretOf } from './console-stage.ts';

let app: App;
let signedIn: (subject: string) => Promise<Browser>;
before(async () => {
  app = await startApp();
  signedIn = consoleOf(app);
});
beforeEach(() => {
  app.policy.answer = (approvals) => (approvals >= 2 ? ALLOWED : REFUSED);
  app.calls.length = 0;
});
after(() => app.tables.close());

/** What an agent asks for and two people have to approve. */
const asked = async (change: object = {}) => {
  const grant = await app.newGrant(await app.newTask(), change);
  assert.ok(grant.state === 'pending_approval');
  return { grant, id: grant.approval, path: `/console/approvals/${grant.approval}` };
};

const entriesOf = (chain: string) => Array.fromAsync(app.deps.store.readChain(chain));

test('two people approve on their pages, and the trail has both words once', async () => {
  const { id, path } = await asked();
  const bob = await signedIn('bob');
  const page = await bob.visit(path);
  assert.equal(page.statusCode, 200);
  assert.match(parsePage(page.body).text, /GRANT "orders_app" TO "lk_/);
  const first = await bob.post(path, { ...formFields(page.body, 'approve'), note: 'seen' });
  assert.match(first.body, /It still needs 1 more person/);
  const twice = await bob.post(path, { ...formFields(page.body, 'approve'), note: 'seen' });
  assert.match(twice.body, /It still needs 1 more person/);
  const carol = await signedIn('carol');
  const second = await carol.post(path, formFields((await carol.visit(path)).body, 'approve'));
  assert.match(second.body, /has all the approvals it needs/);
  assert.equal((await app.deps.store.readApproval(id))?.state, 'approved');
  const entries = await entriesOf(id);
  assert.deepEqual(verifyChain(id, entries, { head: undefined, receipts: [] }), []);
  assert.deepEqual(
    entries.map(({ event }) => event.type),
    ['approval.requested', 'approval.voted', 'approval.voted'],
  );
});

test('a button that is pressed many times at once counts once', async () => {
  const { id, path } = await asked();
  const bob = await signedIn('bob');
  const fields = formFields((await bob.visit(path)).body, 'approve');
  const answers = await Promise.all(Array.from({ length: 12 }, () => bob.post(path, fields)));
  assert.deepEqual([...new Set(answers.map(({ statusCode }) => statusCode))], [200]);
  const voted = (await entriesOf(id)).filter(({ event }) => event.type === 'approval.voted');
  assert.equal(voted.length, 1);
});

test('whoever answers for the agent sees the page without a form, and a form of theirs is refused', async () => {
  const { id, path } = await asked();
  const bob = await signedIn('bob');
  const alice = await signedIn('alice');
  const page = (await alice.visit(path)).body;
  assert.match(page, /your own request/);
  assert.doesNotMatch(page, /value="approve"/);
  const theirs = formFields((await bob.visit(path)).body, 'approve');
  const subject = { form: 'approve', id, digest: theirs.digest ?? '' } as const;
  const token = formToken(secretOf('alice'), subject);
  const answer = await alice.post(path, { ...theirs, token });
  assert.equal(answer.statusCode, 403);
  assert.match(answer.body, /<h1>Your own request<\/h1>/);
  assert.deepEqual((await app.deps.store.readApproval(id))?.votes, []);
});

test('one denial ends it, and the next form is told that it is over', async () => {
  const { id, path } = await asked();
  const [bob, carol] = [await signedIn('bob'), await signedIn('carol')];
  const [hers, his] = [(await carol.visit(path)).body, (await bob.visit(path)).body];
  assert.match((await bob.post(path, { ...formFields(his, 'deny'), note: 'no' })).body, /<h1>Denied<\/h1>/);
  const late = await carol.post(path, formFields(hers, 'approve'));
  assert.equal(late.statusCode, 409);
  assert.match(late.body, /Nothing was changed/);
  assert.equal((await app.deps.store.readApproval(id))?.state, 'denied');
});

test('less is given where somebody gives less', async () => {
  app.policy.answer = (approvals) => (approvals >= 1 ? ALLOWED : REFUSED);
  const { id, path } = await asked();
  const bob = await signedIn('bob');
  const fields = formFields((await bob.visit(path)).body, 'approve');
  await bob.post(path, { ...fields, action: 'postgres:read', seconds: '120' });
  const approval = await app.deps.store.readApproval(id);
  assert.deepEqual(approval && 'granted' in approval && approval.granted, {
    action: 'postgres:read',
    seconds: 120,
  });
});

test('an emergency needs a reason, stands in the inbox of others for review, and is closed there', async () => {
  const { path } = await asked();
  const bob = await signedIn('bob');
  const fields = formFields((await bob.visit(path)).body, 'break_glass');
  assert.equal((await bob.post(path, fields)).statusCode, 422);
  const broken = await bob.post(path, { ...fields, note: 'the shop is down' });
  assert.match(broken.body, /Approved as an emergency/);
  assert.ok(app.calls.includes('alarm BrokenGlass'));
  assert.doesNotMatch((await bob.visit(path)).body, /value="close_review"/, 'not by whoever went ahead');
  const carol = await signedIn('carol');
  const review = (await carol.visit(path)).body;
  assert.match(review, /Its review is open/);
  const done = await carol.post(path, { ...formFields(review, 'close_review'), note: 'it was right' });
  assert.match(done.body, /Review closed/);
  assert.match((await bob.visit(path)).body, /it was right/);
});

test('five minutes after the sign-in a decision is refused by the use case, and nothing has changed', async () => {
  const { id, path } = await asked();
  const bob = await signedIn('bob');
  const fields = formFields((await bob.visit(path)).body, 'approve');
  app.time.now += 300_001;
  const late = await bob.post(path, fields);
  assert.match(late.body, /Sign in again and come back here/);
  assert.deepEqual((await app.deps.store.readApproval(id))?.votes, []);
});

test('what waits is in the inbox of whoever may decide, until they have', async () => {
  const { path } = await asked();
  const bob = await signedIn('bob');
  assert.ok((await bob.visit('/console')).body.includes(`href="${path}"`));
  await bob.post(path, formFields((await bob.visit(path)).body, 'approve'));
  assert.ok(!(await bob.visit('/console')).body.includes(`href="${path}"`));
});

test('a live grant is revoked with a reason, by whoever answers for its agent', async () => {
  app.policy.answer = () => ALLOWED;
  const id = await app.newActive(await app.newTask());
  const alice = await signedIn('alice');
  const page = (await alice.visit('/console/grants')).body;
  const [, form = ''] = new RegExp(`(<form[^>]*/console/grants/${id}[\\s\\S]*?</form>)`).exec(page) ?? [];
  const fields = formFields(form, 'revoke');
  assert.equal((await alice.post(`/console/grants/${id}`, fields)).statusCode, 422, 'no reason');
  const revoked = await alice.post(`/console/grants/${id}`, { ...fields, note: 'it went astray' });
  assert.match(revoked.body, /<h1>Revoked<\/h1>/);
  assert.equal((await app.deps.store.readForUse(id)).isRevoked, true);
});
