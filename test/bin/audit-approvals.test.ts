import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { after, before, test } from 'node:test';
import { exportTrail } from '../../bin/audit-export.ts';
import { scenesOf } from '../../bin/audit-replay.ts';
import { replay } from '../../bin/replay-task.ts';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { admitRun } from '../../lambdas/app/admit-run.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { inspectRun } from '../../lambdas/app/inspect-run.ts';
import { requestPlan } from '../../lambdas/app/request-plan.ts';
import { digestOf } from '../../lambdas/core/approval/digest.ts';
import { verifyExport } from '../../lambdas/core/audit/audit-export.ts';
import { type App, startApp } from '../support/app.ts';
import { approvalOf, decided, newRun, SQL, withPeople } from '../support/approval-scene.ts';
import { ALLOWED, CALLER, NOW } from '../support/facts.ts';
import { DORA, EVE, LEAD, SAMPLE_PEOPLE } from '../support/votes.ts';

let app: App;
let task: string;
const approvals: string[] = [];

/** One task: a login that two people give for less, a statement asked about twice, one that is denied, and an emergency. */
before(async () => {
  app = await startApp();
  app.policy.person = SAMPLE_PEOPLE;
  task = await app.newTask();
  app.policy.answer = withPeople(2);
  const login = await app.newGrant(task);
  const asked = await approvalOf(app, login.approval);
  await decided(app, asked, { by: DORA, note: 'only to read \u001b[2J' });
  await decided(app, asked, { by: EVE, granted: { action: 'postgres:read', seconds: 300 } });
  await admitGrant(app.deps, login.id, app.context);
  app.policy.answer = () => ALLOWED;
  const runs = await app.newActive(task, { action: 'postgres:read' });
  app.policy.answer = withPeople(1);
  const run = await newRun(app, runs);
  await inspectRun(app.deps, run.id, app.context);
  const first = await approvalOf(app, run.approval);
  await decided(app, first);
  app.policy.answer = withPeople(2);
  await admitRun(app.deps, run.id, app.context);
  const second = await approvalOf(app, (await app.deps.store.readRun(run.id))?.approval);
  await decided(app, second, { by: LEAD, way: 'break_glass', note: 'the shop is down' });
  await admitRun(app.deps, run.id, app.context);
  await executeRun(app.deps, run.id, app.context);
  app.policy.answer = withPeople(1);
  const denied = await approvalOf(app, (await newRun(app, runs)).approval);
  await decided(app, denied, { decision: 'deny', note: 'not today' });
  const plan = await requestPlan(app.deps, CALLER, {
    request: {
      grantId: runs,
      reason: 'month end',
      statements: [{ sql: SQL, params: [], maxRows: 1, times: 2 }],
      durationSeconds: 60,
    },
    idempotencyKey: undefined,
  });
  assert.ok(plan.ok);
  approvals.push(...[asked, first, second, denied, plan.value.approval].map(({ id }) => id));
});
after(() => app.tables.close());

test('an export holds the chains of approvals with their heads, and verifies', async () => {
  const source = { client: app.tables.client, grantsTable: 'Grants', auditTable: 'Audit', chains: undefined };
  const lines = await Array.fromAsync(exportTrail(source, new Date(NOW)));
  const heads = lines.flatMap((line) => (line.type === 'head' ? [line.chain] : []));
  for (const id of approvals) assert.ok(heads.includes(id), id);
  const text = lines.map((line) => JSON.stringify(line));
  assert.deepEqual(verifyExport(text, []).flaws, []);
  const votes = text.filter((line) => line.includes('approval.voted'));
  assert.ok(votes.length >= 5);
  const cut = text.filter((line) => line !== votes.at(-1));
  assert.notDeepEqual(verifyExport(cut, []).flaws, [], 'a vote that was cut out is missed');
  const headless = text.filter((line) => !(line.includes('"head"') && line.includes(approvals[0] ?? '')));
  assert.notDeepEqual(verifyExport(headless, []).flaws, [], 'a head that is missing is missed');
});

test('whoever has the export alone makes each digest again, and finds it in every word and use', async () => {
  const source = { client: app.tables.client, grantsTable: 'Grants', auditTable: 'Audit', chains: approvals };
  const lines = await Array.fromAsync(exportTrail(source, new Date(NOW)));
  const events = lines.flatMap((line) => (line.type === 'entry' ? [line.event] : []));
  const digests = new Map(
    events.flatMap((one) => (one.type === 'approval.requested' ? [[one.approval, digestOf(one.asked)]] : [])),
  );
  assert.deepEqual([...digests.keys()].sort(), approvals.toSorted());
  for (const event of events)
    if ('digest' in event && 'approval' in event) assert.equal(event.digest, digests.get(event.approval));
});

test('the replay of a task shows what people were asked and said, in its place', async () => {
  const scenes = await scenesOf({ store: app.deps.store, vaults: app.deps.vaults }, task);
  const chains = new Set(scenes.map(({ entry }) => entry.chain));
  for (const id of approvals) assert.ok(chains.has(id), id);
  const output = new PassThrough();
  await replay(
    output,
    { task, speed: undefined, pauses: true, json: false },
    { store: app.deps.store, vaults: app.deps.vaults },
  );
  output.end();
  const told = await text(output);
  for (const says of [
    /2 people are asked about the grant/,
    /asks people about a plan/,
    /one person is asked about the plan/,
    /dora approves, and more people are needed/,
    /says: only to read/,
    /gives postgres:read for 300 s/,
    /people have approved the grant/,
    /given: postgres:read for 300 s, by 2 people/,
    /the target says what the statements would do/,
    /the approval is superseded/,
    /lena goes ahead alone in an emergency/,
    /what people approved is used up/,
    /people have approved the statement/,
    /dora denies/,
    /says: not today/,
  ])
    assert.match(told, says);
  assert.doesNotMatch(told, /: approval\./, 'every event of people is told in words');
  assert.doesNotMatch(told.replaceAll('\n', ''), /[\p{Cc}\p{Cf}]/u);
});
