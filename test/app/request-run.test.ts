import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { endTask } from '../../lambdas/app/end-task.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { type RequestedRun, requestRun } from '../../lambdas/app/request-run.ts';
import { readAsked } from '../../lambdas/app/run-payload.ts';
import { sweepRun } from '../../lambdas/app/sweep-run.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import {
  APPROVAL_USE_SECONDS,
  CIRCUIT_FAILURES,
  CIRCUIT_OPEN_SECONDS,
  SECOND_MS,
  UNATTENDED_GRANT_MAX_SECONDS,
} from '../../lambdas/core/limits.ts';
import type { Run } from '../../lambdas/core/run/run.ts';
import { type App, startApp } from '../support/app.ts';
import { ALLOWED, CALLER, OTHER_CALLER, REFUSED } from '../support/facts.ts';

let app: App;
let task: string;
let grantId: string;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
/** Nobody proves a death here, so waiting for one must come to its end. */
const passTime = async () => {
  app.time.now += 20_000;
};

beforeEach(async () => {
  app.policy.answer = () => ALLOWED;
  task = await app.newTask();
  grantId = await app.newActive(task, { action: 'postgres:read' });
});

/** Allowed once so many people have approved. */
const withPeople = (quorum: number) => (approvals: number) => (approvals >= quorum ? ALLOWED : REFUSED);

const SQL = "SELECT name FROM customers WHERE name <> 'canary-4711'";

interface Change {
  readonly sql: string;
  readonly params: string[];
  readonly caller: typeof CALLER;
  readonly key: string;
  readonly approvalSeconds: number;
}

const ask = (change: Partial<Change> = {}) => {
  const { sql = SQL, params = [], caller = CALLER, key, approvalSeconds } = change;
  return requestRun(app.deps, caller, {
    grantId,
    request: { sql, params, maxRows: 100, approvalSeconds },
    idempotencyKey: key,
  });
};

const answered = async (change: Parameters<typeof ask>[0] = {}): Promise<RequestedRun> => {
  const asked = await ask(change);
  assert.ok(asked.ok, asked.ok ? '' : asked.failure.code);
  return asked.value;
};

const runOf = async (change: Parameters<typeof ask>[0] = {}): Promise<Run> => {
  const value = await answered(change);
  assert.ok(value.kind === 'run', 'refused');
  return value.run;
};

const codeOf = async (change: Parameters<typeof ask>[0] = {}) => {
  const asked = await ask(change);
  return asked.ok ? undefined : asked.failure.code;
};

const trail = async () => Array.fromAsync(app.deps.store.readChain(grantId));

test('a statement that policy allows is queued, recorded, and only then started', async () => {
  const run = await runOf();
  assert.equal(run.state, 'queued');
  assert.equal(app.calls.at(-1), `startRun ${run.id}`);
  const entry = (await trail()).at(-1);
  assert.equal(entry?.event.type, 'run.requested');
  assert.deepEqual(run.head, { seq: entry?.seq, hash: entry?.hash });
});

test('neither table holds the statement or a constant of it; the vault does, sealed', async () => {
  const run = await runOf();
  const items = JSON.stringify([...(await app.tables.items('grants')), ...(await app.tables.items('audit'))]);
  assert.ok(!items.includes('canary-4711'));
  for (const sealed of app.vaulted.objects.values()) assert.ok(!Buffer.from(sealed).includes('canary'));
  const asked = await readAsked(await app.deps.vaults.find(task), run);
  assert.ok(asked && asked !== 'exchanged' && asked.sql === SQL);
});

test('the chain of the grant is intact with its runs in it', async () => {
  await runOf();
  await answered({ sql: 'SELECT 1; SELECT 2' });
  const grant = await app.deps.store.readGrant(grantId);
  assert.deepEqual(verifyChain(grantId, await trail(), { head: grant?.head, receipts: [] }), []);
});

test('a denied statement is a run in the trail, and is not started', async () => {
  const before = app.calls.length;
  app.policy.answer = () => REFUSED;
  const run = await runOf();
  assert.equal(run.state, 'denied');
  assert.equal(app.calls.length, before);
});

test('what policy gives only with people waits, and only its workflow is started, which asks them', async () => {
  const executed = app.statements.executed.length;
  app.policy.answer = withPeople(2);
  const run = await runOf();
  assert.equal(run.state === 'pending_approval' && run.quorum, 2);
  assert.equal(app.calls.at(-1), `startRun ${run.id}`);
  await executeRun(app.deps, run.id, app.context);
  assert.equal(app.statements.executed.length, executed);
});

test('what nobody approves lapses when its time is over: recorded, and never executed', async () => {
  grantId = await app.newActive(task, {
    action: 'postgres:read',
    durationSeconds: UNATTENDED_GRANT_MAX_SECONDS,
  });
  app.policy.answer = withPeople(1);
  const executed = app.statements.executed.length;
  const { id } = await runOf({ approvalSeconds: 60 });
  await sweepRun(app.deps, id, app.context);
  assert.equal((await app.deps.store.readRun(id))?.state, 'pending_approval');
  app.time.now += (60 + APPROVAL_USE_SECONDS) * 1_000;
  await sweepRun(app.deps, id, app.context);
  const lapsed = await app.deps.store.readRun(id);
  assert.ok(lapsed?.state === 'lapsed' && lapsed.outcome.code === 'nobody_approved');
  assert.equal((await app.deps.store.readApproval(lapsed.approval ?? ''))?.state, 'lapsed');
  const last = (await trail()).at(-1)?.event;
  assert.ok(last?.type === 'run.ended' && last.run === id && last.code === 'nobody_approved');
  await executeRun(app.deps, id, app.context);
  assert.equal(app.statements.executed.length, executed);
});

test('a statement that is refused by its form is in the trail without its text', async () => {
  const value = await answered({ sql: 'SELECT canary; SELECT canary' });
  assert.ok(value.kind === 'refused');
  assert.deepEqual(Object.keys(value.refusal).toSorted(), ['part', 'reason']);
  const entry = (await trail()).at(-1);
  assert.equal(entry?.event.type, 'run.refused');
  assert.ok(!JSON.stringify(entry).includes('canary'));
});

test('a statement of another class than the grant is for is refused', async () => {
  const value = await answered({ sql: 'DELETE FROM customers WHERE id = 1' });
  assert.match(value.kind === 'refused' ? value.refusal.reason : '', /postgres:write/);
});

test('as many parameters as the statement has, no more and no fewer', async () => {
  const sql = 'SELECT name FROM customers WHERE name = $1';
  assert.equal((await answered({ sql })).kind, 'refused');
  assert.equal((await answered({ sql, params: ['a', 'b'] })).kind, 'refused');
  assert.equal((await answered({ sql, params: ['a'] })).kind, 'run');
});

test('a write that would store a mask back is refused, in its text and in its parameters', async () => {
  grantId = await app.newActive(task, { action: 'postgres:write' });
  const masked = "UPDATE customers SET name = '[masked:email]' WHERE id = 1";
  assert.equal((await answered({ sql: masked })).kind, 'refused');
  const sql = 'UPDATE customers SET name = $1 WHERE id = 1';
  assert.equal((await answered({ sql, params: ['[masked:card …4242]'] })).kind, 'refused');
  assert.equal((await answered({ sql, params: ['Ada'] })).kind, 'run');
});

test('somebody else’s grant looks like none', async () => {
  assert.equal(await codeOf({ caller: OTHER_CALLER }), 'not_found');
});

test('a grant that hands out credentials runs nothing, and one that runs hands out none', async () => {
  const vended = await vendCredential(app.deps, CALLER, { grantId });
  assert.equal(vended.ok ? '' : vended.failure.code, 'not_vended');
  grantId = await app.newActive(task);
  assert.equal(await codeOf(), 'not_a_run');
});

test('after the end of its task nothing runs', async () => {
  await endTask({ ...app.deps, sleep: passTime }, CALLER, task);
  assert.equal(await codeOf(), 'grant_over');
});

test('the same key and statement is the same run; another statement is a mismatch', async () => {
  const first = await runOf({ key: 'k1' });
  await executeRun(app.deps, first.id, app.context);
  const again = await runOf({ key: 'k1' });
  assert.equal(again.id, first.id);
  assert.equal(again.state, 'succeeded');
  assert.equal(await codeOf({ key: 'k1', sql: 'SELECT 2' }), 'idempotency_mismatch');
});

test('a key leads to no run of another grant, also when both ask at once', async () => {
  const request = { sql: SQL, params: [], maxRows: 100 };
  const under = async (grant: string, idempotencyKey: string) => {
    const asked = await requestRun(app.deps, CALLER, { grantId: grant, request, idempotencyKey });
    return asked.ok ? asked.value.kind : asked.failure.code;
  };
  const other = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  assert.equal(await under(grantId, 'k3'), 'run');
  assert.equal(await under(other, 'k3'), 'idempotency_mismatch');
  const both = await Promise.all([under(grantId, 'k4'), under(other, 'k4')]);
  assert.deepEqual(both.toSorted(), ['idempotency_mismatch', 'run']);
});

test('two at once under one key make one run', async () => {
  const runs = await Promise.all(['a', 'b', 'c'].map(() => runOf({ key: 'k2' })));
  assert.equal(new Set(runs.map(({ id }) => id)).size, 1);
});

test('failures in a row open the circuit, and after a pause one may try', async () => {
  for (let count = 0; count < CIRCUIT_FAILURES; count += 1) await answered({ sql: 'SELECT 1; SELECT 2' });
  assert.equal(await codeOf(), 'circuit_open');
  app.time.now += CIRCUIT_OPEN_SECONDS * SECOND_MS;
  assert.equal(await codeOf(), undefined);
});

test('a success closes the circuit', async () => {
  for (let count = 1; count < CIRCUIT_FAILURES; count += 1) await answered({ sql: 'SELECT 1; SELECT 2' });
  await executeRun(app.deps, (await runOf()).id, app.context);
  await answered({ sql: 'SELECT 1; SELECT 2' });
  assert.equal(await codeOf(), undefined);
});
