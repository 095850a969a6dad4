import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { statementTarget } from '../../lambdas/adapters/postgres/statement-target.ts';
import { DependencyUnavailable, type Inspection } from '../../lambdas/app/ports.ts';
import { databaseUser } from '../../lambdas/core/grant/ids.ts';
import { LIMITS, type RunTarget, read, statementOf } from '../support/run-target.ts';

const MEGABYTE = 1024 * 1024;
/** Buffers of the driver and of TLS, and garbage that was not collected yet. */
const GROWTH_MAX_BYTES = 80 * MEGABYTE;

/** Work without end that no function of a sleeping kind has a part in. */
const ENDLESS = 'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT count(*) FROM n';

/** How reads are executed, on any version of PostgreSQL. */
export const readsContract = (at: () => RunTarget, thorough: boolean): void => {
  const reader = () => at().grantWith('orders_reader');

  test('a read answers its rows as PostgreSQL writes them, and where each column is from', async () => {
    const sql = `SELECT id, name AS n, NULL AS nothing, placed_at, 0.1::float8 + 0.2 AS sum, '\\x00ff'::bytea AS raw,
      interval '1 day 2 hours' AS span FROM customers JOIN orders o USING (id) WHERE id < $1 ORDER BY id`;
    const answer = await at().run(await reader(), { ...read(sql, 'customers', 'orders'), params: ['2'] });
    const row = [
      '1',
      'Customer 1',
      null,
      '2026-01-01 03:00:00+00',
      '0.30000000000000004',
      '\\x00ff',
      '1 day 02:00:00',
    ];
    assert.deepEqual(answer.rows, [row]);
    assert.deepEqual(
      answer.fields.map(({ name, tableOid, columnNumber }) => [name, tableOid > 0, columnNumber]),
      [
        ['id', true, 1],
        ['n', true, 2],
        ['nothing', false, 0],
        ['placed_at', true, 3],
        ['sum', false, 0],
        ['raw', false, 0],
        ['span', false, 0],
      ],
    );
    assert.equal(
      answer.bytes,
      row.reduce((sum, cell) => sum + (cell ?? '').length, 0),
    );
    assert.deepEqual([answer.rowCount, answer.truncated], [1, false]);
  });

  test('the question is asked with estimate, origins and catalogue, while nothing was executed yet', async () => {
    const seen: Inspection[] = [];
    const failure = await at().refusal(await reader(), {
      ...read('SELECT 1 / (id - id) FROM orders', 'orders'),
      proceed: async (inspection) => {
        seen.push(inspection);
        return false;
      },
    });
    assert.deepEqual(failure, { code: 'not_proceeded' });
    assert.equal(seen.length, 1);
    assert.ok((seen[0]?.estimatedRows ?? 0) > 100);
    assert.equal(seen[0]?.catalogue.relations.get('orders')?.columns[3]?.name, 'total_cents');
  });

  test('what the asker throws goes on to the caller, and nothing is executed', async () => {
    const proceed = () => Promise.reject(new Error('the store is away'));
    await assert.rejects(
      at().run(await reader(), { ...read('SELECT 1'), proceed }),
      /^Error: the store is away$/,
    );
    assert.equal(await settled(at()), 0);
  });

  test('more rows than the cap are left unread, and that is said', async () => {
    const sql = 'SELECT generate_series(1, 10000000)';
    const answer = await at().run(await reader(), { ...read(sql), limits: { ...LIMITS, maxRows: 1_500 } });
    assert.deepEqual([answer.rows.length, answer.rowCount, answer.truncated], [1_500, 1_500, true]);
    assert.deepEqual(answer.rows.at(-1), ['1500']);
    const exact = await at().run(await reader(), read('SELECT i FROM generate_series(1, 100) AS i'));
    assert.deepEqual([exact.rows.length, exact.truncated], [100, false]);
  });

  test('values of more than the cap are no answer, counted to the byte', async () => {
    const limits = { ...LIMITS, maxBytes: 1_000 };
    const wide = (bytes: number) => ({
      ...read(`SELECT repeat('é', 100), repeat('x', ${bytes - 200})`),
      limits,
    });
    assert.equal((await at().run(await reader(), wide(1_000))).bytes, 1_000);
    assert.deepEqual(await at().refusal(await reader(), wide(1_001)), {
      code: 'answer_too_large',
      maxBytes: 1_000,
    });
  });

  const floods = [
    ['one huge value', "SELECT repeat(repeat('x', 1024), 200 * 1024)"],
    ['output without end', "SELECT repeat('x', 1000), generate_series(1, 1000000000)"],
    ['a huge error', "SELECT repeat(repeat('x', 1024), 30 * 1024)::integer"],
    ['a row of huge values', "SELECT v, v, v FROM (SELECT repeat(repeat('x', 1024), 16 * 1024)) AS t (v)"],
  ] as const;
  for (const [what, sql] of thorough ? floods : floods.slice(0, 2))
    test(`${what} does not grow the memory, and its session is ended`, async () => {
      const grant = await reader();
      const before = process.memoryUsage().rss;
      const failure = await at().refusal(grant, {
        ...read(sql),
        limits: { ...LIMITS, maxRows: 1_000_000_000 },
      });
      const growth = process.memoryUsage().rss - before;
      assert.deepEqual(failure, { code: 'answer_too_large', maxBytes: LIMITS.maxBytes });
      assert.ok(growth < GROWTH_MAX_BYTES, `grew by ${Math.round(growth / MEGABYTE)} MB`);
      assert.equal(await settled(at()), 0);
    });

  test('what takes too long is ended by the server', async () => {
    const limits = { ...LIMITS, maxSeconds: 0.4 };
    const failure = await at().refusal(await reader(), { ...read(ENDLESS), limits });
    assert.deepEqual(failure, { code: 'took_too_long', maxSeconds: 0.4 });
    assert.equal(await settled(at()), 0);
  });

  test('a statement that rids itself of the server’s limit is ended by the second connection', async () => {
    // The limit counts anew from the second fetch, and is none by then.
    const sql = `SELECT set_config('statement_timeout', '0', false) FROM generate_series(1, 1000)
      UNION ALL (${ENDLESS.replace('count(*)', 'count(*)::text')})`;
    const limits = { ...LIMITS, maxRows: 5_000, maxSeconds: 0.4 };
    const grant = await reader();
    const other = await at().database.logIn(databaseUser(grant));
    const start = performance.now();
    const failure = await at().refusal(grant, { ...read(sql), limits });
    assert.deepEqual(failure, { code: 'took_too_long', maxSeconds: 0.4 });
    assert.ok(performance.now() - start > 800, 'the server’s own limit was still there');
    assert.equal(await settled(at()), 0);
    assert.equal((await other.query('SELECT 1')).rowCount, 1, 'another session of the same user was ended');
    await other.end();
  });

  test('a question that is not answered in time ends the run, whatever the answer', async () => {
    const limits = { ...LIMITS, maxSeconds: 0.2 };
    const proceed = async () => {
      await pause(900);
      return true;
    };
    const failure = await at().refusal(await reader(), { ...read('SELECT 1'), limits, proceed });
    assert.deepEqual(failure, { code: 'took_too_long', maxSeconds: 0.2 });
  });

  test('an error of the target comes with its state, message, detail and hint', async () => {
    const failure = await at().refusal(
      await reader(),
      read("SELECT nme FROM customers WHERE country = 'DE'", 'customers'),
    );
    assert.deepEqual(failure, {
      code: 'target_refused',
      sqlState: '42703',
      message: 'column "nme" does not exist\nPerhaps you meant to reference the column "customers.name".',
    });
  });

  test('an error in the middle of the rows is an error of the run', async () => {
    const sql = 'SELECT 1 / (2500 - i) FROM generate_series(1, 5000) AS i';
    const failure = await at().refusal(await reader(), {
      ...read(sql),
      limits: { ...LIMITS, maxRows: 5_000 },
    });
    assert.deepEqual(failure, { code: 'target_refused', sqlState: '22012', message: 'division by zero' });
  });

  test('a session that is ended meanwhile is a lost connection, and nothing came of it', async () => {
    const grant = await reader();
    const end = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1';
    const running = at().refusal(grant, read(ENDLESS));
    const user = databaseUser(grant);
    await untilBusy(at(), user);
    await at().superuser.query(end, [user]);
    assert.deepEqual(await running, { code: 'connection_lost', committed: 'no' });
    const proceed = async () => (await at().superuser.query(end, [user])).rows.length > 0;
    const idle = await at().refusal(grant, { ...read('SELECT 1'), proceed });
    assert.deepEqual(idle, { code: 'connection_lost', committed: 'no' });
  });

  test('a lock that another session holds is waited for no longer than the time of the run', async () => {
    const grant = await reader();
    const { superuser } = at();
    await superuser.query('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    try {
      const limits = { ...LIMITS, maxSeconds: 0.4 };
      const failure = await at().refusal(grant, { ...read('SELECT id FROM orders', 'orders'), limits });
      assert.deepEqual(failure, { code: 'took_too_long', maxSeconds: 0.4 });
    } finally {
      await superuser.query('ROLLBACK');
    }
  });

  test('a user that has no connection left is waited for, as long as its own sessions may take to end', async () => {
    const grant = await reader();
    const user = databaseUser(grant);
    await at().superuser.query(`ALTER ROLE ${user} CONNECTION LIMIT 1`);
    const holder = await at().database.logIn(user);
    const waiting = at().run(grant, read('SELECT 1'));
    await pause(150);
    await holder.end();
    assert.equal((await waiting).rowCount, 1);
    if (!thorough) return;
    const forever = await at().database.logIn(user);
    await assert.rejects(at().run(grant, read('SELECT 1')), DependencyUnavailable);
    await forever.end();
  });

  test('notices are kept up to a cap', async () => {
    const grant = await reader();
    const few = await at().run(grant, read('SELECT say(2)'));
    assert.deepEqual(few.notices, ['notice 1\nwith detail', 'notice 2\nwith detail']);
    assert.equal((await at().run(grant, read('SELECT say(200)'))).notices.length, 50);
  });

  test('a login that is no longer permitted is a refusal of the target, and a target that is away is unavailable', async () => {
    const grant = await reader();
    await at().superuser.query(`ALTER ROLE ${databaseUser(grant)} NOLOGIN`);
    const failure = await at().refusal(grant, read('SELECT 1'));
    assert.ok(failure.code === 'target_refused' && failure.sqlState === '28000');
    const { resource, signOwn } = at().database;
    const away = { ...resource, target: { ...resource.target, port: 1 } };
    const asked = statementTarget({ signOwn }).execute({
      ...{
        resource: away,
        grantId: grant,
        statement: statementOf(),
        sql: 'SELECT 1',
        params: [],
        limits: LIMITS,
      },
      proceed: () => Promise.reject(new Error('asked')),
    });
    await assert.rejects(
      asked,
      (error) => error instanceof DependencyUnavailable && error.dependency === 'target',
    );
  });
};

/** Sessions of runs that are left, once those that were told to end have had a moment. */
export const settled = async (target: RunTarget): Promise<number> => {
  for (let tries = 0; tries < 50 && (await target.sessions()) > 0; tries += 1) await pause(10);
  return target.sessions();
};

const untilBusy = async (target: RunTarget, user: string): Promise<void> => {
  for (;;) {
    const { rows } = await target.superuser.query(
      "SELECT FROM pg_stat_activity WHERE usename = $1 AND state = 'active' AND query LIKE 'WITH RECURSIVE%'",
      [user],
    );
    if (rows.length > 0) return;
    await pause(5);
  }
};
