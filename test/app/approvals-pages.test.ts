import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { listInbox } from '../../lambdas/app/list-inbox.ts';
import { type ShowDeps, showApproval } from '../../lambdas/app/show-approval.ts';
import type { Visitor } from '../../lambdas/app/visitor.ts';
import { type App, startApp } from '../support/app.ts';
import {
  decided,
  newRun,
  newWaitingGrant,
  newWaitingRun,
  resetScene,
  SQL,
  withPeople,
} from '../support/approval-scene.ts';
import { ALLOWED, ENTRY, NOW, PRINCIPAL, REFUSED, RESOURCE } from '../support/facts.ts';
import { ALICE, DORA, EVE, LEAD, visitorOf } from '../support/votes.ts';

let app: App;
let deps: ShowDeps;
before(async () => {
  app = await startApp();
  deps = { ...app.deps, rightsLines: (_resource, { rights }) => [`GRANT ${rights}`] };
});
after(() => app.tables.close());
beforeEach(() => resetScene(app));

const STRANGER = visitorOf('fay', ['sales']);

const shown = async (id: string, by: Visitor = DORA) => {
  const page = await showApproval(deps, by, id);
  assert.ok(page.ok, page.ok ? '' : page.failure.code);
  return page.value;
};

test('whoever may neither decide nor review, and has no part in it, is shown nothing', async () => {
  const { approval } = await newWaitingRun(app);
  for (const by of [
    STRANGER,
    visitorOf('dora', ['dba'], { type: 'agent' }),
    visitorOf('dora', ['dba'], { listed: false }),
  ]) {
    const page = await showApproval(deps, by, approval.id);
    assert.ok(!page.ok && page.failure.code === 'not_allowed');
    assert.doesNotMatch(JSON.stringify(page), /canary|customers/);
  }
  const unknown = await showApproval(deps, DORA, `${approval.id.slice(0, -1)}_`);
  assert.ok(!unknown.ok && unknown.failure.code === 'not_found');
});

test('who answers for the agent sees it, and may do nothing', async () => {
  const { approval } = await newWaitingRun(app);
  for (const by of [ALICE, visitorOf('alice', []), visitorOf(PRINCIPAL.subject, [])]) {
    const { may } = await shown(approval.id, by);
    assert.deepEqual([may.approve, may.deny, may.breakGlass, may.review], [false, false, false, false]);
  }
});

test('the statement is shown whole, byte by byte, with all that it is asked with', async () => {
  const { approval } = await newWaitingRun(app);
  const { statements, policies, resource } = await shown(approval.id);
  assert.ok(typeof statements !== 'string');
  assert.deepEqual(
    statements.map(({ sql, params, maxRows }) => ({ sql, params, maxRows })),
    [{ sql: SQL, params: [], maxRows: 100 }],
  );
  assert.deepEqual(policies, approval.askedBy);
  assert.equal(resource?.id, RESOURCE.id);
});

test('a long statement is shown to its last byte', async () => {
  const grantId = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  const sql = `SELECT name FROM customers WHERE name <> '${'x'.repeat(9_000)}' AND id = 4711`;
  const run = await newRun(app, grantId, sql);
  assert.ok(run.state === 'pending_approval');
  const { statements } = await shown(run.approval);
  assert.ok(typeof statements !== 'string' && statements[0]?.sql === sql);
});

test('what was erased is said to be, and nobody may approve it', async () => {
  const { approval, task } = await newWaitingRun(app);
  app.vaulted.keys.set(task, { state: 'erased', erasedAt: NOW });
  const page = await shown(approval.id);
  assert.equal(page.statements, 'erased');
  assert.deepEqual(page.offers, []);
});

test('only what policy lets through is offered', async () => {
  const { approval } = await newWaitingGrant(app);
  const ask = app.deps.policy.ask;
  const actionsOffered = async () => (await shown(approval.id)).offers.map(({ action }) => action);
  assert.deepEqual(await actionsOffered(), ['postgres:connect', 'postgres:write', 'postgres:read']);
  app.deps.policy.ask = ((question: { action: string }) =>
    question.action === 'postgres:write' ? REFUSED : ALLOWED) as unknown as typeof ask;
  assert.deepEqual(await actionsOffered(), ['postgres:connect', 'postgres:read']);
  app.deps.policy.ask = ask;
  app.policy.answer = () => REFUSED;
  assert.deepEqual(await actionsOffered(), []);
});

test('who has voted may still say no; what is decided leaves nothing to do', async () => {
  app.policy.answer = withPeople(2);
  const { approval } = await newWaitingGrant(app);
  await decided(app, approval);
  const mine = (await shown(approval.id)).may;
  assert.deepEqual([mine.approve, mine.deny], [false, true]);
  assert.equal((await shown(approval.id, EVE)).may.approve, true);
  await decided(app, approval, { by: EVE });
  const over = (await shown(approval.id, visitorOf('gwen'))).may;
  assert.deepEqual([over.approve, over.deny, over.breakGlass], [false, false, false]);
});

test('what the same caller was last given of the kind is shown beside it', async () => {
  const first = await newWaitingRun(app);
  await decided(app, first.approval);
  const second = await newWaitingRun(app);
  const { previous } = await shown(second.approval.id);
  assert.equal(previous?.approval.id, first.approval.id);
  assert.deepEqual(previous?.statements, [SQL]);
});

const inboxOf = async (by: Visitor) => {
  const { waiting, reviews } = await listInbox(app.deps, by);
  return { waiting: waiting.map(({ id }) => id), reviews: reviews.map(({ id }) => id) };
};

test('an inbox holds what its person may decide on, and neither their own nor what they have voted on', async () => {
  app.policy.answer = withPeople(2);
  const { approval } = await newWaitingGrant(app);
  assert.ok((await inboxOf(DORA)).waiting.includes(approval.id));
  assert.ok((await inboxOf(LEAD)).waiting.includes(approval.id), 'who may go ahead alone must hear of it');
  for (const by of [ALICE, STRANGER, visitorOf(PRINCIPAL.subject)])
    assert.ok(!(await inboxOf(by)).waiting.includes(approval.id), by.principal.subject);
  await decided(app, approval);
  assert.ok(!(await inboxOf(DORA)).waiting.includes(approval.id));
  assert.ok((await inboxOf(EVE)).waiting.includes(approval.id));
  app.deps.principals = [
    { ...ENTRY, owners: [...ENTRY.owners, { issuer: ENTRY.issuer, subject: 'eve', name: 'Eve' }] },
  ];
  assert.ok(!(await inboxOf(EVE)).waiting.includes(approval.id), 'their own by now');
  app.deps.principals = [ENTRY];
  app.time.now = approval.asked.approveBy;
  assert.ok(!(await inboxOf(EVE)).waiting.includes(approval.id));
});

test('an emergency is in the inbox of whoever may review it, and not of whoever had a part in it', async () => {
  const { approval } = await newWaitingGrant(app);
  await decided(app, approval, { by: LEAD, way: 'break_glass', note: 'fire' });
  assert.ok((await inboxOf(DORA)).reviews.includes(approval.id));
  for (const by of [ALICE, STRANGER, visitorOf('lena', ['dba'])])
    assert.ok(!(await inboxOf(by)).reviews.includes(approval.id));
});
