import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Client } from 'pg';
import { ALLOWED_FUNCTIONS, CHANCE_AND_CLOCK } from '../../lambdas/core/sql/function-allow-list.ts';
import { loadParser } from '../../lambdas/core/sql/parser.ts';
import { EVERYDAY_QUERIES, EVERYDAY_SCHEMA, EVERYDAY_VALUES } from '../core/sql/everyday-queries.ts';
import { NASTY_SCHEMA } from '../core/sql/nasty-statements.ts';
import { digestOf, execute, readsChangeNothing } from '../core/sql/reads-change-nothing.ts';
import { understood } from '../core/sql/statements.ts';
import { startDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let client: Client;
before(async () => {
  await loadParser();
  database = await startDatabase();
  client = await database.postgres.asSuperuser('orders');
  await client.query(EVERYDAY_SCHEMA);
  await client.query(NASTY_SCHEMA);
});
after(async () => {
  await client.end();
  await database.stop();
});

test('every everyday query works on a real server and changes nothing there', async () => {
  const untouched = await digestOf(client);
  for (const sql of EVERYDAY_QUERIES) {
    const values = EVERYDAY_VALUES.slice(0, understood(sql).parameterCount);
    assert.ok(await execute(client, sql, values), sql);
  }
  assert.equal(await digestOf(client), untouched);
});

test('the digest sees what statements leave behind', async () => {
  const leaving = [
    "SELECT nextval('counter')",
    'SELECT evil(1)',
    'EXPLAIN SELECT sly(1)',
    'SELECT lo_create(0)',
    'SELECT pg_advisory_lock(7)',
    'SELECT * FROM ledger FOR UPDATE',
    "SELECT set_config('search_path', 'public', false)",
    'SELECT 1 AS a INTO made',
    'LISTEN x',
  ];
  for (const sql of leaving) {
    const untouched = await digestOf(client);
    assert.ok(await execute(client, sql), sql);
    assert.notEqual(await digestOf(client), untouched, sql);
  }
  await client.query('UNLISTEN *; RESET ALL; SELECT pg_advisory_unlock_all(); DROP TABLE made');
});

test('what is classified as a read changes nothing, with every right there is', async () => {
  const worked = await readsChangeNothing(client, 100);
  assert.ok(worked > 100, String(worked));
});

test('every function on the list is PostgreSQL’s own, and volatile only for chance and the clock', async () => {
  const { rows } = await client.query<{ name: string; volatile: boolean }>(
    `SELECT proname AS name, bool_or(provolatile = 'v') AS volatile FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace GROUP BY 1`,
  );
  const known = new Map(rows.map(({ name, volatile }) => [name, volatile]));
  for (const name of ALLOWED_FUNCTIONS) assert.equal(known.get(name), CHANCE_AND_CLOCK.has(name), name);
});

test('no function on the list takes SQL, or the name of a table, as a string', async () => {
  const { rows } = await client.query<{ name: string }>(
    `SELECT DISTINCT proname AS name FROM pg_proc
     WHERE pronamespace = 'pg_catalog'::regnamespace AND (
       proargtypes::regtype[] && ARRAY['regclass', 'regproc', 'regprocedure', 'regrole', 'refcursor']::regtype[]
       OR proargnames && ARRAY['query', 'tablename', 'sql', 'cursor'])`,
  );
  assert.ok(rows.length > 5);
  for (const { name } of rows) assert.ok(!ALLOWED_FUNCTIONS.has(name), name);
});
