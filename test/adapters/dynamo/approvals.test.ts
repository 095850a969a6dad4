import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { systemContext } from '../../../lambdas/app/caller.ts';
import type { Commit } from '../../../lambdas/app/ports.ts';
import { record } from '../../../lambdas/app/record.ts';
import type { Approval } from '../../../lambdas/core/approval/approval.ts';
import { castVote } from '../../../lambdas/core/approval/cast-vote.ts';
import { type App, startApp } from '../../support/app.ts';
import {
  approvalOf,
  type GrantScene,
  newWaitingGrant,
  newWaitingRun,
  type RunScene,
  withPeople,
} from '../../support/approval-scene.ts';
import { NOW, SOFTWARE } from '../../support/facts.ts';
import { DORA, EVE, enough, voteOf } from '../../support/votes.ts';

let app: App;
let ofGrant: GrantScene;
let ofRun: RunScene;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(async () => {
  app.policy.answer = withPeople(1);
  ofGrant = await newWaitingGrant(app);
  ofRun = await newWaitingRun(app);
});

/** One person's word, written under nothing but this condition. */
const commitVote = (approval: Approval, condition: Partial<Commit>, by = DORA) => {
  const { action, seconds } = approval.asked;
  const vote = voteOf(by, { granted: { action, seconds }, note: by.principal.name });
  const cast = castVote(approval, { vote, digest: approval.digest }, { now: NOW, isEnough: enough(1) });
  assert.ok(cast.ok && 'next' in cast.value);
  const context = systemContext({ requestId: 'r', invocationId: 'i' }, SOFTWARE);
  const { state, entry } = record<Approval>(cast.value, context, NOW);
  return app.deps.store.commit({ approvals: [state], entries: [entry], ...condition });
};

test('a decision is written while its grant waits for exactly this approval, and not otherwise', async () => {
  const { grant, approval } = ofGrant;
  const waits = { kind: 'grant', id: grant.id, approval: approval.id } as const;
  for (const change of [
    { approval: ofRun.approval.id },
    { id: ofRun.grantId },
    { id: `${grant.id.slice(0, -1)}u` },
  ])
    assert.equal(await commitVote(approval, { waits: { ...waits, ...change } }), 'lost');
  assert.equal((await approvalOf(app, approval.id)).version, 1);
  assert.equal(await commitVote(approval, { waits }), 'committed');
});

test('a decision is written while its run waits for exactly this approval, and not otherwise', async () => {
  const { run, approval } = ofRun;
  const waits = { kind: 'run', id: run.id, approval: approval.id } as const;
  assert.equal(await commitVote(approval, { waits: { ...waits, approval: ofGrant.approval.id } }), 'lost');
  assert.equal(await commitVote(approval, { waits }), 'committed');
});

test('a decision about a run is written while its grant is active, by the clock', async () => {
  const { grantId, approval } = ofRun;
  const grant = await app.deps.store.readGrant(grantId);
  assert.ok(grant?.state === 'active');
  assert.equal(await commitVote(approval, { liveGrant: { id: grantId, at: grant.expiresAt } }), 'lost');
  assert.equal(await commitVote(approval, { liveGrant: { id: ofGrant.grant.id, at: NOW } }), 'lost');
  assert.equal(await commitVote(approval, { liveGrant: { id: grantId, at: NOW } }), 'committed');
});

test('of two decisions on the same version one is written, and nothing of the other', async () => {
  const { approval } = ofGrant;
  const last = { principalKey: 'somebody', resource: 'orders-db', action: 'postgres:connect' };
  assert.equal(await commitVote(approval, {}), 'committed');
  const other = { lastApproved: { ...last, approval: approval.id } };
  assert.equal(await commitVote(approval, other, EVE), 'lost');
  assert.equal(await app.deps.store.readLastApproved(last), undefined);
});
