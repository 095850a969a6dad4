import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { listLiveGrants } from '../../lambdas/app/list-live-grants.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import { revokeGrant } from '../../lambdas/app/revoke-grant.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import type { Visitor } from '../../lambdas/app/visitor.ts';
import { systemChain } from '../../lambdas/core/audit/system-chain.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { NOTE_MAX_CHARACTERS } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import {
  alarmsOf,
  approvalOf,
  decide,
  grantOf,
  newRun,
  newWaitingGrant,
  resetScene,
  runOf,
  withPeople,
} from '../support/approval-scene.ts';
import { ALLOWED, CALLER, NOW } from '../support/facts.ts';
import { ALICE, DORA, LEAD, visitorOf } from '../support/votes.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  resetScene(app);
  app.policy.answer = () => ALLOWED;
});

const revoke = async (grantId: string, by: Visitor = DORA, note = 'looks wrong'): Promise<string> => {
  const revoked = await revokeGrant(
    app.deps,
    { ...by, authenticatedAt: by.authenticatedAt },
    { grantId, note },
  );
  return revoked.ok ? 'revoked' : revoked.failure.code;
};

test('from a revocation on every use is refused, though nobody has written the end yet', async () => {
  const task = await app.newTask();
  const login = await app.newActive(task);
  const runs = await app.newActive(task, { action: 'postgres:read' });
  const queued = await newRun(app, runs);
  const preparing = await app.newGrant(task);
  for (const id of [login, runs, preparing.id]) assert.equal(await revoke(id), 'revoked');
  const vended = await vendCredential(app.deps, CALLER, { grantId: login });
  assert.ok(!vended.ok && vended.failure.code === 'grant_over');
  const request = { sql: 'SELECT 1', params: [], maxRows: 1 };
  const asked = await requestRun(app.deps, CALLER, { grantId: runs, request, idempotencyKey: undefined });
  assert.ok(!asked.ok && asked.failure.code === 'grant_over');
  await executeRun(app.deps, queued.id, app.context);
  const run = await runOf(app, queued.id);
  assert.equal('outcome' in run && run.outcome.code, 'grant_over');
  assert.equal(app.statements.executed.length, 0);
  assert.equal(await activateGrant(app.deps, preparing.id, app.context), undefined);
  assert.equal((await grantOf(app, login)).state, 'active');
  assert.ok(!app.roles.has(preparing.id));
});

test('what a person has revoked ends as that, and is proved dead', async () => {
  const id = await app.newActive(await app.newTask());
  await app.deps.store.saveWaitToken(id, 'the-token');
  await revoke(id);
  assert.ok(app.calls.includes('endWait the-token'));
  await endAccess(app.deps, id, app.context);
  const ended = await grantOf(app, id);
  assert.ok('ending' in ended && ended.ending.status === 'dead');
  assert.deepEqual([ended.state, ended.cause], ['revoked', 'revoked_by_person']);
  assert.ok(!app.roles.has(id));
});

test('revoking twice changes nothing; what is over cannot be revoked', async () => {
  const id = await app.newActive(await app.newTask());
  assert.deepEqual([await revoke(id), await revoke(id)], ['revoked', 'revoked']);
  await endAccess(app.deps, id, app.context);
  assert.equal(await revoke(id), 'over');
});

test('whoever policy names and whoever answers for the agent may revoke, and nobody else', async () => {
  const task = await app.newTask();
  for (const by of [DORA, visitorOf('alice', [])])
    assert.equal(await revoke(await app.newActive(task), by), 'revoked');
  const id = await app.newActive(task);
  app.calls.length = 0;
  assert.equal(await revoke(id, visitorOf('fay', ['sales'])), 'not_allowed');
  assert.equal(await revoke(id, LEAD), 'not_allowed');
  assert.equal(await revoke(id, visitorOf('dora', ['dba'], { type: 'agent' })), 'not_a_person');
  assert.equal(await revoke(id, { ...DORA, authenticatedAt: NOW - 300_001 }), 'sign_in_again');
  assert.equal(await revoke(id, { ...DORA, authenticatedAt: Number.NaN }), 'sign_in_again');
  assert.equal(await revoke(id, DORA, ' '), 'reason_missing');
  assert.equal(await revoke(id, DORA, 'x'.repeat(NOTE_MAX_CHARACTERS + 1)), 'too_long');
  assert.equal(alarmsOf(app, 'DecisionRefused'), 7);
  const vended = await vendCredential(app.deps, CALLER, { grantId: id });
  assert.ok(vended.ok);
});

test('who has ended what, and why, is in the trail; so is who was refused', async () => {
  const id = await app.newActive(await app.newTask());
  const by = visitorOf('gwen');
  await revoke(id, by, 'the crew is confused');
  await revoke(id, visitorOf('gwen', ['sales']));
  const chain = systemChain('requests', principalKey(by.principal), NOW);
  const events = (await Array.fromAsync(app.deps.store.readChain(chain)))
    .map(({ event }) => event)
    .filter(({ actor }) => actor.kind === 'principal' && actor.subject === 'gwen');
  assert.deepEqual(
    events.map(({ type }) => type),
    ['grant.revocation', 'decision.refused'],
  );
  assert.ok(events[0]?.type === 'grant.revocation' && events[0].note === 'the crew is confused');
});

test('what still waits for people can be revoked: nobody decides on it, and who is woken ends it', async () => {
  app.policy.answer = withPeople(1);
  const { grant, approval } = await newWaitingGrant(app);
  await app.deps.store.saveWaitToken(approval.id, 'people-token');
  assert.equal(await revoke(grant.id, ALICE), 'revoked');
  assert.ok(app.calls.includes('endWait people-token'));
  const answer = await decide(app, approval);
  assert.ok(!answer.ok && answer.failure.code === 'over');
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'over');
  const ended = await grantOf(app, grant.id);
  assert.ok('cause' in ended && ended.cause === 'revoked_by_person');
  assert.equal((await approvalOf(app, approval.id)).state, 'cancelled');
});

test('what was approved and then revoked gives nothing', async () => {
  app.policy.answer = withPeople(1);
  const { grant, approval } = await newWaitingGrant(app);
  await decide(app, approval);
  await revoke(grant.id);
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'over');
  assert.equal((await approvalOf(app, approval.id)).state, 'cancelled');
  assert.equal((await grantOf(app, grant.id)).state, 'revoked');
});

test('the page of live access shows what this person may end, and no more', async () => {
  const task = await app.newTask();
  const id = await app.newActive(task);
  const over = await app.newActive(task);
  await endAccess(app.deps, over, app.context);
  app.policy.answer = withPeople(1);
  const waiting = await app.newGrant(task);
  const seenBy = async (by: Visitor) => (await listLiveGrants(app.deps, by)).map(({ id }) => id);
  for (const by of [DORA, visitorOf('alice', [])]) {
    const seen = await seenBy(by);
    assert.ok(seen.includes(id) && !seen.includes(over) && !seen.includes(waiting.id));
  }
  for (const by of [LEAD, visitorOf('fay', ['sales']), visitorOf('dora', ['dba'], { type: 'agent' })])
    assert.deepEqual(await seenBy(by), []);
});
