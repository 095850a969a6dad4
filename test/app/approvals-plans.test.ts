import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Caller } from '../../lambdas/app/caller.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { endOwnPlan } from '../../lambdas/app/own-plan.ts';
import { type PlanAsk, requestPlan } from '../../lambdas/app/request-plan.ts';
import { type RunAsk, requestRun } from '../../lambdas/app/request-run.ts';
import type { Approval } from '../../lambdas/core/approval/approval.ts';
import { planOfApproval } from '../../lambdas/core/grant/ids.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { TASK_BUDGET } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import {
  alarmsOf,
  approvalOf,
  countIn,
  decided,
  eventsIn,
  resetScene,
  runOf,
  SQL,
  withPeople,
} from '../support/approval-scene.ts';
import { contained, tryToLift } from '../support/containment-scene.ts';
import { ALLOWED, CALLER, NOW, REFUSED } from '../support/facts.ts';
import { DORA, EVE, LEAD, visitorOf } from '../support/votes.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => resetScene(app));

const ONE = { sql: SQL, params: [], maxRows: 100, times: 1 };
const OTHER = { ...ONE, sql: 'SELECT id FROM customers' };

interface Asking extends Partial<PlanAsk> {
  readonly by?: Caller;
  readonly key?: string;
}

const ask = (grantId: string, { by = CALLER, key, ...change }: Asking = {}) =>
  requestPlan(app.deps, by, {
    request: { grantId, reason: 'month end', statements: [ONE, OTHER], durationSeconds: 600, ...change },
    idempotencyKey: key,
  });

const newPlan = async (grantId: string, change: Asking = {}): Promise<Approval> => {
  const asked = await ask(grantId, change);
  assert.ok(asked.ok, asked.ok ? '' : asked.failure.code);
  return asked.value.approval;
};

const newGrant = async (): Promise<string> => app.newActive(await app.newTask(), { action: 'postgres:read' });

const newApproved = async (change: Asking = {}) => {
  const grantId = await newGrant();
  const approval = await newPlan(grantId, change);
  await decided(app, approval);
  return { grantId, approval };
};

interface Using extends Partial<RunAsk['request']> {
  readonly by?: Caller;
  readonly key?: string;
}

/** What comes of one statement that names the plan: the run, or why there is none. */
const use = async (
  grantId: string,
  { id }: Pick<Approval, 'id'>,
  { by = CALLER, key, ...change }: Using = {},
) => {
  const request = { sql: SQL, params: [], maxRows: 100, plan: planOfApproval(id), ...change };
  const asked = await requestRun(app.deps, by, { grantId, request, idempotencyKey: key });
  if (asked.ok) return asked.value.kind === 'run' ? asked.value.run.id : 'refused';
  return 'why' in asked.failure ? asked.failure.why : asked.failure.code;
};

const isRun = (answer: string): boolean => answer.startsWith('r_');
const execute = (id: string) => executeRun(app.deps, id, app.context);

const usesOf = async ({ id }: Pick<Approval, 'id'>): Promise<readonly number[] | undefined> => {
  const approval = await approvalOf(app, id);
  return 'uses' in approval ? approval.uses : undefined;
};

test('a plan of three runs exactly three times, however many ask at once', async () => {
  const { grantId, approval } = await newApproved({ statements: [{ ...ONE, times: 3 }] });
  const answers: string[] = [];
  for (let round = 0; round < 6; round += 1)
    answers.push(
      ...(await Promise.all(
        Array.from({ length: 8 }, () => use(grantId, approval).catch(() => 'not decided')),
      )),
    );
  assert.equal(answers.filter(isRun).length, 3);
  assert.deepEqual(await usesOf(approval), [3]);
  assert.equal(await countIn(app, approval.id, 'approval.used'), 3);
  assert.equal(await use(grantId, approval), 'spent');
});

test('a plan gives nothing any more while whoever approved it is contained', async () => {
  const { grantId, approval } = await newApproved({ statements: [{ ...ONE, times: 2 }] });
  assert.ok(isRun(await use(grantId, approval)));
  const { id } = await contained(app, { kind: 'principal', key: principalKey(DORA.principal) }, EVE);
  assert.equal(await use(grantId, approval), 'changed');
  assert.ok((await tryToLift(app, id, visitorOf('frank'))).ok);
  assert.ok(isRun(await use(grantId, approval)));
});

test('the same statement twice in a plan may run as often as both say, and no more', async () => {
  const { grantId, approval } = await newApproved({ statements: [ONE, { ...ONE, times: 2 }] });
  for (let turn = 0; turn < 3; turn += 1) assert.ok(isRun(await use(grantId, approval)));
  assert.equal(await use(grantId, approval), 'spent');
  assert.deepEqual(await usesOf(approval), [1, 2]);
  const used = (await eventsIn(app, approval.id)).flatMap((one) =>
    one.type === 'approval.used' ? [one.statement] : [],
  );
  assert.deepEqual(used, [0, 1, 1]);
});

test('one byte, one row, one parameter or another normal form is another statement', async () => {
  const sql = "SELECT id FROM customers WHERE name = 'caf\u00e9' AND id = $1";
  const { grantId, approval } = await newApproved({ statements: [{ ...ONE, sql, params: ['1'] }] });
  const same = { sql, params: ['1'] };
  for (const change of [
    { ...same, sql: `${sql} ` },
    { ...same, sql: sql.normalize('NFD') },
    { ...same, sql: sql.replace('SELECT', 'select') },
    { ...same, params: ['1 '] },
    { ...same, params: [null] },
    { ...same, maxRows: 101 },
  ])
    assert.equal(await use(grantId, approval, change), 'statement', JSON.stringify(change));
  assert.ok(isRun(await use(grantId, approval, same)));
});

test('a plan is of one grant and one caller', async () => {
  const { grantId, approval } = await newApproved();
  const task = (await approvalOf(app, approval.id)).asked.task;
  const sibling = await app.newActive(task, { action: 'postgres:read' });
  const stranger = { ...CALLER, principal: { ...CALLER.principal, subject: 'stranger' } };
  assert.equal(await use(sibling, approval), 'unknown');
  assert.equal(await use(await newGrant(), approval), 'unknown');
  assert.equal(await use(grantId, approval, { by: stranger }), 'not_found');
  assert.equal(
    await use(grantId, { id: approval.id.replace(/.$/, (last) => (last === 'z' ? 'y' : 'z')) }),
    'unknown',
  );
  assert.deepEqual(await usesOf(approval), [0, 0]);
});

test('a repeated request uses nothing again, and its key is of no other', async () => {
  const { grantId, approval } = await newApproved({ statements: [{ ...ONE, times: 3 }, OTHER] });
  const first = await use(grantId, approval, { key: 'k' });
  assert.ok(isRun(first));
  assert.equal(await use(grantId, approval, { key: 'k' }), first);
  assert.equal(await use(grantId, approval, { key: 'k', sql: OTHER.sql }), 'idempotency_mismatch');
  assert.equal(await use(grantId, approval, { key: 'k', plan: undefined }), 'idempotency_mismatch');
  assert.deepEqual(await usesOf(approval), [1, 0]);
  const made = await newPlan(grantId, { key: 'p' });
  assert.equal((await newPlan(grantId, { key: 'p' })).id, made.id);
  const other = await ask(grantId, { key: 'p', reason: 'another' });
  assert.equal(!other.ok && other.failure.code, 'idempotency_mismatch');
});

test('nothing runs of a plan that waits, was denied, was withdrawn or is over', async () => {
  const grantId = await newGrant();
  const waiting = await newPlan(grantId);
  assert.equal(await use(grantId, waiting), 'pending');
  await decided(app, waiting, { decision: 'deny' });
  assert.equal(await use(grantId, waiting), 'over');
  const ended = await newPlan(grantId);
  await decided(app, ended);
  const run = await use(grantId, ended);
  await endOwnPlan(app.deps, CALLER, planOfApproval(ended.id));
  assert.equal(await use(grantId, ended), 'over');
  const settled = await execute(run);
  assert.equal(settled && 'outcome' in settled && settled.outcome.code, 'approval_over');
  assert.equal(app.statements.executed.length, 0);
  const short = await newPlan(grantId, { durationSeconds: 60 });
  await decided(app, short);
  app.time.now = NOW + 60_000;
  assert.equal(await use(grantId, short), 'over');
});

test('a plan that is withdrawn while the target waits for its locks executes nothing any more', async () => {
  const { grantId, approval } = await newApproved();
  const run = await use(grantId, approval);
  const { statements } = app.deps;
  const slow: typeof statements = {
    async execute(asked) {
      await endOwnPlan(app.deps, CALLER, planOfApproval(approval.id));
      return statements.execute(asked);
    },
  };
  const settled = await executeRun({ ...app.deps, statements: slow }, run, app.context);
  assert.equal(settled && 'outcome' in settled && settled.outcome.code, 'approval_over');
  assert.equal(app.statements.executed.length, 0);
});

test('a plan never outlives its grant', async () => {
  const { grantId, approval } = await newApproved({ durationSeconds: 3_600 });
  const grant = await app.deps.store.readGrant(grantId);
  assert.ok(grant?.state === 'active');
  assert.equal(approval.asked.planUntil, grant.expiresAt);
  assert.ok(approval.asked.approveBy <= grant.expiresAt);
});

test('policy of now decides on each statement: more people, or none at all, and nothing runs', async () => {
  const { grantId, approval } = await newApproved();
  app.policy.answer = withPeople(2);
  assert.equal(await use(grantId, approval), 'changed');
  app.policy.answer = () => REFUSED;
  assert.equal(await use(grantId, approval), 'changed');
  assert.deepEqual(await usesOf(approval), [0, 0]);
});

test('a plan takes the people of the statement that takes most of them', async () => {
  app.deps.policy.ask = ({ context }) =>
    context.approvals >= (JSON.stringify(context).includes('"name"') ? 2 : 1) ? ALLOWED : REFUSED;
  const grantId = await newGrant();
  const approval = await newPlan(grantId);
  assert.equal(approval.quorum, 2);
  assert.equal((await decided(app, approval)).state, 'pending');
  assert.equal((await decided(app, approval, { by: EVE })).state, 'approved');
});

test('whoever approved a plan does not use it through the agent: they are not a second pair of eyes', async () => {
  const { grantId, approval } = await newApproved();
  const { issuer, subject } = DORA.principal;
  const by = { ...CALLER, principal: { ...CALLER.principal, delegation: [{ issuer, subject }] } };
  assert.equal(await use(grantId, approval, { by }), 'changed');
  assert.ok(isRun(await use(grantId, approval)));
});

test('an emergency approves a plan alone, leaves a review, and lifts no prohibition', async () => {
  const grantId = await newGrant();
  const approval = await newPlan(grantId);
  const done = await decided(app, approval, { by: LEAD, way: 'break_glass', note: 'the shop is down' });
  assert.deepEqual('review' in done && done.review, { state: 'open' });
  assert.ok(isRun(await use(grantId, approval)));
  app.policy.answer = () => REFUSED;
  assert.equal(await use(grantId, approval, { sql: OTHER.sql }), 'changed');
});

test('asking people for plans is within the budget of runs, so nobody is asked without an end', async () => {
  const grantId = await newGrant();
  const { budgets: before } = await readBudgets(grantId);
  await newPlan(grantId);
  assert.equal((await readBudgets(grantId)).budgets.task.runs, before.task.runs + 1);
  const { readForRun } = app.deps.store;
  app.deps.store = {
    ...app.deps.store,
    readForRun: async (what) => {
      const read = await readForRun(what);
      return {
        ...read,
        budgets: { ...read.budgets, task: { ...read.budgets.task, runs: TASK_BUDGET.runs } },
      };
    },
  };
  const asked = await ask(grantId);
  app.deps.store = { ...app.deps.store, readForRun };
  assert.equal(!asked.ok && asked.failure.code, 'budget_spent');
});

const readBudgets = (grantId: string) =>
  app.deps.store.readForRun({
    grantId,
    principalKey: '0'.repeat(32),
    idempotencyKey: undefined,
    at: app.time.now,
  });

test('a run of a plan whose payload was exchanged under its hash is not executed, and rings', async () => {
  const { grantId, approval } = await newApproved();
  const id = await use(grantId, approval);
  for (const [path, sealed] of app.vaulted.objects)
    if (path.includes(id)) app.vaulted.objects.set(path, sealed.with(-1, (sealed.at(-1) ?? 0) ^ 1));
  await execute(id);
  const run = await runOf(app, id);
  assert.equal('outcome' in run && run.outcome.code, 'approval_mismatch');
  assert.equal(alarmsOf(app, 'ApprovalMismatch'), 1);
  assert.equal(app.statements.executed.length, 0);
});
