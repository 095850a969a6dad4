import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { readRun } from '../../lambdas/app/read-run.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { sweepRun } from '../../lambdas/app/sweep-run.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { RUN_MAX_SECONDS, RUN_SETTLE_MARGIN_SECONDS, SECOND_MS } from '../../lambdas/core/limits.ts';
import type { SensitiveColumn } from '../../lambdas/core/masking/mask.ts';
import type { SettledRun } from '../../lambdas/core/run/run.ts';
import { isSettled } from '../../lambdas/core/run/run.ts';
import { type App, startApp } from '../support/app.ts';
import { ALLOWED, CALLER, OTHER_CALLER, REFUSED, RESOURCE } from '../support/facts.ts';
import { EXECUTED, fieldOf, INSPECTION } from '../support/remembered-statements.ts';

const EMAIL: SensitiveColumn = {
  schema: 'public',
  table: 'customers',
  column: 'email',
  category: 'email',
  form: { kind: 'redact' },
};

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
  app.policy.unmask = () => REFUSED;
  app.statements.control.inspection = INSPECTION;
  app.statements.control.outcome = { ok: true, value: EXECUTED };
  app.statements.control.fail = undefined;
  app.statements.executed.length = 0;
  app.deps.resources = [{ ...RESOURCE, sensitive: [EMAIL] }];
  task = await app.newTask();
  grantId = await app.newActive(task, { action: 'postgres:read' });
});

const queue = async (sql = 'SELECT name FROM customers'): Promise<string> => {
  const request = { sql, params: [], maxRows: 100 };
  const asked = await requestRun(app.deps, CALLER, { grantId, request, idempotencyKey: undefined });
  assert.ok(asked.ok && asked.value.kind === 'run', JSON.stringify(asked));
  return asked.value.run.id;
};

const settledBy = async (runId: string): Promise<SettledRun> => {
  const run = await executeRun(app.deps, runId, app.context);
  assert.ok(run && isSettled(run), run?.state);
  return run;
};

const answerTo = async (runId: string) => {
  const read = await readRun(app.deps, CALLER, { runId, waitSeconds: 0 });
  assert.ok(read.ok);
  return read.value;
};

const trail = async () => Array.fromAsync(app.deps.store.readChain(grantId));
const typesInTrail = async () => (await trail()).map(({ event }) => event.type);

test('a run is executed once, however often it is asked for, and its outcome is what a repeat gets', async () => {
  const runId = await queue();
  const first = await settledBy(runId);
  const again = await settledBy(runId);
  assert.deepEqual(again, first);
  assert.equal(app.statements.executed.length, 1);
});

test('nothing is executed when the task ended in the instant before, although its grant had not', async () => {
  const runId = await queue();
  const { store } = app.deps;
  const readRunForUse: typeof store.readRunForUse = async (id, budgetOf) => {
    const read = await store.readRunForUse(id, budgetOf);
    const stays = { ...store, grantsOfTask: async () => [] };
    if (budgetOf && read.task?.state === 'open') await endTask({ ...app.deps, store: stays }, CALLER, task);
    return read;
  };
  const run = await executeRun({ ...app.deps, store: { ...store, readRunForUse } }, runId, app.context);
  assert.equal((await store.readGrant(grantId))?.state, 'active');
  assert.ok(run && isSettled(run));
  assert.equal(run.outcome.code, 'grant_over');
  assert.equal((await typesInTrail()).includes('run.started'), false);
});

test('two executors at once execute once', async () => {
  const runId = await queue();
  await Promise.all([1, 2, 3].map(() => executeRun(app.deps, runId, app.context)));
  assert.equal(app.statements.executed.length, 1);
});

test('what a lost attempt left of a refusal does not stand in the way of the answer', async () => {
  const runId = await queue();
  const lost = { ...app.deps.store, commit: () => Promise.reject(new Error('killed')) };
  app.statements.control.outcome = {
    ok: false,
    failure: { code: 'target_refused', sqlState: '55P03', message: 'a lock was not to be had' },
  };
  const neverAsked = { execute: async () => app.statements.control.outcome };
  await assert.rejects(executeRun({ ...app.deps, store: lost, statements: neverAsked }, runId, app.context));
  app.statements.control.outcome = { ok: true, value: EXECUTED };
  assert.equal((await settledBy(runId)).outcome.code, 'done');
  assert.deepEqual((await answerTo(runId)).result?.rows, [['Ada'], ['Bo']]);
});

test('what is executed is what was asked for, byte for byte', async () => {
  const sql = 'SELECT  name /* as it was written */ FROM customers';
  await settledBy(await queue(sql));
  assert.equal(app.statements.executed[0]?.sql, sql);
});

test('the intent is in the trail before the execution, the outcome before the release', async () => {
  const runId = await queue();
  let atExecution: string[] = [];
  app.statements.control.fail = undefined;
  const { execute } = app.deps.statements;
  const statements = {
    execute: (ask: Parameters<typeof execute>[0]) =>
      execute({
        ...ask,
        proceed: async (inspection) => {
          const goes = await ask.proceed(inspection);
          atExecution = await typesInTrail();
          return goes;
        },
      }),
  };
  assert.equal((await answerTo(runId)).result, undefined);
  await executeRun({ ...app.deps, statements }, runId, app.context);
  assert.equal(atExecution.at(-1), 'run.started');
  assert.equal((await typesInTrail()).at(-1), 'run.ended');
  assert.deepEqual((await answerTo(runId)).result?.rows, [['Ada'], ['Bo']]);
});

test('an answer is released to the one who asked, and only while the grant may be used', async () => {
  const runId = await queue();
  await settledBy(runId);
  const other = await readRun(app.deps, OTHER_CALLER, { runId, waitSeconds: 0 });
  assert.equal(other.ok ? '' : other.failure.code, 'not_found');
  await endTask({ ...app.deps, sleep: passTime }, CALLER, task);
  const { result, isWithheld, run } = await answerTo(runId);
  assert.deepEqual([result, isWithheld, run.state], [undefined, true, 'succeeded']);
});

test('a sensitive column is masked in the answer and counted in the trail', async () => {
  app.statements.control.inspection = { ...INSPECTION, fields: [fieldOf('email')] };
  const rows = [['ada@example.com'], [null]];
  app.statements.control.outcome = { ok: true, value: { ...EXECUTED, fields: [fieldOf('email')], rows } };
  const runId = await queue('SELECT email FROM customers');
  const { outcome } = await settledBy(runId);
  assert.deepEqual(outcome.masked, { email: 1 });
  assert.deepEqual((await answerTo(runId)).result?.rows, [['[masked:email]'], [null]]);
});

test('a token of a masked value is the same within its task, another in the next, and holds nothing of it', async () => {
  app.deps.resources = [{ ...RESOURCE, sensitive: [{ ...EMAIL, form: { kind: 'token' } }] }];
  app.statements.control.inspection = { ...INSPECTION, fields: [fieldOf('email')] };
  const rows = [['ada@example.com'], ['ada@example.com'], ['bo@example.com']];
  app.statements.control.outcome = { ok: true, value: { ...EXECUTED, fields: [fieldOf('email')], rows } };
  const tokens = async () => {
    const runId = await queue('SELECT email FROM customers');
    await settledBy(runId);
    return ((await answerTo(runId)).result?.rows ?? []).map(([cell]) => cell);
  };
  const [one, same, other] = await tokens();
  assert.match(String(one), /^\[masked:email tk_[0-9a-f]{20}\]$/);
  assert.ok(one === same && one !== other);
  grantId = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  assert.notEqual((await tokens())[0], one);
});

test('notices are masked; of a statement that reaches what is sensitive, none is told', async () => {
  const notices = ['met bo@example.com'];
  app.statements.control.outcome = { ok: true, value: { ...EXECUTED, notices } };
  const noticesOf = async () => {
    const runId = await queue();
    await settledBy(runId);
    return (await answerTo(runId)).result?.notices;
  };
  assert.deepEqual(await noticesOf(), []);
  app.deps.resources = [RESOURCE];
  assert.deepEqual(await noticesOf(), ['met [masked:email]']);
});

test('what policy unmasks is shown as it is', async () => {
  app.policy.unmask = () => ALLOWED;
  app.statements.control.inspection = { ...INSPECTION, fields: [fieldOf('email')] };
  const value = { ...EXECUTED, fields: [fieldOf('email')], rows: [['ada@example.com']] };
  app.statements.control.outcome = { ok: true, value };
  const runId = await queue('SELECT email FROM customers');
  await settledBy(runId);
  assert.deepEqual((await answerTo(runId)).result?.rows, [['ada@example.com']]);
});

test('a right to see that was taken away between request and execution is gone', async () => {
  app.policy.unmask = () => ALLOWED;
  app.statements.control.inspection = { ...INSPECTION, fields: [fieldOf('email')] };
  const value = { ...EXECUTED, fields: [fieldOf('email')], rows: [['ada@example.com']] };
  app.statements.control.outcome = { ok: true, value };
  const runId = await queue('SELECT email FROM customers');
  app.policy.unmask = () => REFUSED;
  await settledBy(runId);
  assert.deepEqual((await answerTo(runId)).result?.rows, [['[masked:email]']]);
});

test('an error of the target is masked; where it could tell a sensitive value, only its code is told', async () => {
  const refusal = { code: 'target_refused', sqlState: '22012', message: 'of Ada, ada@example.com' } as const;
  app.statements.control.outcome = { ok: false, failure: refusal };
  const touching = await queue();
  const { outcome } = await settledBy(touching);
  assert.deepEqual([outcome.code, outcome.detail], ['target_refused', '22012']);
  assert.doesNotMatch((await answerTo(touching)).result?.words ?? '', /Ada|ada|example/);
  app.deps.resources = [RESOURCE];
  const free = await queue();
  await settledBy(free);
  assert.equal((await answerTo(free)).result?.words, 'of Ada, [masked:email]');
});

test('a predicate on a sensitive column is refused before anything is executed', async () => {
  const { outcome } = await settledBy(await queue("SELECT name FROM customers WHERE email LIKE 'a%'"));
  assert.equal(outcome.code, 'statement_refused');
  assert.equal(app.statements.executed.length, 0);
});

test('a policy that has come to say no since is a no', async () => {
  const runId = await queue();
  app.policy.answer = () => REFUSED;
  assert.equal((await settledBy(runId)).outcome.code, 'policy_denied');
  assert.equal(app.statements.executed.length, 0);
});

test('an estimate that makes policy ask for people holds the run', async () => {
  const runId = await queue();
  app.policy.answer = (approvals) => (approvals >= 1 ? ALLOWED : REFUSED);
  const run = await executeRun(app.deps, runId, app.context);
  assert.equal(run?.state, 'pending_approval');
  assert.equal(app.statements.executed.length, 0);
});

test('a grant that ended since executes nothing', async () => {
  const runId = await queue();
  await endAccess(app.deps, grantId, app.context);
  assert.equal((await settledBy(runId)).outcome.code, 'grant_over');
  assert.equal(app.statements.executed.length, 0);
});

test('a grant that ends while the target plans executes nothing', async () => {
  const runId = await queue();
  const { execute } = app.deps.statements;
  const statements = {
    async execute(ask: Parameters<typeof execute>[0]) {
      await endAccess(app.deps, grantId, app.context);
      return execute(ask);
    },
  };
  const run = await executeRun({ ...app.deps, statements }, runId, app.context);
  assert.equal(run && isSettled(run) && run.outcome.code, 'grant_over');
  assert.equal(app.statements.executed.length, 0);
});

test('what the vault no longer holds is not executed', async () => {
  const runId = await queue();
  app.vaulted.objects.clear();
  assert.equal((await settledBy(runId)).outcome.code, 'payload_gone');
});

test('a target that is away leaves the run queued, to be tried again', async () => {
  const runId = await queue();
  app.statements.control.fail = () => {
    throw new DependencyUnavailable('target', undefined);
  };
  await assert.rejects(executeRun(app.deps, runId, app.context), DependencyUnavailable);
  assert.equal((await app.deps.store.readRun(runId))?.state, 'queued');
  app.statements.control.fail = undefined;
  assert.equal((await settledBy(runId)).outcome.code, 'done');
});

test('an executor that dies after the execution leaves a run of which nobody claims to know, and which is never repeated', async () => {
  const runId = await queue();
  app.statements.control.fail = (moment) => {
    if (moment === 'executed') throw new Error('killed');
  };
  await assert.rejects(executeRun(app.deps, runId, app.context), /killed/);
  app.statements.control.fail = undefined;
  assert.equal((await executeRun(app.deps, runId, app.context))?.state, 'running');
  const running = await app.deps.store.readRun(runId);
  app.time.now = running?.state === 'running' ? running.settleBy : app.time.now;
  await sweep(app.deps, app.context);
  const settled = await app.deps.store.readRun(runId);
  assert.equal(settled && isSettled(settled) && settled.outcome.code, 'outcome_unknown');
  assert.equal(app.statements.executed.length, 1);
  const grant = await app.deps.store.readGrant(grantId);
  assert.deepEqual(verifyChain(grantId, await trail(), { head: grant?.head, receipts: [] }), []);
});

test('what the sweeper has settled stays so, however late the executor comes back', async () => {
  const runId = await queue();
  const { execute } = app.deps.statements;
  const statements = {
    async execute(ask: Parameters<typeof execute>[0]) {
      const executed = await execute(ask);
      app.time.now += (RUN_MAX_SECONDS + RUN_SETTLE_MARGIN_SECONDS) * SECOND_MS;
      await sweepRun(app.deps, runId, app.context);
      return executed;
    },
  };
  const run = await executeRun({ ...app.deps, statements }, runId, app.context);
  assert.equal(run && isSettled(run) && run.outcome.code, 'outcome_unknown');
  assert.equal((await typesInTrail()).filter((type) => type === 'run.ended').length, 1);
  assert.equal((await answerTo(runId)).result, undefined);
});

test('the sweeper starts a run whose workflow is missing, and never executes one', async () => {
  const runId = await queue();
  app.calls.length = 0;
  app.time.now += 20_000;
  await sweep(app.deps, app.context);
  assert.ok(app.calls.includes(`startRun ${runId}`));
  assert.equal(app.statements.executed.length, 0);
});

test('rows and bytes of an answer are counted for the task', async () => {
  await settledBy(await queue());
  const { budgets } = await app.deps.store.readForRun({
    grantId,
    principalKey: 'nobody',
    idempotencyKey: undefined,
    at: app.time.now,
  });
  assert.deepEqual([budgets.task.runs, budgets.task.rows, budgets.task.bytes], [1, 2, 5]);
});
