import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { revokeGrant } from '../../lambdas/app/revoke-grant.ts';
import { storePeopleWait, storeWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import type { Visitor } from '../../lambdas/app/visitor.ts';
import type { PendingApprovalGrant } from '../../lambdas/core/grant/grant.ts';
import { APPROVAL_USE_SECONDS, SECOND_MS, SWEEP_GRACE_MS } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import { approvalOf, decided, withPeople } from '../support/approval-scene.ts';
import { ALLOWED, CALLER, NOW, REFUSED } from '../support/facts.ts';
import { DORA } from '../support/votes.ts';

/** Who decides or ends signals a workflow, and who stores its token looks: one of the two always finds the other. */
let app: App;
beforeEach(async () => {
  app = await startApp();
  app.policy.answer = withPeople(1);
});
afterEach(() => app.tables.close());

const dora = (): Visitor => ({ ...DORA, authenticatedAt: app.time.now });

const waiting = async (task?: string): Promise<PendingApprovalGrant> => {
  const grant = await app.newGrant(task ?? (await app.newTask()));
  assert.equal(grant.state, 'pending_approval');
  return grant;
};

const decide = async ({ approval }: PendingApprovalGrant, decision: 'approve' | 'deny' = 'approve') => {
  await decided(app, await approvalOf(app, approval), { decision });
};

const storeFor = (grant: PendingApprovalGrant, taskToken: string) =>
  storePeopleWait(app.deps, { grantId: grant.id, taskToken });

/** And forgets them, so that the next look finds what came after it. */
const signals = (): string[] => {
  const sent = app.calls.filter((call) => call.startsWith('endWait'));
  app.calls.length = 0;
  return sent;
};

const sweepNow = async () => {
  const report = await sweep(app.deps, app.context);
  assert.equal(report.failures, 0);
};

const stateOf = async (id: string) => (await app.deps.store.readGrant(id))?.state;

test('a decision after the token was stored is signalled by whoever decides', async () => {
  const grant = await waiting();
  await storeFor(grant, 'token');
  assert.deepEqual(signals(), []);
  await decide(grant);
  assert.deepEqual(signals(), ['endWait token']);
});

test('a decision before the token is stored is signalled by whoever stores it', async () => {
  const grant = await waiting();
  await decide(grant, 'deny');
  await storeFor(grant, 'token');
  assert.deepEqual(signals(), ['endWait token']);
});

test('a decision between the read and the store is signalled', async () => {
  const grant = await waiting();
  const store = {
    ...app.deps.store,
    saveWaitToken: async (id: string, token: string) => {
      await decide(grant);
      await app.deps.store.saveWaitToken(id, token);
    },
  };
  await storePeopleWait({ ...app.deps, store }, { grantId: grant.id, taskToken: 'token' });
  assert.deepEqual(signals(), ['endWait token']);
});

test('a wait whose approval was superseded meanwhile ends, and the next is woken by the new one', async () => {
  const grant = await waiting();
  await decide(grant);
  app.policy.answer = (approvals) => (approvals >= 2 ? ALLOWED : REFUSED);
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'wait');
  const held = await app.deps.store.readGrant(grant.id);
  assert.ok(held?.state === 'pending_approval' && held.approval !== grant.approval);
  const late = { ...app.deps.store, readGrant: async () => grant };
  await storePeopleWait({ ...app.deps, store: late }, { grantId: grant.id, taskToken: 'old' });
  assert.deepEqual(signals(), ['endWait old']);
  await storeFor(held, 'new');
  assert.deepEqual(signals(), []);
  await decide(held, 'deny');
  assert.deepEqual(signals(), ['endWait new']);
});

for (const [when, isStored] of [
  ['before', false],
  ['after', true],
] as const)
  test(`the end of a task ${when} the token of what waits for people was stored is signalled`, async () => {
    const task = await app.newTask();
    const grant = await waiting(task);
    if (isStored) await storeFor(grant, 'token');
    await endTask(app.deps, CALLER, task);
    if (!isStored) await storeFor(grant, 'token');
    assert.deepEqual(signals(), ['endWait token']);
    assert.equal((await app.deps.store.readApproval(grant.approval))?.state, 'cancelled');
  });

test('a signal of a decision that was lost is given again by the sweeper, also after the last moment to decide', async () => {
  const grant = await waiting();
  await storeFor(grant, 'token');
  await sweepNow();
  app.time.now = grant.approveBy - 1;
  await decide(grant);
  signals();
  app.time.now = grant.approveBy + SWEEP_GRACE_MS;
  await sweepNow();
  assert.deepEqual(signals(), ['endWait token']);
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'go');
});

test('while people have time nobody is woken; a wait that began late is woken when their time is over', async () => {
  const grant = await waiting();
  await storeFor(grant, 'token');
  app.time.now = grant.approveBy - 1;
  await sweepNow();
  assert.deepEqual(signals(), []);
  app.time.now = grant.approveBy;
  await sweepNow();
  assert.deepEqual(signals(), ['endWait token']);
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'over');
  assert.equal(await stateOf(grant.id), 'lapsed');
});

test('what no workflow takes lapses with its approval', async () => {
  const grant = await waiting();
  app.time.now = grant.approveBy + APPROVAL_USE_SECONDS * SECOND_MS;
  await sweepNow();
  assert.equal(await stateOf(grant.id), 'lapsed');
  assert.equal((await app.deps.store.readApproval(grant.approval))?.state, 'lapsed');
});

test('an end by the workflow of what still waits for people closes what they are asked', async () => {
  const grant = await waiting();
  await endAccess(app.deps, grant.id, app.context);
  assert.equal(await stateOf(grant.id), 'failed');
  assert.equal((await app.deps.store.readApproval(grant.approval))?.state, 'cancelled');
  assert.equal(await activateGrant(app.deps, grant.id, app.context), undefined);
});

const active = async (): Promise<string> => {
  app.policy.answer = () => ALLOWED;
  return app.newActive(await app.newTask());
};

const revoke = async (grantId: string) =>
  assert.ok((await revokeGrant(app.deps, dora(), { grantId, note: 'wrong table' })).ok);

test('a revocation before the token of the end was stored is signalled by whoever stores it', async () => {
  const id = await active();
  await revoke(id);
  await storeWait(app.deps, { grantId: id, taskToken: 'token' });
  assert.deepEqual(signals(), ['endWait token']);
});

test('a containment before the token of the end was stored is signalled by whoever stores it', async () => {
  const id = await active();
  const contained = { everything: true, principals: [], tasks: [], resources: [] };
  const readForUse = async (grant: string) => ({
    ...(await app.deps.store.readForUse(grant)),
    containment: contained,
  });
  const store = { ...app.deps.store, readForUse };
  await storeWait({ ...app.deps, store }, { grantId: id, taskToken: 'token' });
  assert.deepEqual(signals(), ['endWait token']);
});

test('a revocation whose signal was lost is carried out by the sweeper, long before the window is over', async () => {
  const id = await active();
  await storeWait(app.deps, { grantId: id, taskToken: 'token' });
  const down = async () => {
    throw new Error('states is down');
  };
  const workflow = { ...app.deps.workflow, endWait: down };
  const revoked = await revokeGrant({ ...app.deps, workflow }, dora(), { grantId: id, note: 'wrong table' });
  assert.ok(revoked.ok);
  assert.equal(await stateOf(id), 'active');
  app.time.now = NOW + SWEEP_GRACE_MS;
  await sweepNow();
  const ended = await app.deps.store.readGrant(id);
  assert.equal(ended && 'cause' in ended && ended.cause, 'revoked_by_person');
  assert.deepEqual(signals(), ['endWait token']);
});

test('a revocation that was carried out is not carried out again', async () => {
  const id = await active();
  await revoke(id);
  await endAccess(app.deps, id, app.context);
  const before = await app.deps.store.readGrant(id);
  app.time.now = NOW + SWEEP_GRACE_MS;
  signals();
  await sweepNow();
  assert.deepEqual(await app.deps.store.readGrant(id), before);
  assert.deepEqual(signals(), []);
});

test('a revocation of what waits for people ends it and what they are asked', async () => {
  const grant = await waiting();
  await storeFor(grant, 'token');
  await revoke(grant.id);
  app.time.now = NOW + SWEEP_GRACE_MS;
  await sweepNow();
  assert.equal(await stateOf(grant.id), 'revoked');
  assert.equal((await app.deps.store.readApproval(grant.approval))?.state, 'cancelled');
  assert.ok(signals().includes('endWait token'));
});
