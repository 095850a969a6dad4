import assert from 'node:assert/strict';
import { test } from 'node:test';
import { databaseUser } from '../../lambdas/core/grant/ids.ts';
import { LIMITS, type RunTarget, statementOf, write } from '../support/run-target.ts';

/** How writes and definitions are executed, on any version of PostgreSQL. */
export const writesContract = (at: () => RunTarget): void => {
  const writer = () => at().grantWith('orders_writer');
  const count = async (where: string): Promise<number> => {
    const { rows } = await at().superuser.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM ${where}`,
    );
    return rows[0]?.count ?? Number.NaN;
  };
  const inserts = (id: number) => write(`INSERT INTO stock VALUES (${id}, 1)`, 'stock');

  test('a write is committed, and answers what it returns and how many rows it changed', async () => {
    const sql = 'UPDATE stock SET left_over = left_over - 1 WHERE id <= $1 RETURNING id, left_over';
    const estimates: (number | undefined)[] = [];
    const answer = await at().run(await writer(), {
      ...write(sql, 'stock'),
      params: ['2'],
      proceed: async ({ estimatedRows }) => estimates.push(estimatedRows) > 0,
    });
    assert.deepEqual(answer.rows.toSorted(), [
      ['1', '9'],
      ['2', '9'],
    ]);
    assert.deepEqual([answer.rowCount, answer.truncated], [2, false]);
    assert.ok((estimates[0] ?? 0) >= 1);
    assert.equal(await count('stock WHERE left_over = 9'), 2);
    assert.equal(
      (await at().run(await writer(), write('UPDATE stock SET left_over = 10', 'stock'))).rowCount,
      1_000,
    );
  });

  test('a write that is not to proceed changes nothing', async () => {
    const failure = await at().refusal(await writer(), { ...inserts(2_000), proceed: async () => false });
    assert.deepEqual(failure, { code: 'not_proceeded' });
    assert.equal(await count('stock WHERE id = 2000'), 0);
  });

  test('a write that changes far more rows than was promised is rolled back', async () => {
    // The planner takes a condition that it cannot see into for a rare one.
    const sql =
      "DELETE FROM stock WHERE left_over::text || '' = '10' AND id::text <> ''  AND md5(id::text) <> ''";
    await at().superuser.query('ALTER TABLE stock ALTER left_over SET STATISTICS 0; ANALYZE stock');
    const failure = await at().refusal(await writer(), write(sql, 'stock'));
    assert.ok(failure.code === 'too_many_rows_changed' && failure.changed >= 1_000, JSON.stringify(failure));
    assert.ok(failure.estimated < 100);
    assert.equal(await count('stock'), 1_000);
  });

  test('rows that a cascade changes count as well', async () => {
    const failure = await at().refusal(await writer(), write('DELETE FROM stock WHERE id = 1', 'stock'));
    assert.deepEqual(failure, { code: 'too_many_rows_changed', estimated: 1, changed: 501 });
    assert.equal(await count('stock_moves'), 500);
  });

  test('a write whose answer passes a cap is rolled back, since it would not be told whole', async () => {
    const sql = 'UPDATE stock SET left_over = 5 RETURNING id, repeat($1, 100)';
    for (const limits of [
      { ...LIMITS, maxRows: 999 },
      { ...LIMITS, maxRows: 1_000, maxBytes: 50_000 },
    ]) {
      const failure = await at().refusal(await writer(), { ...write(sql, 'stock'), params: ['x'], limits });
      assert.deepEqual(failure, { code: 'answer_too_large', maxBytes: limits.maxBytes });
    }
    assert.equal(await count('stock WHERE left_over = 5'), 0);
  });

  test('a constraint refuses, at once or at the end, with nothing left behind', async () => {
    const broken = await at().refusal(
      await writer(),
      write('UPDATE stock SET left_over = -1 WHERE id < 3', 'stock'),
    );
    assert.ok(broken.code === 'target_refused' && broken.sqlState === '23514');
    const dangling = await at().refusal(
      await writer(),
      write('INSERT INTO stock_moves VALUES (9999, 7777)', 'stock_moves'),
    );
    assert.ok(dangling.code === 'target_refused' && dangling.sqlState === '23503');
    assert.match(dangling.message, /violates foreign key constraint.*7777/s);
    assert.equal(await count('stock_moves WHERE id = 9999'), 0);
  });

  test('a write takes too long as a read does, and leaves nothing', async () => {
    const sql = `UPDATE stock SET left_over = 0 WHERE id IN (
      WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i FROM n) SELECT max(i) FROM n)`;
    const limits = { ...LIMITS, maxSeconds: 0.3 };
    const failure = await at().refusal(await writer(), { ...write(sql, 'stock'), limits });
    assert.deepEqual(failure, { code: 'took_too_long', maxSeconds: 0.3 });
  });

  test('a connection that is lost before COMMIT committed nothing; one lost at COMMIT, nobody can tell', async () => {
    const lose = (deferred: boolean) => `CREATE CONSTRAINT TRIGGER lose AFTER INSERT ON stock
      DEFERRABLE INITIALLY ${deferred ? 'DEFERRED' : 'IMMEDIATE'} FOR EACH ROW EXECUTE FUNCTION lose()`;
    await at().superuser.query(`CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
      'BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL; END'`);
    for (const [deferred, committed] of [
      [false, 'no'],
      [true, 'unknown'],
    ] as const) {
      await at().superuser.query(lose(deferred));
      const failure = await at().refusal(await writer(), inserts(3_000));
      await at().superuser.query('DROP TRIGGER lose ON stock');
      assert.deepEqual(failure, { code: 'connection_lost', committed });
    }
  });

  test('a definition is committed with its maker as the owner, where its rights allow', async () => {
    const sql = 'CREATE TABLE notes (id integer)';
    const statement = statementOf({ class: 'ddl', verb: 'create table' });
    const definer = await at().grantWith('orders_definer');
    const answer = await at().run(definer, { sql, statement });
    assert.deepEqual([answer.rows, answer.rowCount], [[], 0]);
    const made = `pg_tables WHERE schemaname = 'public' AND tablename = 'notes' AND tableowner = '${databaseUser(definer)}'`;
    assert.equal(await count(made), 1);
    const refused = await at().refusal(await writer(), { sql: 'CREATE TABLE more (id integer)', statement });
    assert.ok(refused.code === 'target_refused' && refused.sqlState === '42501');
  });
};
