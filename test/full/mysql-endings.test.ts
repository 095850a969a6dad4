import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { generate } from 'selfsigned';
import type { SignOwn } from '../../lambdas/adapters/database/sign-own.ts';
import { mysqlTarget } from '../../lambdas/adapters/mysql/mysql-target.ts';
import { type ProbeOutcome, probeLogin } from '../../lambdas/adapters/mysql/probe-login.ts';
import type { CloseReport } from '../../lambdas/app/ports-of-targets.ts';
import { mysqlUser } from '../../lambdas/core/grant/ids.ts';
import { listenOnLoopback } from '../../local/loopback.ts';
import { ACTIVATING } from '../support/facts.ts';
import { newGrantId } from '../support/granted-roles.ts';
import { type GrantedUser, type GrantedUsers, startGrantedUsers } from './mysql/granted-users.ts';
import { serverMakes } from './mysql/servers.ts';

const STEPS = ['nologin', 'terminate', 'prepared', 'probe', 'drop_defined', 'drop_user', 'sessions'];

for (const make of serverMakes())
  describe(`the ending of a user of ${make.name}`, () => {
    let users: GrantedUsers;
    before(async () => {
      users = await startGrantedUsers(make, 'iam');
      await users.run('GRANT CREATE VIEW, CREATE ROUTINE ON orders.* TO orders_app');
    });
    after(() => users?.stop());

    /** With something to end: an open session, a view and a routine. */
    const busyGrant = async (): Promise<GrantedUser> => {
      const grant = await users.open();
      const session = await grant.logIn();
      await session.query(`CREATE VIEW left_by_${grant.user} AS SELECT * FROM orders`);
      await session.query(`CREATE PROCEDURE left_by_${grant.user}() SELECT 1`);
      return grant;
    };

    const endsDead = async (grant: GrantedUser): Promise<void> => {
      const report = await grant.close();
      assert.deepEqual([report.dead, report.error], [true, undefined]);
      assert.equal(await users.exists(grant.user), false);
      const left = await users.look(
        `SELECT (SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = ?)
           + (SELECT COUNT(*) FROM information_schema.VIEWS WHERE TABLE_NAME = ?)
           + (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_NAME = ?)
           + (SELECT COUNT(*) FROM latchkey.users WHERE name = ?) AS count`,
        [grant.user, `left_by_${grant.user}`, `left_by_${grant.user}`, grant.user],
      );
      assert.equal(Number(left?.count), 0);
    };

    const closeWith = (
      grant: GrantedUser,
      change: { clock?: () => number; signOwn?: SignOwn },
    ): Promise<CloseReport> =>
      mysqlTarget({ signOwn: users.signOwn, clock: Date.now, ...change }).close({
        resource: users.resource,
        grantId: grant.id,
        grant: undefined,
        since: Date.now(),
      });

    /** The clock is read after each step, so a clock that fails there is a process that dies there. */
    const dieAfter = (grant: GrantedUser, step: number): Promise<CloseReport> => {
      let readings = 0;
      const clock = (): number => {
        readings += 1;
        if (readings === step) throw new Error('the process died here');
        return Date.now();
      };
      return closeWith(grant, { clock });
    };

    for (const [index, name] of STEPS.entries())
      test(`that crashes right after the step ${name} is made good by ending again`, async () => {
        const grant = await busyGrant();
        await assert.rejects(dieAfter(grant, index + 1), /died here/);
        await endsDead(grant);
      });

    const cutAdministrator = async (): Promise<void> => {
      const [rows] = await users.root.query(
        "SELECT ID FROM information_schema.PROCESSLIST WHERE USER = 'latchkey_admin'",
      );
      for (const { ID } of rows as { ID: number }[]) await users.run(`KILL ${ID}`).catch(() => undefined);
    };

    /** From now on, until that is over. */
    const cutUntil = async (work: Promise<unknown>): Promise<void> => {
      let isOver = false;
      const over = work.finally(() => {
        isOver = true;
      });
      while (!isOver) await cutAdministrator();
      await over;
    };

    test('whose connection is cut at any instant leaves nothing that a second end cannot end', async () => {
      const outcomes = new Set<string | undefined>();
      for (let delayMs = 0; delayMs < 100; delayMs = delayMs * 1.15 + 1) {
        const grant = await busyGrant();
        const closing = grant.close();
        await pause(delayMs);
        await cutUntil(closing);
        const { dead, error } = await closing;
        assert.equal(dead, error === undefined);
        outcomes.add(error?.split(':')[1]);
        await endsDead(grant);
      }
      assert.ok(outcomes.has('unavailable'), 'no connection was cut in time, so nothing was tried');
    });

    test('that follows a making whose connection was cut at any instant ends what was made', async () => {
      const outcomes = new Set<string>();
      for (let delayMs = 0; delayMs < 100; delayMs = delayMs * 1.15 + 1) {
        const id = newGrantId();
        const opening = users.target.open({
          resource: users.resource,
          grant: { ...ACTIVATING, kind: 'mysql', id },
          isStillWanted: async () => true,
        });
        const settled = opening.then(
          () => 'opened',
          ({ name, message }: Error) => (name === 'DependencyUnavailable' ? name : `${name} ${message}`),
        );
        await pause(delayMs);
        await cutUntil(settled);
        outcomes.add(await settled);
        const logIn = () => users.logIn(mysqlUser(id));
        await endsDead({ id, user: mysqlUser(id), logIn, close: () => closeWith({ id } as GrantedUser, {}) });
      }
      assert.ok(outcomes.has('DependencyUnavailable'), `no connection was cut in time: ${[...outcomes]}`);
    });

    test('whose probe gets in, or says nothing, is not dead and keeps the user', async () => {
      const letIn: SignOwn = async (resource, user) => {
        if (user !== 'latchkey_admin') await users.run(`ALTER USER '${user}'@'%' ACCOUNT UNLOCK`);
        return users.signOwn(resource, user);
      };
      const sayNothing: SignOwn = async (resource, user) =>
        user === 'latchkey_admin' ? users.signOwn(resource, user) : 'not a token';
      for (const [signOwn, outcome] of [
        [letIn, 'got_in'],
        [sayNothing, 'unknown'],
      ] as const) {
        const grant = await users.open();
        const report = await closeWith(grant, { signOwn });
        assert.deepEqual([report.dead, report.error], [false, `probe:${outcome}`]);
        assert.equal(await users.exists(grant.user), true);
        const roles = await users.look(
          make.engine === 'mysql'
            ? 'SELECT COUNT(*) AS count FROM mysql.role_edges WHERE TO_USER = ?'
            : 'SELECT COUNT(*) AS count FROM mysql.roles_mapping WHERE User = ?',
          [grant.user],
        );
        assert.deepEqual(roles, { count: 0 });
        await endsDead(grant);
      }
    });

    test('counts as proved by the account’s own refusal only', async (t) => {
      const grant = await users.open();
      const probe = (change: { user?: string; signOwn?: SignOwn; target?: object } = {}) =>
        probeLogin({
          resource: { ...users.resource, target: { ...users.resource.target, ...change.target } },
          user: change.user ?? grant.user,
          signOwn: change.signOwn ?? users.signOwn,
        });
      assert.equal(await probe(), 'got_in' satisfies ProbeOutcome);
      await users.run(`ALTER USER '${grant.user}'@'%' ACCOUNT LOCK`);
      assert.equal(await probe(), 'refused' satisfies ProbeOutcome);
      const { cert } = await generate([{ name: 'commonName', value: 'db.example' }], {
        keyType: 'ec',
        algorithm: 'sha256',
      });
      const silent = createServer((socket) => socket.on('error', () => undefined).end());
      t.after(() => silent.close());
      const cases = {
        'a token that is not signed by anybody': { signOwn: async () => 'password' },
        'a token for another user': { signOwn: (resource) => users.signOwn(resource, 'latchkey_admin') },
        'a user that does not exist': { user: 'lk_nobody' },
        'a server that is down': { target: { port: 1 } },
        'a server that hangs up': { target: { port: await listenOnLoopback(silent) } },
        'a certificate of another authority': { target: { caPem: cert } },
        'an address without a name': {
          target: { host: '127.0.0.1' },
          signOwn: (_resource, user) => users.signOwn(users.resource, user),
        },
      } satisfies Record<string, Parameters<typeof probe>[0]>;
      for (const [name, change] of Object.entries(cases))
        assert.equal(await probe(change), 'unknown' satisfies ProbeOutcome, name);
      await endsDead(grant);
    });

    test('is by an administrator that may do this and nothing else of the instance', async () => {
      const admin = await users.logIn('latchkey_admin', { database: '' });
      const grant = await users.open();
      const refused = {
        'SELECT * FROM orders.orders': 1142,
        "INSERT INTO orders.orders (item) VALUES ('x')": 1142,
        'DROP TABLE orders.orders': 1142,
        'SELECT * FROM latchkey.users': 1142,
        "INSERT INTO latchkey.templates VALUES ('rds_superuser_role')": 1142,
        'SELECT * FROM mysql.user': 1142,
        "CREATE USER 'other'": 1227,
        "ALTER USER 'dbmaster'@'%' IDENTIFIED BY 'x'": 1227,
        "CALL latchkey.run('SELECT 1')": 1370,
        'CALL mysql.rds_kill(1)': 1370,
        [`CALL latchkey.make_user('${grant.id}', 'AWSAuthenticationPlugin', 'RDS', 'rds_superuser_role', 3)`]: 31003,
        [`CALL latchkey.make_user('${grant.id}', 'AWSAuthenticationPlugin', 'RDS', 'orders_app', 0)`]: 31004,
        [`CALL latchkey.make_user('${grant.id}', 'mysql_native_password', '*', 'orders_app', 3)`]: 31002,
        [`CALL latchkey.make_user('${grant.id}', 'AWSAuthenticationPlugin', NULL, 'orders_app', 3)`]: 31002,
        [`CALL latchkey.lock_user('${grant.id}\n', 'AWSAuthenticationPlugin', 'RDS')`]: 31001,
        "CALL latchkey.drop_user('dbmaster')": 31001,
        "CALL latchkey.end_sessions('')": 31001,
        'CALL latchkey.end_sessions(NULL)': 31001,
      };
      for (const [statement, errno] of Object.entries(refused))
        await assert.rejects(admin.query(statement), { errno }, statement);
      await users.run('CREATE VIEW orders.of_others AS SELECT 1');
      await admin.query(`CALL latchkey.drop_view('${grant.id}', 'orders', 'of_others')`);
      assert.deepEqual(await users.look('SELECT COUNT(*) AS count FROM orders.of_others'), { count: 1 });
      await users.run('DROP VIEW orders.of_others');
      await endsDead(grant);
    });
  });
