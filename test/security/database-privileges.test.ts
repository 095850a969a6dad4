import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Client } from 'pg';
import { type GrantedRole, type GrantedRoles, startGrantedRoles } from '../support/granted-roles.ts';

/** Who may do what on a target that `docs/targets/postgres.sql` has made, asked of PostgreSQL itself. */
let roles: GrantedRoles;
let grant: GrantedRole;
let user: Client;
let admin: Client;
before(async () => {
  roles = await startGrantedRoles();
  grant = await roles.open();
  user = await grant.logIn();
  admin = await roles.database.logIn('latchkey_admin');
});
after(async () => {
  await admin.end();
  await roles.stop();
});

const DENIED = '42501';

const isDenied = (session: Client, statement: string): Promise<void> =>
  assert.rejects(session.query(statement), { code: DENIED }, statement);

test('a user of a grant cannot become anybody else, nor raise anybody', async () => {
  const other = await roles.open();
  for (const statement of [
    'SET ROLE orders_app',
    'SET ROLE orders_owner',
    'SET ROLE rds_iam',
    'SET ROLE latchkey_admin',
    `SET ROLE ${other.user}`,
    'SET SESSION AUTHORIZATION latchkey_admin',
    `GRANT orders_app TO ${grant.user}`,
    `GRANT orders_owner TO ${grant.user}`,
    `GRANT ${grant.user} TO ${other.user}`,
    `GRANT latchkey_admin TO ${grant.user}`,
    'CREATE ROLE lk_more',
    'ALTER ROLE CURRENT_USER CREATEROLE',
    'ALTER ROLE CURRENT_USER CONNECTION LIMIT 100',
    `ALTER ROLE ${other.user} NOLOGIN`,
    `DROP ROLE ${other.user}`,
    `COMMENT ON ROLE ${grant.user} IS 'g_another'`,
    'REASSIGN OWNED BY orders_owner TO CURRENT_USER',
  ])
    await isDenied(user, statement);
});

test('a user of a grant cannot reach another’s session, other data or the server', async () => {
  const other = await roles.open();
  const session = await other.logIn();
  const { rows } = await session.query('SELECT pg_backend_pid() AS pid');
  for (const statement of [
    `SELECT pg_terminate_backend(${rows[0].pid})`,
    'SELECT * FROM pg_authid',
    "SELECT pg_read_file('/etc/passwd')",
    "COPY orders TO PROGRAM 'cat'",
    "COPY orders TO '/tmp/orders'",
    'CREATE DATABASE mine',
    'CREATE SCHEMA mine',
    'DROP TABLE orders',
    'ALTER TABLE orders DISABLE TRIGGER ALL',
    "ALTER SYSTEM SET log_statement = 'none'",
    'CREATE EXTENSION dblink',
  ])
    await isDenied(user, statement);
});

test('a user of a grant connects to its own database and to no other', async () => {
  for (const database of ['billing', 'postgres', 'template1'])
    await assert.rejects(grant.logIn({ database }), { code: DENIED }, database);
});

test('a user of a grant has no more connections than its resource allows', async () => {
  const sparing = await roles.open();
  for (let count = 0; count < roles.resource.target.connectionLimit; count += 1) await sparing.logIn();
  await assert.rejects(sparing.logIn(), { code: '53300' });
});

test('grants that take every connection of their database do not keep one of them from being proved dead', async () => {
  const ended = await roles.open();
  const others: Client[] = [];
  const full = { code: '53300' };
  try {
    await assert.rejects(async () => {
      for (let count = 0; count < 20; count += 1) {
        const greedy = await roles.open();
        for (let more = 0; more < roles.resource.target.connectionLimit; more += 1)
          others.push(await greedy.logIn());
      }
    }, full);
    await assert.rejects(ended.logIn(), full);
    const report = await ended.close();
    assert.deepEqual([report.dead, report.error], [true, undefined]);
    await assert.rejects(ended.logIn(), { code: '28000' });
  } finally {
    for (const session of others) await session.end();
  }
});

test('a user of one database cannot use the template of another', async () => {
  await isDenied(user, 'SET ROLE billing_app');
});

test('the administrator is no superuser and has no right of its own to any data', async () => {
  const attributes = await roles.look(
    'SELECT rolsuper, rolcreatedb, rolreplication, rolbypassrls, rolcreaterole FROM pg_roles WHERE rolname = $1',
    ['latchkey_admin'],
  );
  assert.deepEqual(attributes, {
    rolsuper: false,
    rolcreatedb: false,
    rolreplication: false,
    rolbypassrls: false,
    rolcreaterole: true,
  });
  for (const statement of [
    'SELECT * FROM orders',
    'SET ROLE orders_app',
    'SET ROLE orders_owner',
    'SELECT * FROM pg_authid',
    "SELECT pg_read_file('/etc/passwd')",
    'CREATE DATABASE mine',
    'CREATE TABLE mine (id int)',
    'ALTER ROLE dbmaster NOLOGIN',
    'GRANT pg_read_all_data TO latchkey_admin',
    'GRANT pg_signal_backend TO orders_app',
    'CREATE ROLE mine SUPERUSER',
    'CREATE ROLE mine CREATEDB',
    'CREATE ROLE mine BYPASSRLS',
  ])
    await isDenied(admin, statement);
});

test('the file is applied by a master user that is no superuser, as on RDS', async () => {
  const maker = await roles.look(
    "SELECT grantor::regrole::text AS name, (SELECT rolsuper FROM pg_roles WHERE oid = grantor) AS super FROM pg_auth_members WHERE roleid = 'orders_app'::regrole AND member = 'latchkey_admin'::regrole",
  );
  assert.deepEqual(maker, { name: 'dbmaster', super: false });
});

test('applying the file lets in whoever could log in before, and nobody who comes later', async () => {
  await roles.look('CREATE ROLE shop_website LOGIN');
  const file = readFileSync(join(import.meta.dirname, '../../docs/targets/postgres.sql'), 'utf8');
  const { socketDir: host, port } = roles.database.postgres;
  const master = async (database: string, work: string): Promise<void> => {
    const client = new Client({ host, port, database, user: 'dbmaster' });
    await client.connect();
    await client.query(work);
    await client.end();
  };
  await master('postgres', 'CREATE DATABASE archive');
  await master('archive', file.replaceAll('orders', 'archive'));
  await roles.look('CREATE ROLE shop_newcomer LOGIN');
  const can = await roles.look(
    `SELECT has_database_privilege('shop_website', 'archive', 'CONNECT') AS before,
       has_database_privilege('shop_newcomer', 'archive', 'CONNECT') AS later,
       has_database_privilege('shop_website', 'orders', 'CONNECT') AS elsewhere,
       has_database_privilege($1, 'archive', 'CONNECT') AS agent`,
    [grant.user],
  );
  assert.deepEqual(can, { before: true, later: false, elsewhere: false, agent: false });
});
