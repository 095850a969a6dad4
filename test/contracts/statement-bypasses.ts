import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ExecuteAsk } from '../../lambdas/app/ports.ts';
import { type RunTarget, statementOf } from '../support/run-target.ts';
import { settled } from './statement-reads.ts';

/**
 * Statements that the classifier refuses, each of them known to have got past somebody. `role`: that the reader's rights
 * alone, in a transaction that may write, stop it as well. Where they do not, anybody may do such a thing to
 * what is its own, or the database's owner has given everybody a right that must not be given.
 */
const BYPASSES: readonly { readonly sql: string; readonly role: boolean }[] = [
  ...[
    'COMMIT; DROP TABLE stock_moves',
    'ROLLBACK; INSERT INTO stock VALUES (5000, 1)',
    'END; BEGIN; DELETE FROM stock_moves; COMMIT',
    'SET TRANSACTION READ WRITE; DELETE FROM stock_moves',
    'SET default_transaction_read_only = off; COMMIT; DELETE FROM stock_moves',
    'SELECT 1; DELETE FROM stock_moves',
    'SELECT 1\0; DELETE FROM stock_moves',
    'SET TRANSACTION READ WRITE',
    'SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE',
    'INSERT INTO stock VALUES (5000, 1)',
    'UPDATE stock SET left_over = 0',
    'DELETE FROM stock_moves',
    'TRUNCATE stock_moves',
    'WITH gone AS (DELETE FROM stock_moves RETURNING 1) SELECT count(*) FROM gone',
    'MERGE INTO stock USING (VALUES (1)) AS v (id) ON stock.id = v.id WHEN MATCHED THEN DELETE',
    'SELECT * INTO taken FROM stock',
    'CREATE TABLE taken AS SELECT * FROM stock',
    'EXPLAIN ANALYZE DELETE FROM stock_moves',
    'DO $$ BEGIN DELETE FROM stock_moves; END $$',
    'PREPARE later AS DELETE FROM stock_moves',
    'DELETE FROM U&"st\\006Fck_moves"',
    'DELETE /* /* */ */ FROM stock_moves',
    'SELECT id FROM stock FOR UPDATE',
    "SELECT nextval('numbers')",
    "SELECT setval('numbers', 77)",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "COPY stock TO '/tmp/latchkey-taken'",
    'COPY stock FROM STDIN',
    'COPY stock TO STDOUT',
    "SELECT lo_export(1, '/tmp/latchkey-taken')",
    "SELECT pg_create_physical_replication_slot('taken', true)",
    "SELECT pg_import_system_collations('public')",
    'LOCK TABLE stock IN ACCESS EXCLUSIVE MODE',
    'SELECT pg_advisory_lock(1)',
    'SET ROLE orders_writer',
    "SELECT set_config('role', 'orders_writer', false)",
    'SET statement_timeout = 0',
    "NOTIFY outside, 'secret'",
    "SELECT pg_logical_emit_message(false, 'x', 'secret')",
    'DECLARE kept CURSOR WITH HOLD FOR SELECT * FROM stock',
    'LISTEN outside',
    "SELECT query_to_xml('DELETE FROM stock_moves RETURNING 1', true, true, '')",
    "SELECT table_to_xml('stock', true, true, '')",
    "SELECT ts_stat('DELETE FROM stock_moves RETURNING 1')",
    'CREATE TEMP TABLE mine AS SELECT 1',
    'REFRESH MATERIALIZED VIEW old_orders',
    'VACUUM stock',
    'ALTER SYSTEM SET work_mem = 1',
    'CREATE EXTENSION citext',
    'DISCARD ALL',
  ].map((sql) => ({ sql, role: true })),
  ...[
    'SELECT wipe()',
    'SELECT * FROM wiping',
    'SELECT lift_and_wipe()',
    'EXPLAIN SELECT constant_wipe()',
    'SELECT lo_create(0)',
    "SELECT lo_from_bytea(0, 'x')",
    "ALTER ROLE CURRENT_USER SET search_path = 'evil'",
  ].map((sql) => ({ sql, role: false })),
];

/** Sessions of one grant at a time, of the ten that it may have. */
const AT_ONCE = 4;

/**
 * As if the classifier had let everything pass: what the other defences hold alone. `thorough` looks after each
 * statement, and at statements as if they were explained first too.
 */
export const bypassesContract = (at: () => RunTarget, thorough: boolean): void => {
  const nothingChanges = async (role: string, lie: Partial<ExecuteAsk>, sqls: readonly string[]) => {
    const grant = await at().grantWith(role);
    const before = await at().stateOf();
    const attempt = (sql: string) =>
      at()
        .run(grant, { ...lie, sql })
        .catch((error: unknown) => assert.match(String(error), /"code":/, sql));
    if (thorough)
      for (const sql of sqls) {
        await attempt(sql);
        // Whoever may make temporary tables has them until the session is gone, which no caller waits for.
        assert.equal(await settled(at()), 0, sql);
        assert.equal(await at().stateOf(), before, sql);
      }
    // Those that keep others waiting for a lock are told apart by the thorough run.
    else
      for (let i = 0; i < sqls.length; i += AT_ONCE)
        await Promise.all(sqls.slice(i, i + AT_ONCE).map(attempt));
    assert.equal(await at().stateOf(), before);
    assert.equal(await settled(at()), 0);
  };
  const all = BYPASSES.map(({ sql }) => sql);

  for (const verb of thorough ? ['select', 'show'] : ['show'])
    test(`a transaction that reads holds alone against rights to write (taken for ${verb})`, () =>
      nothingChanges('orders_writer', { statement: statementOf({ verb }) }, all));

  test('rights to read hold alone against a transaction that writes', () =>
    nothingChanges(
      'orders_reader',
      { statement: statementOf({ class: 'write', verb: 'show' }) },
      BYPASSES.flatMap(({ sql, role }) => (role ? [sql] : [])),
    ));

  test('a transaction that is parked for later ends with its grant: no other defence reaches it', async () => {
    const grant = await at().grantWith('orders_reader');
    const left = 'SELECT FROM pg_prepared_xacts';
    await at()
      .run(grant, { sql: "PREPARE TRANSACTION 'parked'", statement: statementOf({ verb: 'show' }) })
      .catch(() => undefined);
    assert.equal((await at().superuser.query(left)).rows.length, 1);
    await at().superuser.query("ROLLBACK PREPARED 'parked'");
  });
};
