import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { SignOwn } from '../../../lambdas/adapters/database/sign-own.ts';
import { closeRole } from '../../../lambdas/adapters/postgres/close-role.ts';
import { grantVerifier } from '../../../lambdas/adapters/postgres/grant-verifier.ts';
import { openRole } from '../../../lambdas/adapters/postgres/open-role.ts';
import { postgresTarget } from '../../../lambdas/adapters/postgres/postgres-target.ts';
import { asAdmin, type Session } from '../../../lambdas/adapters/postgres/session.ts';
import { scramVerifier } from '../../../lambdas/core/database/scram-verifier.ts';
import { databaseUser } from '../../../lambdas/core/grant/ids.ts';
import { type GrantedRoles, newGrantId, startGrantedRoles } from '../../support/granted-roles.ts';

let roles: GrantedRoles;
before(async () => {
  roles = await startGrantedRoles('password');
});
after(() => roles.stop());

const verifierOf = async (user: string): Promise<string> => {
  const row = await roles.look('SELECT rolpassword FROM pg_authid WHERE rolname = $1', [user]);
  return String(row?.rolpassword);
};

test('the user of a grant logs in with its password, and with no other’s', async () => {
  const [one, other] = [await roles.open(), await roles.open()];
  const { rows } = await (await one.logIn()).query(
    'SELECT count(*)::int AS count, current_user AS user FROM orders',
  );
  assert.deepEqual(rows, [{ count: 600, user: one.user }]);
  const proof = await roles.database.signOwn(roles.resource, one.user);
  await assert.rejects(other.logIn({ password: proof }), { code: '28P01' });
  await assert.rejects(one.logIn({ database: 'billing' }), { code: '42501' });
});

test('the role is no member of rds_iam, and the server keeps a verifier as it would make one itself', async () => {
  const { user } = await roles.open();
  const held = await roles.look(
    'SELECT array_agg(roleid::regrole::text) AS held FROM pg_auth_members WHERE member = $1::regrole',
    [user],
  );
  assert.deepEqual(held, { held: ['orders_app'] });
  await roles.run("CREATE ROLE made_there LOGIN PASSWORD 'some-password-of-its-own'");
  const made = await verifierOf('made_there');
  const salt = Buffer.from(/:([^$]+)\$/.exec(made)?.[1] ?? '', 'base64');
  assert.equal(scramVerifier('some-password-of-its-own', salt), made);
  await roles.run('DROP ROLE made_there');
});

test('no statement that the server is told holds the password', async () => {
  const { resource } = roles;
  const { signOwn } = roles.database;
  const grantId = newGrantId();
  const told: unknown[] = [];
  await asAdmin({ resource, signOwn }, async (session) => {
    const heard: Session = {
      ...session,
      ask: (text, values) => {
        told.push(text, values);
        return session.ask(text, values);
      },
    };
    const verifier = await grantVerifier({ resource, grantId }, signOwn);
    const isStillWanted = async () => true;
    await openRole(heard, { resource, grantId, template: 'orders_app', verifier, isStillWanted });
    const ask = { resource, grantId, since: Date.now() };
    assert.equal((await closeRole(heard, ask, { signOwn, clock: Date.now })).dead, true);
  });
  const texts = JSON.stringify(told);
  assert.ok(texts.includes('SCRAM-SHA-256'));
  assert.ok(!texts.includes(await signOwn(resource, databaseUser(grantId))));
});

test('an end is proved by the right password, refused because the role may not log in', async () => {
  const grant = await roles.open();
  const session = await grant.logIn();
  const report = await grant.close();
  assert.deepEqual(
    report.steps.slice(0, 3).map(({ name, outcome }) => `${name}:${outcome}`),
    ['nologin:done', 'terminate:ended_1', 'probe:refused'],
  );
  assert.equal(report.dead, true);
  await assert.rejects(session.query('SELECT 1'));
  await assert.rejects(grant.logIn(), { code: '28P01' });
});

test('a user that changed its own password is ended and proved all the same', async () => {
  const grant = await roles.open();
  await (await grant.logIn()).query(`ALTER ROLE ${grant.user} PASSWORD 'of-its-own'`);
  await (await grant.logIn({ password: 'of-its-own' })).query('SELECT 1');
  const report = await grant.close();
  assert.deepEqual([report.dead, report.error], [true, undefined]);
  await assert.rejects(grant.logIn({ password: 'of-its-own' }), { code: '28P01' });
});

test('a wrong password proves nothing', async () => {
  const grant = await roles.open();
  const { signOwn } = roles.database;
  let isProbe = false;
  // The verifier that is put back is right; the probe then has another password.
  const forgetful: SignOwn = async (resource, user, refused) => {
    const proof = await signOwn(resource, user, refused);
    if (!user.startsWith('lk_')) return proof;
    const given = isProbe ? 'another-password' : proof;
    isProbe = true;
    return given;
  };
  const target = postgresTarget({ signOwn: forgetful, clock: Date.now });
  const report = await target.close({
    resource: roles.resource,
    grantId: grant.id,
    grant: undefined,
    since: Date.now(),
  });
  assert.deepEqual([report.dead, report.error], [false, 'probe:unknown']);
  assert.equal((await grant.close()).dead, true);
});
