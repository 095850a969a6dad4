import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Client } from 'pg';
import { grantLock } from '../../lambdas/adapters/postgres/grant-role.ts';
import { type GrantedRole, type GrantedRoles, startGrantedRoles } from '../support/granted-roles.ts';

/** What a user of a grant may try so that its end fails, or so that something of it stays behind. */
let roles: GrantedRoles;
before(async () => {
  roles = await startGrantedRoles();
});
after(() => roles.stop());

const endsDead = async (grant: GrantedRole): Promise<void> => {
  const report = await grant.close();
  assert.deepEqual([report.dead, report.error], [true, undefined]);
  assert.equal(await roles.exists(grant.user), false);
};

test('a user that holds the lock of its own grant does not outlive it', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  await session.query('SELECT pg_advisory_lock($1)', [grantLock(grant.id)]);
  await endsDead(grant);
});

test('a user that keeps its own role locked in an open transaction does not outlive it', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  await session.query('BEGIN');
  await session.query("ALTER ROLE CURRENT_USER PASSWORD 'mine'");
  await endsDead(grant);
});

test('a user that keeps its own role locked in a prepared transaction does not outlive it', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  await session.query('BEGIN');
  await session.query("ALTER ROLE CURRENT_USER PASSWORD 'mine'");
  await session.query("PREPARE TRANSACTION 'parked'");
  await endsDead(grant);
});

test('whatever kind of object a user made is handed on, and does not hold up its end', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  await session.query(`
    CREATE TABLE made (id int PRIMARY KEY, note text);
    CREATE SEQUENCE made_sequence;
    CREATE VIEW made_view AS SELECT * FROM made;
    CREATE MATERIALIZED VIEW made_materialized AS SELECT * FROM made;
    CREATE TYPE made_type AS (a int);
    CREATE DOMAIN made_domain AS int;
    CREATE FUNCTION made_function() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE PROCEDURE made_procedure() LANGUAGE sql AS 'SELECT 1';
    CREATE AGGREGATE made_aggregate (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
    CREATE OPERATOR === (LEFTARG = int, RIGHTARG = int, FUNCTION = int4eq);
    CREATE COLLATION made_collation FROM "C";
    CREATE TEXT SEARCH DICTIONARY made_dictionary (TEMPLATE = simple);
    CREATE STATISTICS made_statistics ON id, note FROM made;
    SELECT lo_create(0);
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
    ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT EXECUTE ON FUNCTIONS TO PUBLIC;
    GRANT SELECT ON made TO PUBLIC;
    ALTER ROLE CURRENT_USER SET work_mem = '1MB';
  `);
  await endsDead(grant);
});

test('sessions that are busy, idle in a transaction or waiting for a lock end at once', async () => {
  const grant = await roles.open();
  const [busy, idle, waiting] = [await grant.logIn(), await grant.logIn(), await grant.logIn()];
  const asleep = assert.rejects(busy.query('SELECT pg_sleep(60)'));
  await idle.query('BEGIN');
  await idle.query('LOCK TABLE orders IN ROW EXCLUSIVE MODE');
  await idle.query('SELECT pg_advisory_lock(1); DECLARE c CURSOR WITH HOLD FOR SELECT 1; LISTEN orders');
  const waited = waiting.query('SELECT pg_advisory_lock(1)').catch(() => undefined);
  const startedAt = performance.now();
  await endsDead(grant);
  assert.ok(performance.now() - startedAt < 3_000);
  await Promise.all([asleep, waited]);
  for (const session of [busy, idle, waiting]) await assert.rejects(session.query('SELECT 1'));
});

test('a user that logs in again and again, and locks its role each time, is ended all the same', async () => {
  const grant = await roles.open();
  let isOver = false;
  const again = async (): Promise<void> => {
    while (!isOver) {
      const session = await grant.logIn().catch(() => undefined);
      await session?.query("BEGIN; ALTER ROLE CURRENT_USER PASSWORD 'mine'").catch(() => undefined);
      await session?.query('SELECT pg_sleep(1)').catch(() => undefined);
      await session?.end().catch(() => undefined);
      await pause(1);
    }
  };
  const attackers = [again(), again(), again()];
  await pause(100);
  try {
    await endsDead(grant);
  } finally {
    isOver = true;
    await Promise.all(attackers);
  }
});

test('what a user of another grant gave to a user does not keep it', async () => {
  const [giver, taker] = [await roles.open(), await roles.open()];
  const session = await giver.logIn();
  await session.query(`
    CREATE TABLE given (id int);
    CREATE FUNCTION given_function() RETURNS int LANGUAGE sql AS 'SELECT 1';
    CREATE POLICY given_policy ON given TO ${taker.user} USING (true);
    GRANT SELECT (id), UPDATE (id) ON given TO ${taker.user} WITH GRANT OPTION;
    GRANT EXECUTE ON FUNCTION given_function() TO ${taker.user};
    ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${taker.user};`);
  await endsDead(taker);
  assert.deepEqual((await session.query('SELECT current_user AS user')).rows, [{ user: giver.user }]);
  await endsDead(giver);
});

test('what a user that has ended gave to a user does not keep it', async () => {
  const [giver, taker] = [await roles.open(), await roles.open()];
  const session = await giver.logIn();
  await session.query(`CREATE TABLE bequeathed (id int); GRANT SELECT ON bequeathed TO ${taker.user}`);
  await endsDead(giver);
  await endsDead(taker);
});

test('nothing that a user leaves behind gives a later one more than its own template', async () => {
  await roles.look('CREATE TABLE heirlooms (secret text)');
  await roles.look('GRANT SELECT ON heirlooms TO orders_owner');
  const first = await roles.open();
  const session = await first.logIn();
  await session.query(`
    CREATE FUNCTION peek() RETURNS SETOF text LANGUAGE plpgsql SECURITY DEFINER
      AS 'BEGIN RETURN QUERY EXECUTE ''SELECT secret FROM heirlooms''; END';
    CREATE VIEW "Peek view" AS SELECT * FROM heirlooms;
    GRANT SELECT ON "Peek view" TO PUBLIC;`);
  await endsDead(first);
  const later = await (await roles.open()).logIn();
  for (const attempt of ['SELECT peek()', 'SELECT * FROM "Peek view"'])
    await assert.rejects(later.query(attempt), { code: '42501' }, attempt);
});

test('users that gave rights to one another end together', async () => {
  const grants = await Promise.all(Array.from({ length: 8 }, () => roles.open()));
  for (const grant of grants) {
    const session = await grant.logIn();
    await session.query(
      `CREATE TABLE of_${grant.user} (id int); ALTER TABLE of_${grant.user} ENABLE ROW LEVEL SECURITY`,
    );
    for (const { user } of grants)
      await session.query(`
        GRANT SELECT, UPDATE (id) ON of_${grant.user} TO ${user};
        CREATE POLICY for_${user} ON of_${grant.user} TO ${user} USING (true);
        ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO ${user};`);
  }
  await Promise.all(grants.map(endsDead));
});

const ownerOf = (relation: string): Promise<Record<string, unknown> | undefined> =>
  roles.look('SELECT relowner::regrole::text AS owner FROM pg_class WHERE relname = $1', [relation]);

test('what a user gives to its template, to act with its rights, is disarmed and handed on', async () => {
  const grant = await roles.open();
  await (await grant.logIn()).query(`
    CREATE VIEW leak AS SELECT * FROM orders; GRANT ALL ON leak TO PUBLIC;
    CREATE TABLE trap (a int);
    CREATE RULE trap_rule AS ON INSERT TO trap DO ALSO DELETE FROM orders;
    GRANT INSERT ON trap TO PUBLIC;
    REASSIGN OWNED BY CURRENT_USER TO orders_app;`);
  assert.deepEqual(await ownerOf('leak'), { owner: 'orders_app' });
  await endsDead(grant);
  for (const relation of ['leak', 'trap'])
    assert.deepEqual(await ownerOf(relation), { owner: 'orders_owner' });
  assert.deepEqual(await roles.look("SELECT count(*)::int FROM pg_rewrite WHERE rulename = 'trap_rule'"), {
    count: 0,
  });
  await roles.look('CREATE ROLE outsider LOGIN');
  await roles.look('GRANT CONNECT ON DATABASE orders TO outsider');
  await roles.look('GRANT USAGE ON SCHEMA public TO outsider');
  const { socketDir: host, port } = roles.database.postgres;
  const outsider = new Client({ host, port, database: 'orders', user: 'outsider' });
  await outsider.connect();
  try {
    await assert.rejects(outsider.query('SELECT * FROM leak'), { code: '42501' });
    await outsider.query('INSERT INTO trap VALUES (1)');
  } finally {
    await outsider.end();
  }
  assert.deepEqual(await roles.look('SELECT count(*)::int FROM orders'), { count: 600 });
});

test('rules of what a user leaves behind do not act with the rights of its heir', async () => {
  const grant = await roles.open();
  await (await grant.logIn()).query(`
    CREATE TABLE ruled (a int);
    CREATE VIEW ruled_view AS SELECT * FROM ruled;
    CREATE RULE "First rule" AS ON INSERT TO ruled DO ALSO DELETE FROM orders;
    CREATE RULE second_rule AS ON UPDATE TO ruled_view DO INSTEAD NOTHING;`);
  const report = await grant.close();
  assert.equal(report.steps.find(({ name }) => name === 'reassign')?.outcome, 'disarmed_3');
  const left = await roles.look(
    "SELECT array_agg(rulename::text) AS left FROM pg_rewrite WHERE ev_class IN ('ruled'::regclass, 'ruled_view'::regclass)",
  );
  assert.deepEqual(left, { left: ['_RETURN'] });
});

test('nothing that a user leaves behind runs by itself when statistics are gathered', async () => {
  const grant = await roles.open();
  await (await grant.logIn()).query(`
    CREATE TABLE ran (by text);
    GRANT INSERT ON ran TO PUBLIC;
    CREATE FUNCTION run(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
    CREATE FUNCTION run_measure(int, int) RETURNS float8 IMMUTABLE LANGUAGE plpgsql AS 'BEGIN RETURN 1; END';
    CREATE OPERATOR @@@@ (RIGHTARG = int, FUNCTION = run);
    CREATE DOMAIN run_domain AS int CHECK (run(VALUE) > 0);
    CREATE TYPE run_range AS RANGE (SUBTYPE = int, SUBTYPE_DIFF = run_measure);
    CREATE DOMAIN run_range_domain AS run_range;
    CREATE TABLE baited (a int, b int, r run_range, d run_range_domain, lent text);
    CREATE INDEX by_function ON baited (run(a));
    CREATE INDEX by_predicate ON baited (a) WHERE run(a) = 1;
    CREATE INDEX by_operator ON baited ((@@@@ a));
    CREATE INDEX by_domain ON baited ((a::run_domain));
    CREATE INDEX by_range ON baited USING gist ((coalesce(r, r)));
    CREATE STATISTICS by_statistics ON (run(a)), b FROM baited;
    CREATE STATISTICS by_range_statistics ON (coalesce(r, r)), b FROM baited;
    CREATE INDEX plain ON baited (a);
    CREATE INDEX plain_expression ON baited (lower(lent));
    CREATE STATISTICS plain_statistics ON a, b FROM baited;
    ALTER TABLE baited ADD CONSTRAINT by_constraint EXCLUDE ((run(a) + b) WITH =);
    CREATE TABLE parted (a int) PARTITION BY RANGE (a);
    CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (1000);
    CREATE INDEX by_partition ON parted (run(a));
    INSERT INTO baited SELECT n, n, int4range(n, n + 2)::text::run_range, int4range(n, n + 3)::text::run_range
      FROM generate_series(1, 50) n;
    INSERT INTO part SELECT generate_series(1, 50);
    CREATE OR REPLACE FUNCTION run(int) RETURNS int VOLATILE LANGUAGE plpgsql
      AS 'BEGIN INSERT INTO public.ran VALUES (current_user); RETURN 1; END';
    CREATE OR REPLACE FUNCTION run_measure(int, int) RETURNS float8 VOLATILE LANGUAGE plpgsql
      AS 'BEGIN INSERT INTO public.ran VALUES (current_user); RETURN 1; END';`);
  const gather = async (): Promise<unknown> => {
    await roles.look('TRUNCATE ran');
    for (const table of ['baited', 'part']) await roles.look(`ANALYZE ${table}`);
    return roles.look('SELECT count(*)::int FROM ran');
  };
  assert.notDeepEqual(await gather(), { count: 0 }, 'the bait is not taken, so nothing is tried');
  await endsDead(grant);
  assert.deepEqual(await gather(), { count: 0 });
  const left = await roles.look(
    `SELECT array_agg(name ORDER BY name) AS left FROM (
       SELECT indexrelid::regclass::text AS name FROM pg_index WHERE indrelid IN ('baited'::regclass, 'part'::regclass)
       UNION ALL SELECT stxname FROM pg_statistic_ext WHERE stxrelid = 'baited'::regclass) AS names`,
  );
  assert.deepEqual(left, { left: ['plain', 'plain_expression', 'plain_statistics'] });
});

test('an ending that has to wait for somebody else says so, and succeeds when they are done', async () => {
  const [grant, reader] = [await roles.open(), await roles.open()];
  await (await grant.logIn()).query(
    'CREATE TABLE read_by_others (id int); GRANT SELECT ON read_by_others TO PUBLIC',
  );
  const session = await reader.logIn();
  await session.query('BEGIN; SELECT * FROM read_by_others');
  const report = await grant.close();
  assert.deepEqual([report.dead, report.error], [false, 'reassign:55P03']);
  await assert.rejects(grant.logIn(), { code: '28000' });
  await session.query('COMMIT');
  await endsDead(grant);
});
