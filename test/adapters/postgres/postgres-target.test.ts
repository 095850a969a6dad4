import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { TargetRefusal } from '../../../lambdas/adapters/database/target-refusal.ts';
import { postgresTarget } from '../../../lambdas/adapters/postgres/postgres-target.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import type { Target } from '../../../lambdas/app/ports-of-targets.ts';
import type { PostgresResource } from '../../../lambdas/core/config/resource.ts';
import { databaseUser } from '../../../lambdas/core/grant/ids.ts';
import { ACTIVATING, SENSITIVE_RESOURCE } from '../../support/facts.ts';
import { type GrantedRoles, newGrantId, startGrantedRoles } from '../../support/granted-roles.ts';

let roles: GrantedRoles;
let target: Target<PostgresResource>;
before(async () => {
  roles = await startGrantedRoles();
  target = postgresTarget({ signOwn: roles.database.signOwn, clock: Date.now });
});
after(() => roles.stop());

const ask = (id = newGrantId(), isStillWanted = async () => true) => ({
  resource: roles.resource,
  grant: { ...ACTIVATING, id },
  isStillWanted,
});
const closeAsk = (grantId: string) => ({
  resource: roles.resource,
  grantId,
  grant: undefined,
  since: Date.now(),
});

test('the user of a grant logs in over proven TLS and reads what the template may read', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  const { rows } = await session.query('SELECT count(*)::int AS count, current_user AS user FROM orders');
  assert.deepEqual(rows, [{ count: 600, user: grant.user }]);
});

test('the role is of this grant alone, and holds the template without being able to become it', async () => {
  const grant = await roles.open();
  const role = await roles.look(
    `SELECT shobj_description(oid, 'pg_authid') AS comment, rolconnlimit AS limit,
       rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls AS strong,
       (SELECT json_agg(json_build_array(roleid::regrole::text, admin_option, inherit_option, set_option) ORDER BY 1)
        FROM pg_auth_members WHERE member = pg_roles.oid) AS holds
     FROM pg_roles WHERE rolname = $1`,
    [grant.user],
  );
  assert.deepEqual(role, {
    comment: grant.id,
    limit: roles.resource.target.connectionLimit,
    strong: false,
    holds: [
      ['orders_app', false, true, false],
      ['rds_iam', false, true, false],
    ],
  });
});

test('a second attempt finds the role of the first and changes nothing', async () => {
  const grant = await roles.open();
  assert.equal(await target.open(ask(grant.id)), 'opened');
});

test('a role of the same name that is not of this grant is never taken over', async () => {
  const id = newGrantId();
  await roles.look(`CREATE ROLE ${databaseUser(id)} LOGIN`);
  await assert.rejects(
    target.open(ask(id)),
    (error) => error instanceof TargetRefusal && error.code === '42710',
  );
  await roles.look(`DROP ROLE ${databaseUser(id)}`);
});

test('a grant that is over by the time of the transaction leaves no role', async () => {
  const id = newGrantId();
  assert.equal(await target.open(ask(id, async () => false)), 'unwanted');
  assert.equal(await roles.exists(databaseUser(id)), false);
});

test('a question that cannot be answered leaves no role', async () => {
  const id = newGrantId();
  const away = new DependencyUnavailable('store', undefined);
  await assert.rejects(target.open(ask(id, () => Promise.reject(away))), away);
  assert.equal(await roles.exists(databaseUser(id)), false);
});

test('an end that begins while the role is being made waits for it and ends it', async () => {
  const id = newGrantId();
  let closing: ReturnType<typeof target.close> | undefined;
  const opened = await target.open(
    ask(id, async () => {
      closing = target.close(closeAsk(id));
      await pause(100);
      return true;
    }),
  );
  const report = await closing;
  assert.equal(opened, 'opened');
  assert.deepEqual([report?.dead, report?.steps[0]?.outcome], [true, 'done']);
  assert.equal(await roles.exists(databaseUser(id)), false);
});

test('an end leaves no session, no login and no role, and hands on what was made', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  await session.query('CREATE TABLE report (id int)');
  const report = await grant.close();
  assert.deepEqual(
    report.steps.map(({ name, outcome }) => `${name}:${outcome}`),
    [
      'nologin:done',
      'terminate:ended_1',
      'probe:refused',
      'reassign:done',
      'drop_owned:done',
      'drop_role:done',
      'backends:none',
    ],
  );
  assert.equal(report.dead, true);
  await assert.rejects(session.query('SELECT 1'));
  await assert.rejects(grant.logIn(), { code: '28000' });
  assert.equal(await roles.exists(grant.user), false);
  const owner = await roles.look("SELECT tableowner FROM pg_tables WHERE tablename = 'report'");
  assert.deepEqual(owner, { tableowner: 'orders_owner' });
});

test('every step is timed from when access should have ended', async () => {
  const grant = await roles.open();
  const { steps } = await target.close({ ...closeAsk(grant.id), since: Date.now() - 60_000 });
  const times = steps.map(({ atMs }) => atMs);
  assert.ok(times.every((at) => at >= 60_000 && at < 70_000));
  assert.deepEqual(
    times,
    [...times].sort((a, b) => a - b),
  );
});

test('ending again, or what never was, is dead as well', async () => {
  const grant = await roles.open();
  await grant.close();
  for (const id of [grant.id, newGrantId()]) {
    const { dead, steps, error } = await target.close(closeAsk(id));
    const outcomes = steps.map(({ name, outcome }) => `${name}:${outcome}`);
    assert.deepEqual([dead, outcomes, error], [true, ['nologin:absent', 'backends:none'], undefined]);
  }
});

test('two ends of one grant at the same time agree that it is dead', async () => {
  const grant = await roles.open();
  const reports = await Promise.all([grant.close(), grant.close(), grant.close()]);
  assert.deepEqual(
    reports.map(({ dead }) => dead),
    [true, true, true],
  );
});

test('more ends at once than the administrator may have connections all succeed', async () => {
  const grants = await Promise.all(Array.from({ length: 26 }, () => roles.open()));
  for (const { user } of grants.slice(0, 8)) {
    await roles.look(`CREATE TABLE of_${user} (id int)`);
    await roles.look(`ALTER TABLE of_${user} OWNER TO ${user}`);
  }
  const reports = await Promise.all(grants.map((grant) => grant.close()));
  assert.deepEqual(
    reports.filter(({ dead }) => !dead).map(({ error }) => error),
    [],
  );
});

test('what a run of DDL made is handed on, and the next one may change it', async () => {
  const first = await roles.open('orders_ddl');
  await (await first.logIn()).query('CREATE TABLE made_by_run (id int)');
  assert.equal((await first.close()).dead, true);
  const next = await roles.open('orders_ddl');
  const session = await next.logIn();
  await session.query('ALTER TABLE made_by_run ADD COLUMN name text');
  await assert.rejects(session.query('ALTER TABLE customers ADD COLUMN x text'), { code: '42501' });
  await assert.rejects(session.query('CREATE TABLE copied AS SELECT * FROM customers'), { code: '42501' });
  await session.query('DROP TABLE made_by_run');
  assert.equal((await next.close()).dead, true);
});

test('whichever role a grant has the rights of, what it gave to that role is handed on', async () => {
  const { target: address } = SENSITIVE_RESOURCE;
  const resource = { ...roles.resource, target: { ...roles.resource.target, runRoles: address.runRoles } };
  await roles.run('GRANT CREATE ON SCHEMA public TO orders_writer');
  const grant = await roles.open('orders_writer');
  await (await grant.logIn()).query(
    'CREATE TABLE given_away (id int); REASSIGN OWNED BY CURRENT_USER TO orders_writer',
  );
  const { dead } = await target.close({ ...closeAsk(grant.id), resource });
  await roles.run('REVOKE CREATE ON SCHEMA public FROM orders_writer');
  const owner = await roles.look("SELECT tableowner FROM pg_tables WHERE tablename = 'given_away'");
  assert.deepEqual([dead, owner], [true, { tableowner: 'orders_owner' }]);
});

test('a run has the rights of its class: a reader writes nothing, a writer makes nothing', async () => {
  const [reader, writer] = [await roles.open('orders_reader'), await roles.open('orders_writer')];
  const [reading, writing] = [await reader.logIn(), await writer.logIn()];
  assert.equal((await reading.query('SELECT email FROM customers LIMIT 1')).rowCount, 1);
  await assert.rejects(reading.query('UPDATE customers SET name = name'), { code: '42501' });
  assert.equal((await writing.query('UPDATE customers SET name = name WHERE id = 1')).rowCount, 1);
  for (const session of [reading, writing])
    await assert.rejects(session.query('CREATE TABLE x (id int)'), { code: '42501' });
});

test('the inventory lists the grants whose roles the target holds', async () => {
  const [kept, ended] = [await roles.open(), await roles.open()];
  await ended.close();
  const listed = await target.inventory(roles.resource);
  assert.deepEqual([listed.includes(kept.id), listed.includes(ended.id)], [true, false]);
});

test('a target that is away is unavailable for opening, and not dead for closing', async () => {
  const resource = { ...roles.resource, target: { ...roles.resource.target, port: 1 } };
  await assert.rejects(target.open({ ...ask(), resource }), DependencyUnavailable);
  await assert.rejects(target.inventory(resource), DependencyUnavailable);
  assert.deepEqual(await target.close({ ...closeAsk(newGrantId()), resource }), {
    dead: false,
    steps: [],
    error: 'connect:unavailable',
  });
});
