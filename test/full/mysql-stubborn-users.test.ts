import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import type { CloseReport } from '../../lambdas/app/ports-of-targets.ts';
import {
  type GrantedUser,
  type GrantedUsers,
  isAccessDenied,
  startGrantedUsers,
} from './mysql/granted-users.ts';
import { serverMakes } from './mysql/servers.ts';

const outcomeOf = ({ steps }: CloseReport, name: string): string | undefined =>
  steps.find((step) => step.name === name)?.outcome;

for (const make of serverMakes())
  describe(`a user of ${make.name} that resists its end`, () => {
    let users: GrantedUsers;
    before(async () => {
      users = await startGrantedUsers(make, 'password');
      await users.run('GRANT CREATE, DROP, CREATE ROUTINE, ALTER ROUTINE, EXECUTE ON orders.* TO orders_app');
      await users.run('GRANT CREATE VIEW, SHOW VIEW, TRIGGER, EVENT, LOCK TABLES ON orders.* TO orders_app');
    });
    after(() => users?.stop());

    const endsDead = async (grant: GrantedUser): Promise<CloseReport> => {
      const report = await grant.close();
      assert.deepEqual([report.dead, report.error], [true, undefined]);
      assert.equal(await users.exists(grant.user), false);
      const left = await users.look(
        'SELECT COUNT(*) AS count FROM information_schema.PROCESSLIST WHERE USER = ?',
        [grant.user],
      );
      assert.deepEqual(left, { count: 0 });
      return report;
    };

    test('takes the lock of its own end, with every session it may have', async () => {
      const grant = await users.open();
      const sessions = [await grant.logIn(), await grant.logIn(), await grant.logIn()];
      const takes = sessions.map((session) => session.query(`SELECT GET_LOCK('latchkey ${grant.user}', 60)`));
      for (const take of takes) take.catch(() => undefined);
      await Promise.any(takes);
      await endsDead(grant);
    });

    test('takes the lock of the end of another, and only loses its session', async () => {
      const [grant, other] = [await users.open(), await users.open()];
      const session = await other.logIn();
      await session.query(`SELECT GET_LOCK('latchkey ${grant.user}', 0)`);
      await endsDead(grant);
      await assert.rejects(session.query('SELECT 1'));
      await (await other.logIn()).query('SELECT 1');
      await endsDead(other);
    });

    test('a lock that is held by somebody who is no user of a grant is waited for, and nobody is ended for it', async () => {
      const grant = await users.open();
      await users.run(`DO GET_LOCK('latchkey ${grant.user}', 0)`);
      const closing = grant.close();
      await pause(1_500);
      assert.deepEqual(await users.look('SELECT 1 AS here'), { here: 1 });
      await users.run(`DO RELEASE_LOCK('latchkey ${grant.user}')`);
      assert.equal((await closing).dead, true);
    });

    test('changes its own password', async () => {
      const grant = await users.open();
      await (await grant.logIn()).query(
        make.engine === 'mysql'
          ? "ALTER USER USER() IDENTIFIED BY 'of-its-own'"
          : "SET PASSWORD = PASSWORD('of-its-own')",
      );
      await grant.logIn({ password: 'of-its-own' });
      await endsDead(grant);
      await assert.rejects(grant.logIn({ password: 'of-its-own' }), isAccessDenied);
    });

    test('leaves what acts as itself: a view, routines, a trigger on a table of others, an event that never ends', async () => {
      const grant = await users.open();
      const session = await grant.logIn();
      for (const statement of [
        'CREATE VIEW `odd``view` AS SELECT * FROM orders',
        'CREATE PROCEDURE `odd``procedure`() SELECT COUNT(*) FROM orders',
        'CREATE FUNCTION left_function() RETURNS int DETERMINISTIC RETURN 1',
        'CREATE TRIGGER left_trigger BEFORE INSERT ON orders FOR EACH ROW SET NEW.item = UPPER(NEW.item)',
        'CREATE EVENT `odd``event` ON SCHEDULE EVERY 1 SECOND DO DO SLEEP(30)',
        'CREATE TABLE left_table (id int)',
      ])
        await session.query(statement);
      await pause(1_500);
      const report = await endsDead(grant);
      assert.equal(outcomeOf(report, 'drop_defined'), 'dropped_4');
      await users.run("INSERT INTO orders.orders (item) VALUES ('small')");
      const kept = await users.look(
        `SELECT (SELECT COUNT(*) FROM orders.orders WHERE item = BINARY 'small') AS written,
           (SELECT COUNT(*) FROM orders.left_table) AS rows_of_table`,
      );
      assert.deepEqual(kept, { written: 1, rows_of_table: 0 });
      const acting = await users.look(
        `SELECT (SELECT COUNT(*) FROM information_schema.ROUTINES WHERE DEFINER LIKE 'lk%')
           + (SELECT COUNT(*) FROM information_schema.EVENTS WHERE DEFINER LIKE 'lk%')
           + (SELECT COUNT(*) FROM information_schema.VIEWS WHERE DEFINER LIKE 'lk%')
           + (SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE DEFINER LIKE 'lk%') AS count`,
      );
      assert.deepEqual(Number(acting?.count), 0);
      await users.run('DROP TABLE orders.left_table');
    });

    test('locks tables, and keeps a statement going in an open transaction', async () => {
      const grant = await users.open();
      const [locking, busy] = [await grant.logIn(), await grant.logIn()];
      await busy.query('BEGIN');
      await busy.query("UPDATE orders SET item = 'taken' WHERE id = 1");
      const sleeping = busy.query('SELECT SLEEP(60)');
      sleeping.catch(() => undefined);
      await pause(50);
      await locking.query('CREATE TABLE locked (id int)');
      await locking.query('LOCK TABLES locked WRITE');
      await endsDead(grant);
      assert.deepEqual(await users.look('SELECT item FROM orders.orders WHERE id = 1'), { item: 'apple' });
      await users.run('DROP TABLE orders.locked');
    });

    const prepare = async (grant: GrantedUser, xid: string): Promise<void> => {
      const session: Connection = await grant.logIn();
      await session.query(`XA START ${xid}`);
      await session.query("UPDATE orders SET item = 'prepared' WHERE id = 2");
      await session.query(`XA END ${xid}`);
      await session.query(`XA PREPARE ${xid}`);
      session.destroy();
    };

    test('leaves a prepared transaction, which does not hold up its end; whose it is nobody can tell, so it stays', async () => {
      const grant = await users.open();
      await prepare(grant, "'left'");
      assert.equal(outcomeOf(await endsDead(grant), 'prepared'), 'left_1');
      await users.run("XA ROLLBACK 'left'");
    });

    test('leaves prepared transactions where only agents have any: they are rolled back, with their locks', async () => {
      const target = { ...users.resource.target, preparedTransactions: 'agents' as const };
      const grant = await users.open();
      await prepare(grant, "X'27C3A400', 'b''r', 7");
      const report = await users.target.close({
        resource: { ...users.resource, target },
        grantId: grant.id,
        grant: undefined,
        since: Date.now(),
      });
      assert.deepEqual([report.dead, outcomeOf(report, 'prepared')], [true, 'rolled_back_1']);
      await users.run('SET innodb_lock_wait_timeout = 1');
      await users.run("UPDATE orders.orders SET item = 'pear' WHERE id = 2");
    });

    test('what it left is in use by somebody else: access is over, and the ending is repeated until it is gone', async () => {
      const grant = await users.open();
      await (await grant.logIn()).query('CREATE SQL SECURITY INVOKER VIEW in_use AS SELECT * FROM orders');
      await users.run('BEGIN');
      await users.look('SELECT * FROM orders.in_use');
      const report = await grant.close();
      assert.deepEqual([report.dead, report.error], [false, 'drop_defined:1205']);
      assert.equal(outcomeOf(report, 'probe'), 'refused');
      await users.run('COMMIT');
      await endsDead(grant);
    });

    if (make.engine === 'mariadb')
      test('gives what it made to its template, with whose rights it would act', async () => {
        const grant = await users.open();
        await (await grant.logIn()).query(
          'CREATE DEFINER = CURRENT_ROLE PROCEDURE given_away() SELECT COUNT(*) FROM orders',
        );
        assert.equal(outcomeOf(await endsDead(grant), 'drop_defined'), 'dropped_1');
      });

    test('a hundred end at once, each with a session', async () => {
      const grants = await Promise.all(Array.from({ length: 100 }, () => users.open()));
      await Promise.all(grants.slice(0, 60).map((grant) => grant.logIn()));
      const reports = await Promise.all(grants.map((grant) => grant.close()));
      assert.deepEqual(
        reports.filter(({ dead }) => !dead).map(({ error }) => error),
        [],
      );
      assert.equal(new Set(grants.map(({ user }) => user)).size, 100);
      const left = await users.look("SELECT COUNT(*) AS count FROM mysql.user WHERE User LIKE 'lk\\_%'");
      assert.deepEqual(left, { count: 0 });
    });
  });
