import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { checkMysqlTarget } from '../../bin/check-mysql-target.ts';
import { TargetRefusal } from '../../lambdas/adapters/database/target-refusal.ts';
import { closeUser } from '../../lambdas/adapters/mysql/close-user.ts';
import { identityOfGrant } from '../../lambdas/adapters/mysql/identity.ts';
import { asAdmin, type Session } from '../../lambdas/adapters/mysql/session.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { CloseReport } from '../../lambdas/app/ports-of-targets.ts';
import { mysqlUser } from '../../lambdas/core/grant/ids.ts';
import { ACTIVATING } from '../support/facts.ts';
import { newGrantId } from '../support/granted-roles.ts';
import { type GrantedUsers, isAccessDenied, startGrantedUsers } from './mysql/granted-users.ts';
import { serverMakes } from './mysql/servers.ts';

const outcomesOf = ({ steps }: CloseReport): string[] =>
  steps.map(({ name, outcome }) => `${name}:${outcome}`);

for (const make of serverMakes())
  for (const auth of ['iam', 'password'] as const)
    describe(`${make.name} with ${auth === 'iam' ? 'IAM authentication' : 'passwords'}`, () => {
      let users: GrantedUsers;
      before(async () => {
        users = await startGrantedUsers(make, auth);
      });
      after(() => users?.stop());

      const ask = (id = newGrantId(), isStillWanted = async () => true) => ({
        resource: users.resource,
        grant: { ...ACTIVATING, kind: 'mysql' as const, id },
        isStillWanted,
      });
      const closeAsk = (grantId: string) => ({
        resource: users.resource,
        grantId,
        grant: undefined,
        since: Date.now(),
      });

      test('the user of a grant logs in over proven TLS and does what the template may', async () => {
        const grant = await users.open();
        const session = await grant.logIn();
        const [rows] = await session.query('SELECT COUNT(*) AS count, CURRENT_USER() AS user FROM orders');
        assert.deepEqual(rows, [{ count: 3, user: `${grant.user}@%` }]);
        await assert.rejects(session.query('SELECT * FROM payroll.salaries'), { errno: 1142 });
        await assert.rejects(session.query("CREATE USER 'lk_other'"), { errno: 1227 });
      });

      test('nobody logs in as it without TLS, to another database or from more sessions than it may have', async () => {
        const grant = await users.open();
        await assert.rejects(grant.logIn({ ssl: undefined }), isAccessDenied);
        await assert.rejects(grant.logIn({ database: 'payroll' }), { errno: 1044 });
        await assert.rejects(grant.logIn({ database: 'latchkey' }), { errno: 1044 });
        for (let count = 0; count < users.resource.target.connectionLimit; count += 1) await grant.logIn();
        await assert.rejects(grant.logIn(), { errno: 1226 });
      });

      test('what proves one user proves no other', async () => {
        const [one, other] = [await users.open(), await users.open()];
        const proof = await users.signOwn(users.resource, one.user);
        await assert.rejects(other.logIn({ password: proof }), isAccessDenied);
        assert.notEqual(proof, await users.signOwn(users.resource, other.user));
      });

      test('a second attempt finds the user of the first, and completes one that was cut short', async () => {
        const grant = await users.open();
        assert.equal(await users.target.open(ask(grant.id)), 'opened');
        await users.run(`ALTER USER '${grant.user}'@'%' ACCOUNT LOCK`);
        assert.equal(await users.target.open(ask(grant.id)), 'opened');
        await (await grant.logIn()).query('SELECT 1 FROM orders');
      });

      test('a user of the same name that is not of this grant is never taken over', async () => {
        const id = newGrantId();
        await users.run(`CREATE USER '${mysqlUser(id)}'@'%' ACCOUNT LOCK`);
        await assert.rejects(users.target.open(ask(id)), { name: 'TargetRefusal', code: '31005' });
        await users.run(`DROP USER '${mysqlUser(id)}'@'%'`);
      });

      test('a grant that is over by the time of the lock leaves no user', async () => {
        const id = newGrantId();
        assert.equal(await users.target.open(ask(id, async () => false)), 'unwanted');
        const away = new DependencyUnavailable('store', undefined);
        await assert.rejects(users.target.open(ask(id, () => Promise.reject(away))), away);
        assert.equal(await users.exists(mysqlUser(id)), false);
      });

      test('an end that begins while the user is being made waits for it and ends it', async () => {
        const id = newGrantId();
        let closing: Promise<CloseReport> | undefined;
        const opened = await users.target.open(
          ask(id, async () => {
            closing = users.target.close(closeAsk(id));
            await pause(300);
            return true;
          }),
        );
        const report = await closing;
        assert.equal(opened, 'opened');
        assert.deepEqual([report?.dead, report?.steps[0]?.outcome], [true, 'done']);
        assert.equal(await users.exists(mysqlUser(id)), false);
      });

      test('an end leaves no session, no login and no user', async () => {
        const grant = await users.open();
        const session = await grant.logIn();
        await session.query('BEGIN');
        await session.query("INSERT INTO orders (item) VALUES ('never')");
        const report = await grant.close();
        assert.deepEqual(outcomesOf(report), [
          'nologin:done',
          'terminate:ended_1',
          'prepared:none',
          'probe:refused',
          'drop_defined:nothing',
          'drop_user:done',
          'sessions:none',
        ]);
        assert.equal(report.dead, true);
        await assert.rejects(session.query('SELECT 1'));
        await assert.rejects(grant.logIn(), isAccessDenied);
        assert.equal(await users.exists(grant.user), false);
        const left = await users.look("SELECT COUNT(*) AS count FROM orders.orders WHERE item = 'never'");
        assert.deepEqual(left, { count: 0 });
      });

      test('every step is timed from when access should have ended', async () => {
        const grant = await users.open();
        const { steps } = await users.target.close({ ...closeAsk(grant.id), since: Date.now() - 60_000 });
        const times = steps.map(({ atMs }) => atMs);
        assert.ok(times.every((at) => at >= 60_000 && at < 75_000));
      });

      test('ending again, or what never was, is dead as well', async () => {
        const grant = await users.open();
        await grant.close();
        for (const id of [grant.id, newGrantId()]) {
          const report = await users.target.close(closeAsk(id));
          assert.deepEqual([report.dead, outcomesOf(report)], [true, ['nologin:absent', 'sessions:none']]);
        }
      });

      test('three ends of one grant at the same time agree that it is dead', async () => {
        const grant = await users.open();
        const reports = await Promise.all([grant.close(), grant.close(), grant.close()]);
        assert.deepEqual(
          reports.map(({ dead, error }) => [dead, error]),
          [true, true, true].map((dead) => [dead, undefined]),
        );
      });

      test('an end that another one is in the way of asks once more, and one that is refused again has not come', async () => {
        const grant = await users.open();
        const ask = { resource: users.resource, grantId: grant.id, since: Date.now() };
        const identity = await identityOfGrant(ask, users.signOwn);
        const tools = { signOwn: users.signOwn, clock: Date.now };
        const closeRefused = (isRefused: (call: number) => boolean) =>
          asAdmin({ resource: users.resource, ...tools }, (session) => {
            let calls = 0;
            const askOther: Session['ask'] = (text, values) => {
              if (text.includes('latchkey.lock_user') && isRefused(++calls))
                return Promise.reject(new TargetRefusal('1962'));
              return session.ask(text, values);
            };
            return closeUser({ ...session, ask: askOther }, { ...ask, identity }, tools);
          });
        const refused = await closeRefused((call) => call > 1);
        assert.deepEqual([refused.dead, refused.error], [false, 'nologin:1962']);
        const ended = await closeRefused((call) => call === 1 || call === 3);
        assert.deepEqual([ended.dead, ended.error], [true, undefined]);
      });

      test('the inventory lists the grants whose users the target holds, and makes up the id of a stranger’s', async () => {
        const [kept, ended, stranger] = [await users.open(), await users.open(), newGrantId()];
        await ended.close();
        await users.run(`CREATE USER '${mysqlUser(stranger)}'@'%' ACCOUNT LOCK`);
        const listed = await users.target.inventory(users.resource);
        const made = listed.find((id) => mysqlUser(id) === mysqlUser(stranger));
        assert.deepEqual([listed.includes(kept.id), listed.includes(ended.id)], [true, false]);
        assert.ok(made !== undefined && made !== stranger);
        assert.equal((await users.target.close(closeAsk(made))).dead, true);
        assert.equal(await users.exists(mysqlUser(stranger)), false);
      });

      test('a target that was prepared as written lacks nothing but what its server leaves out, and says what to mend', async () => {
        const lacking = async (target: object = {}) =>
          (
            await checkMysqlTarget(
              { ...users.resource, target: { ...users.resource.target, ...target } },
              users.signOwn,
            )
          )
            .filter(({ ok }) => !ok)
            .map(({ item }) => item);
        assert.deepEqual(await lacking(), ['TLS is required of everybody']);
        assert.deepEqual(await lacking({ templateRole: 'other_app', database: 'payroll' }), [
          'the administrator may drop what its database lets no procedure drop',
          'the template exists',
          'the template may be given',
          'TLS is required of everybody',
        ]);
        await assert.rejects(
          checkMysqlTarget(users.resource, async () => 'wrong'),
          { name: 'Mistakes' },
        );
      });

      test('a target that is away is unavailable for opening, and not dead for closing', async () => {
        const resource = { ...users.resource, target: { ...users.resource.target, port: 1 } };
        await assert.rejects(users.target.open({ ...ask(), resource }), DependencyUnavailable);
        await assert.rejects(users.target.inventory(resource), DependencyUnavailable);
        assert.deepEqual(await users.target.close({ ...closeAsk(newGrantId()), resource }), {
          dead: false,
          steps: [],
          error: 'connect:unavailable',
        });
      });
    });
