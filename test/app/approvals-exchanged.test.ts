import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { approvalItem, grantItem, runItem } from '../../lambdas/adapters/dynamo/items.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { requestName } from '../../lambdas/app/run-payload.ts';
import { showApproval } from '../../lambdas/app/show-approval.ts';
import type { Approval } from '../../lambdas/core/approval/approval.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import type { Run } from '../../lambdas/core/run/run.ts';
import { type App, startApp } from '../support/app.ts';
import {
  admit,
  alarmsOf,
  approvalOf,
  decide,
  decided,
  grantOf,
  newWaitingGrant,
  newWaitingRun,
  resetScene,
  runOf,
} from '../support/approval-scene.ts';
import { NOW } from '../support/facts.ts';
import { DORA, LEAD } from '../support/votes.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => resetScene(app));

const execute = (id: string) => executeRun(app.deps, id, app.context);

/** What somebody writes into the table who may write there. */
const tamper = async (thing: { grant: Grant } | { run: Run } | { approval: Approval }): Promise<void> => {
  const Item =
    'grant' in thing
      ? grantItem(thing.grant)
      : 'run' in thing
        ? runItem(thing.run)
        : approvalItem(thing.approval);
  await app.tables.client.send(new PutItemCommand({ TableName: 'Grants', Item }));
};

test('an approval of something else is refused, rings, and is not touched, whatever has become of it', async () => {
  const decisions = { pending: undefined, approved: 'approve', denied: 'deny' } as const;
  for (const [state, decision] of Object.entries(decisions)) {
    const [mine, other] = [await newWaitingGrant(app), await newWaitingGrant(app)];
    const [myRun, otherRun] = [await newWaitingRun(app), await newWaitingRun(app)];
    for (const { approval } of [other, otherRun]) if (decision) await decided(app, approval, { decision });
    app.calls.length = 0;
    await tamper({ grant: { ...mine.grant, approval: other.approval.id } });
    await tamper({ run: { ...myRun.run, approval: otherRun.approval.id } });
    assert.equal(await admit(app, mine.grant.id), 'over', state);
    assert.equal(await admit(app, myRun.run.id), 'over', state);
    const [grant, run] = [await grantOf(app, mine.grant.id), await runOf(app, myRun.run.id)];
    assert.equal('cause' in grant && grant.cause, 'approval_mismatch');
    assert.equal('outcome' in run && run.outcome.code, 'approval_mismatch');
    assert.equal(alarmsOf(app, 'ApprovalMismatch'), 2);
    for (const { approval } of [other, otherRun])
      assert.equal((await approvalOf(app, approval.id)).state, state);
  }
});

test('an approval that was changed in the table gives nothing and rings', async () => {
  const changes: readonly ((approval: Approval) => Approval)[] = [
    (one) => ({ ...one, asked: { ...one.asked, seconds: 3_600 } }),
    (one) => ({ ...one, digest: '0'.repeat(64) }),
    (one) => ('granted' in one ? { ...one, granted: { ...one.granted, seconds: 3_600 } } : one),
  ];
  for (const change of changes) {
    const { grant, approval } = await newWaitingGrant(app);
    await tamper({ approval: change(await decided(app, approval)) });
    app.calls.length = 0;
    assert.equal(await admit(app, grant.id), 'over');
    assert.equal((await grantOf(app, grant.id)).state, 'failed');
    assert.equal(alarmsOf(app, 'ApprovalMismatch'), 1);
  }
});

test('a grant that asks for more than people saw gets nothing', async () => {
  for (const change of [
    { requestedSeconds: 3_600 },
    { reason: 'other' },
    { action: 'postgres:ddl' },
    { profile: 'other' },
  ] as const) {
    const { grant, approval } = await newWaitingGrant(app);
    await decided(app, approval);
    await tamper({ grant: { ...grant, ...change } });
    app.calls.length = 0;
    assert.equal(await admit(app, grant.id), 'over');
    assert.equal(alarmsOf(app, 'ApprovalMismatch'), 1);
  }
});

test('one byte, one parameter or one row more than people saw is not executed, and rings', async () => {
  const payload = { sql: 'SELECT name FROM customers', params: [], maxRows: 100 };
  const changes = [
    { ...payload, sql: 'SELECT name FROM customers ' },
    { ...payload, params: ['x'] },
  ];
  for (const change of changes) {
    const { run, task, approval } = await newWaitingRun(app);
    await decided(app, approval);
    const vault = await app.deps.vaults.open(task);
    app.vaulted.objects.delete([...app.vaulted.objects.keys()].find((path) => path.includes(run.id)) ?? '');
    const { sql, params } = change;
    const { sealedHash } = await vault.put(requestName(run.id), JSON.stringify({ sql, params }));
    await tamper({ run: { ...run, requestHash: sealedHash } });
    await assertNotExecuted(run.id);
  }
  const { run, approval } = await newWaitingRun(app);
  await decided(app, approval);
  await tamper({ run: { ...run, maxRows: run.maxRows + 1 } });
  await assertNotExecuted(run.id);
});

const assertNotExecuted = async (id: string, alarms = 1): Promise<void> => {
  app.calls.length = 0;
  await admit(app, id);
  await execute(id);
  const run = await runOf(app, id);
  assert.equal('outcome' in run && run.outcome.code, 'approval_mismatch');
  assert.equal(app.statements.executed.length, 0);
  assert.equal(alarmsOf(app, 'ApprovalMismatch'), alarms);
};

const exchange = (id: string): void => {
  for (const [path, sealed] of app.vaulted.objects)
    if (path.includes(id)) app.vaulted.objects.set(path, sealed.with(-1, (sealed.at(-1) ?? 0) ^ 1));
};

test('a payload that was exchanged under its hash is not executed, before and after it is taken, and rings', async () => {
  const [before, taken] = [await newWaitingRun(app), await newWaitingRun(app)];
  await decided(app, before.approval);
  exchange(before.run.id);
  assert.equal(await admit(app, before.run.id), 'over');
  await assertNotExecuted(before.run.id, 0);
  assert.equal((await approvalOf(app, before.approval.id)).state, 'approved');
  await decided(app, taken.approval);
  assert.equal(await admit(app, taken.run.id), 'go');
  exchange(taken.run.id);
  await assertNotExecuted(taken.run.id);
});

test('nobody approves what is kept in the place of what they are asked about, nor sees it; anybody may deny it', async () => {
  const other = async ({ run, task }: Awaited<ReturnType<typeof newWaitingRun>>) => {
    const vault = await app.deps.vaults.open(task);
    app.vaulted.objects.delete([...app.vaulted.objects.keys()].find((path) => path.includes(run.id)) ?? '');
    const harmless = JSON.stringify({ sql: 'SELECT 1', params: [] });
    const { sealedHash: requestHash } = await vault.put(requestName(run.id), harmless);
    await tamper({ run: { ...run, requestHash } });
  };
  for (const change of [other, async ({ run }: { run: Run }) => exchange(run.id)]) {
    const scene = await newWaitingRun(app);
    await change(scene);
    const shown = await showApproval({ ...app.deps, rightsLines: () => [] }, DORA, scene.approval.id);
    assert.ok(shown.ok);
    assert.equal(shown.value.statements, 'exchanged');
    app.calls.length = 0;
    for (const way of ['page', 'break_glass'] as const) {
      const said = await decide(app, scene.approval, { by: way === 'page' ? DORA : LEAD, way, note: 'now' });
      assert.equal(!said.ok && said.failure.code, 'changed');
    }
    assert.equal(alarmsOf(app, 'ApprovalMismatch'), 2);
    assert.equal((await decided(app, scene.approval, { decision: 'deny' })).state, 'denied');
  }
});

test('a run that says it has consent, and has no approval that was used, is not executed', async () => {
  const { run, approval } = await newWaitingRun(app);
  const { quorum: _q, approveBy: _a, ...core } = run;
  const consent = { approvals: 5, approverGroups: ['dba'] };
  const queued = { ...core, state: 'queued', startBy: NOW + 60_000, consent } as const;
  await tamper({ run: queued });
  await execute(run.id);
  const first = await runOf(app, run.id);
  assert.equal('outcome' in first && first.outcome.code, 'approval_mismatch', 'nobody has decided');
  await tamper({ run: { ...queued, approval: undefined } });
  await execute(run.id);
  const second = await runOf(app, run.id);
  assert.equal('outcome' in second && second.outcome.code, 'approval_mismatch', 'nobody was asked');
  assert.equal(app.statements.executed.length, 0);
  assert.equal((await approvalOf(app, approval.id)).state, 'pending');
});

test('a run that says nobody has to be asked is held, and people are', async () => {
  const { run } = await newWaitingRun(app);
  const { quorum: _q, approveBy: _a, approval: _b, statementIndex: _s, ...core } = run;
  await tamper({ run: { ...core, state: 'queued', startBy: NOW + 60_000 } });
  assert.equal((await execute(run.id))?.state, 'pending_approval');
  assert.equal(app.statements.executed.length, 0);
});
