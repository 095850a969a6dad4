import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { generate } from 'selfsigned';
import { createRdsFront } from '../../../examples/targets/rds-front.ts';
import { ADMIN_USER, type SignOwn } from '../../../lambdas/adapters/database/sign-own.ts';
import { postgresTarget } from '../../../lambdas/adapters/postgres/postgres-target.ts';
import { type ProbeOutcome, probeLogin } from '../../../lambdas/adapters/postgres/probe-login.ts';
import { listenOnLoopback } from '../../../local/loopback.ts';
import { type GrantedRole, type GrantedRoles, startGrantedRoles } from '../../support/granted-roles.ts';

let roles: GrantedRoles;
let grant: GrantedRole;
before(async () => {
  roles = await startGrantedRoles();
  grant = await roles.open();
});
after(() => roles.stop());

interface Change {
  readonly user?: string;
  readonly signOwn?: SignOwn;
  readonly target?: object;
}

const probe = ({ user = grant.user, signOwn = roles.database.signOwn, target }: Change = {}) =>
  probeLogin({
    resource: { ...roles.resource, target: { ...roles.resource.target, ...target } },
    user,
    database: 'orders',
    signOwn,
  });

test('a role that may log in gets in', async () => {
  assert.equal(await probe(), 'got_in');
});

test('only the role’s own refusal is a refusal', async () => {
  await roles.look(`ALTER ROLE ${grant.user} NOLOGIN`);
  assert.equal(await probe(), 'refused');
});

test('a refusal that says nothing about the role is unknown', async (t) => {
  await roles.look(`ALTER ROLE ${grant.user} NOLOGIN`);
  const { cert: certPem, private: keyPem } = await generate([{ name: 'commonName', value: 'db.example' }], {
    keyType: 'ec',
    algorithm: 'sha256',
  });
  const admits = async () => true;
  const misnamed = createRdsFront({ certificate: { certPem, keyPem }, upstream: '/nowhere', admits });
  const silent = createServer((socket) => socket.on('error', () => undefined).end());
  t.after(() => [misnamed, silent].map((server) => server.close()));
  const cases: Record<string, Change> = {
    'a token that is not signed by anybody': { signOwn: async () => 'password' },
    'a token for another user': { signOwn: (resource) => roles.database.signOwn(resource, ADMIN_USER) },
    'a role that does not exist': { user: 'lk_nobody' },
    'a server that is down': { target: { port: 1 } },
    'a server that hangs up': { target: { port: await listenOnLoopback(silent) } },
    'a certificate of another authority': { target: { caPem: certPem } },
    'a certificate for another name': { target: { caPem: certPem, port: await listenOnLoopback(misnamed) } },
  };
  for (const [name, change] of Object.entries(cases))
    assert.equal(await probe(change), 'unknown' satisfies ProbeOutcome, name);
});

test('an ending whose probe gets in, or says nothing, is not dead and keeps the role', async () => {
  const letIn: SignOwn = async (resource, user) => {
    if (user !== ADMIN_USER) {
      await roles.look(`ALTER ROLE ${user} LOGIN`);
      await roles.look(`GRANT orders_app TO ${user}`);
    }
    return roles.database.signOwn(resource, user);
  };
  const sayNothing: SignOwn = async (resource, user) =>
    user === ADMIN_USER ? roles.database.signOwn(resource, user) : 'password';
  for (const [signOwn, outcome] of [
    [letIn, 'got_in'],
    [sayNothing, 'unknown'],
  ] as const) {
    const { id, user } = await roles.open();
    const target = postgresTarget({ signOwn, clock: Date.now });
    const report = await target.close({
      resource: roles.resource,
      grantId: id,
      grant: undefined,
      since: Date.now(),
    });
    assert.deepEqual([report.dead, report.error], [false, `probe:${outcome}`]);
    assert.equal(report.steps.at(-1)?.name, 'probe');
    assert.equal(await roles.exists(user), true);
  }
});

test('an ending that could not be proved has taken the template away all the same', async () => {
  const { id, user, logIn } = await roles.open();
  const session = await logIn();
  const signOwn: SignOwn = async (resource, name) =>
    name === ADMIN_USER ? roles.database.signOwn(resource, name) : 'password';
  const target = postgresTarget({ signOwn, clock: Date.now });
  await target.close({ resource: roles.resource, grantId: id, grant: undefined, since: Date.now() });
  await assert.rejects(session.query('SELECT FROM orders'));
  const held = await roles.look(
    'SELECT array_agg(roleid::regrole::text) AS held FROM pg_auth_members WHERE member = $1::regrole',
    [user],
  );
  assert.deepEqual(held, { held: ['rds_iam'] });
});
