import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, DatabaseError } from 'pg';
import { localScenes } from '../../bin/local-scenes.ts';
import type { AuditEvent } from '../../lambdas/core/audit/event.ts';
import { PostgresCredentialView } from '../../lambdas/http/credential-schemas.ts';
import { RunView } from '../../lambdas/http/run-schemas.ts';
import { GrantView } from '../../lambdas/http/schemas.ts';
import {
  endTask,
  idOf,
  newActive,
  newTask,
  release,
  requestAccess,
  runSql,
  until,
  vend,
} from '../e2e/asks.ts';
import { BENT_STATEMENTS, BENT_WRITES, BIRD_FORMS, birdsIn, PLANT } from '../e2e/bent-statements.ts';
import { findCanaries } from '../e2e/canaries.ts';
import { DEPLOYED, FILES_OF_POSTGRES, placesKept, placesSeen } from '../e2e/places.ts';
import { assertProblem } from '../e2e/problems.ts';
import type { RawAnswer } from '../e2e/raw-call.ts';
import { runSecrets } from '../e2e/run-secrets.ts';
import { type Ask, type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';
import { everyWayRoundIsRefused, noBendingShowsABird } from '../e2e/statement-scene.ts';

/** Beside all that were measured. `test/full/every-statement.test.ts` sends them all. */
const ONE_OF = 8;

let running: RunningStack;
let crew: Caller;
let other: Caller;
let superuser: Client;
/** Of the first grant, which reads; its task is replayed in the end. */
let task: string;
let reading: string;
let writing: string;
/** The run that read masked columns. */
let masked: string;

before(async () => {
  running = await runStack();
  [crew, other] = await Promise.all([running.caller('sales-crew'), running.caller('other-crew')]);
  superuser = await running.stack().postgres.asSuperuser('orders');
  await superuser.query(PLANT);
  ({ task, grant: reading } = await newActive(running, crew, { action: 'postgres:read' }));
  writing = idOf(await crew.ask(requestAccess(task, { action: 'postgres:write' })));
});
after(async () => {
  await superuser.end();
  await running.remove();
});

const readRun = (id: string): Ask => ({ method: 'GET', path: `/v1/runs/${id}` });

const viewOf = ({ status, json, text }: RawAnswer, expected: number) => {
  assert.equal(status, expected, text);
  return RunView.parse(json);
};

const eventsOf = async (run: string): Promise<readonly AuditEvent[]> =>
  (await running.trail()).flatMap(({ event }) => ('run' in event && event.run === run ? [event] : []));

const oneValue = async (sql: string): Promise<unknown> => {
  const { rows } = await superuser.query({ text: sql, rowMode: 'array' });
  return rows[0]?.[0];
};

test('what is sensitive is masked, what is not is shown in its type, and the answer says what was masked', async () => {
  const sql = 'SELECT id, name, email, phone, card, country FROM customers WHERE id <= $1 ORDER BY id';
  const run = viewOf(await crew.ask(runSql(reading, sql, { params: [3] })), 200);
  masked = run.id;
  assert.deepEqual(run.masked, { email: 3, phone: 3, card: 3 });
  assert.deepEqual([run.state, run.rowCount, run.truncated, run.answer], ['succeeded', 3, false, 'shown']);
  assert.deepEqual(
    run.columns?.map(({ name, type }) => [name, type]),
    [['id', 'bigint'], ...['name', 'email', 'phone', 'card', 'country'].map((name) => [name, 'text'])],
  );
  const [[id, name, email, phone, card, country] = []] = run.rows ?? [];
  assert.deepEqual([id, name, phone, country], ['1', 'Customer 1', '[masked:phone]', 'FR']);
  assert.match(String(email), /^\[masked:email \w+\]$/);
  assert.match(String(card), /^\[masked:card .*\d{4}\]$/);
  const typed = viewOf(await crew.ask(runSql(reading, "SELECT 7, true, 1.5::float8, 2.50, NULL, 'x'")), 200);
  assert.deepEqual(typed.rows, [[7, true, 1.5, '2.50', null, 'x']]);
  assert.deepEqual(typed.masked, {});
  const cut = viewOf(await crew.ask(runSql(reading, 'SELECT id FROM orders', { maxRows: 2 })), 200);
  assert.deepEqual([cut.rowCount, cut.truncated], [2, true]);
});

test('the same value has the same token, so that agents can count and join what they cannot see', async () => {
  const sql = 'SELECT email FROM customers WHERE id = 1';
  const [one, two] = [await crew.ask(runSql(reading, sql)), await crew.ask(runSql(reading, sql))];
  assert.deepEqual(RunView.parse(one.json).rows, RunView.parse(two.json).rows);
});

test('every way round that was measured is refused, says its part, and leaves nothing behind', () =>
  everyWayRoundIsRefused({ running, crew, superuser, oneOf: ONE_OF }));

test('the search finds what it searches for, in every form', () => {
  const found = [
    'xx Plumbisq',
    'PLUMBISQ',
    'qsibmulP',
    'p-l-u-m-b-i-s-q',
    Buffer.from('a Plumbisq').toString('base64'),
    Buffer.from('a Plumbisq').toString('hex'),
  ];
  for (const text of found) assert.notDeepEqual(birdsIn(text), [], text);
  assert.deepEqual([...BENT_STATEMENTS, ...BENT_WRITES].flatMap(birdsIn), []);
  assert.ok(BENT_STATEMENTS.length >= 100);
});

test('bending it brings no sensitive value into an answer', () =>
  noBendingShowsABird({ running, crew, superuser, oneOf: ONE_OF }));

test('a login that is vended is no way round: it is shown no sensitive value either', async () => {
  const { grant } = await newActive(running, crew);
  const { postgres } = PostgresCredentialView.parse((await crew.ask(vend(grant))).json);
  const { host, port, database, user, password, sslrootcert } = postgres;
  const client = new Client({ host, port, database, user, password, ssl: { ca: sslrootcert } });
  const said: string[] = [];
  client.on('notice', (notice) => said.push(JSON.stringify(notice)));
  await client.connect();
  let refused = 0;
  for (const sql of [...BENT_STATEMENTS, ...BENT_WRITES]) {
    await client.query('BEGIN');
    try {
      said.push(JSON.stringify(await client.query(sql)));
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error;
      said.push(JSON.stringify({ ...error, message: error.message }));
      refused += 1;
    }
    assert.deepEqual(birdsIn(said.splice(0).join()), [], sql);
    await client.query('ROLLBACK');
  }
  assert.ok(refused > 100, String(refused));
  const { rows } = await client.query("SELECT id, name FROM customers WHERE country = 'XX'");
  assert.equal(rows[0]?.name, 'Birdie', 'what is not sensitive is there by its name');
  await client.end();
  await crew.ask(release(grant));
});

test('a write that names no rows is denied by policy, for its reason, and changes nothing', async () => {
  const problem = assertProblem(await crew.ask(runSql(writing, 'DELETE FROM orders')), 403, 'policy_denied');
  assert.deepEqual(problem.determinedBy, [
    {
      id: 'no-unbounded-writes',
      reason: 'An UPDATE or DELETE must say which rows it means: give it a WHERE that is not always true.',
    },
  ]);
  assert.deepEqual([problem.run?.state, problem.run?.bounded], ['denied', false]);
  assertProblem(await crew.ask(runSql(writing, 'DELETE FROM orders WHERE 1 = 1')), 403, 'policy_denied');
  assert.equal(await oneValue('SELECT count(*)::int FROM orders'), 600);
});

test('a write that would store a mask in place of what it hides is refused', async () => {
  const [[token] = []] =
    viewOf(await crew.ask(runSql(reading, 'SELECT email FROM customers WHERE id = 1')), 200).rows ?? [];
  const writes: readonly (readonly [string, object])[] = [
    ['UPDATE customers SET email = $1 WHERE id = 1', { params: [token] }],
    [`UPDATE customers SET email = '${token}' WHERE id = 1`, {}],
    [`UPDATE customers SET phone = upper('${token}') WHERE id = 1`, {}],
  ];
  for (const [sql, more] of writes) {
    const problem = assertProblem(await crew.ask(runSql(writing, sql, more)), 422, 'statement_refused');
    assert.match(problem.detail, /mask/);
  }
  assert.equal(await oneValue('SELECT email FROM customers WHERE id = 1'), 'customer1@example.com');
});

test('a write that is repeated under its key is executed once, and the repeat gets its outcome', async () => {
  const before = await oneValue('SELECT total_cents FROM orders WHERE id = 5');
  const sql = 'UPDATE orders SET total_cents = total_cents + 1 WHERE id = 5 RETURNING id';
  const ask = { ...runSql(writing, sql), headers: { 'idempotency-key': 'once' } };
  const answers = await Promise.all([crew.ask(ask), crew.ask(ask)]);
  const runs = [...answers, await crew.ask(ask)].map((answer) => viewOf(answer, 200));
  assert.equal(new Set(runs.map(({ id }) => id)).size, 1);
  for (const run of runs) assert.deepEqual([run.rowCount, run.rows], [1, [['5']]]);
  assert.equal(await oneValue('SELECT total_cents FROM orders WHERE id = 5'), Number(before) + 1);
  const another = { ...runSql(writing, `${sql} `), headers: { 'idempotency-key': 'once' } };
  assertProblem(await crew.ask(another), 422, 'idempotency_mismatch');
});

test('a run whose grant ends meanwhile is killed and recorded, and nothing of it is released', async () => {
  const { grant } = await newActive(running, crew, { action: 'postgres:read' });
  const endless =
    'SELECT count(*) FROM generate_series(1, 200000) AS a, generate_series(1, 200000) AS b WHERE a < b';
  const asked = await crew.ask({ ...runSql(grant, endless), headers: { prefer: 'wait=0' } });
  const { id } = viewOf(asked, 202);
  const executing = () =>
    superuser.query("SELECT FROM pg_stat_activity WHERE state = 'active' AND query = $1", [endless]);
  await until(async () => (await executing()).rowCount || undefined);
  const released = GrantView.parse((await crew.ask(release(grant))).json);
  assert.equal(released.ending?.status, 'dead');
  assert.equal((await executing()).rowCount, 0);
  const run = await until(async () => {
    const seen = RunView.parse((await crew.ask(readRun(id))).json);
    return seen.state === 'running' ? undefined : seen;
  });
  assert.deepEqual([run.state, run.error?.code, run.rows], ['failed', 'connection_lost', undefined]);
  const [last] = (await eventsOf(id)).slice(-1);
  assert.ok(last?.type === 'run.ended' && last.code === 'connection_lost');
});

test('a write in production waits for people, and is not executed before', async () => {
  const { grant } = await newActive(running, crew, { resource: 'billing-db', action: 'postgres:write' });
  const answer = await crew.ask(runSql(grant, 'UPDATE invoices SET paid = true WHERE id = 5'));
  const run = viewOf(answer, 202);
  assert.deepEqual([run.state, run.approval?.quorum], ['pending_approval', 1]);
  await running.stack().sweep();
  assert.equal(viewOf(await crew.ask(readRun(run.id)), 200).state, 'pending_approval');
  const billing = await running.stack().postgres.asSuperuser('billing');
  const { rows } = await billing.query('SELECT paid FROM invoices WHERE id = 5');
  await billing.end();
  assert.deepEqual(rows, [{ paid: false }]);
});

test('a run of somebody else looks like none', async () => {
  assertProblem(await other.ask(readRun(masked)), 404, 'not_found');
  assertProblem(await other.ask(runSql(reading, 'SELECT 1')), 404, 'not_found');
  assertProblem(await other.ask({ ...runSql(await theirs(), 'SELECT 1') }), 409, 'grant_pending');
});

/** A grant of the other crew, on which it waits for people. */
const theirs = async (): Promise<string> => {
  const asked = requestAccess(await newTask(other), { resource: 'billing-db', durationSeconds: 300 }, {});
  return idOf(await other.ask(asked));
};

test('what was read is withheld once its grant is over, and a new statement is refused', async () => {
  assert.equal(viewOf(await crew.ask(readRun(masked)), 200).answer, 'shown');
  await crew.ask(release(reading));
  const withheld = viewOf(await crew.ask(readRun(masked)), 200);
  assert.deepEqual([withheld.answer, withheld.rows, withheld.masked?.card], ['withheld', undefined, 3]);
  assertProblem(await crew.ask(runSql(reading, 'SELECT 1')), 410, 'grant_over');
  await crew.ask(endTask(task));
});

test('a replay plays what was asked and returned, in order, and shows everything masked', async () => {
  const scenes = await localScenes(running.stack(), task);
  const types = scenes.filter(({ entry: { event } }) => 'run' in event && event.run === masked);
  assert.deepEqual(
    types.map(({ entry }) => entry.event.type),
    ['run.requested', 'run.started', 'run.ended'],
  );
  assert.match(types[0]?.asked?.sql ?? '', /^SELECT id, name, email, phone/);
  assert.equal(types[2]?.result?.rows[0]?.[3], '[masked:phone]');
  const results = scenes.flatMap(({ result }) => (result ? [result] : []));
  assert.ok(results.length >= 6);
  assert.doesNotMatch(JSON.stringify(results), /customer\d+@example|42424242|\+49 30/);
  assert.deepEqual(birdsIn(JSON.stringify(scenes)), []);
});

test('in every task that was tried on, what is kept for a replay holds no sensitive value', async () => {
  const tasks = new Set(
    (await running.trail()).flatMap(({ event }) => ('run' in event ? [event.grant] : [])),
  );
  for (const grant of tasks) {
    const scenes = await localScenes(running.stack(), `t_${grant.slice(2, 22)}`);
    assert.deepEqual(birdsIn(JSON.stringify(scenes)), []);
  }
  assert.ok(tasks.size >= 8);
});

runSecrets(() => ({ running, crew }));

test('no sensitive value is anywhere but in its database', async () => {
  const places = [...(await placesSeen(running, reading)), ...(await placesKept(running, reading))].filter(
    ({ name }) => name !== FILES_OF_POSTGRES && name !== DEPLOYED,
  );
  const canaries = BIRD_FORMS.map((secret) => ({ of: 'a sensitive value', secret }));
  assert.deepEqual(findCanaries(places, canaries), []);
});

test('the trail of all this is whole, and nobody asked AWS for what he may not', async () => {
  const { flaws, receipts } = await running.verifyTrail();
  assert.deepEqual(flaws, []);
  assert.ok(receipts >= 150, String(receipts));
  assert.deepEqual(running.refusals(), []);
  const unexpected = running.logs.filter(({ line }) => /unexpected error|"level":"ERROR"/.test(line));
  assert.deepEqual(unexpected, []);
});
