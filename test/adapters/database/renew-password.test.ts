import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { type AdminSecrets, adminSecrets } from '../../../lambdas/adapters/database/admin-secrets.ts';
import { ownLogins } from '../../../lambdas/adapters/database/own-logins.ts';
import { type PasswordSession, renewPassword } from '../../../lambdas/adapters/database/renew-password.ts';
import { ADMIN_USER, type SignOwn } from '../../../lambdas/adapters/database/sign-own.ts';
import { postgresPasswordSession } from '../../../lambdas/adapters/postgres/password-session.ts';
import { connect } from '../../../lambdas/adapters/postgres/session.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import { Killed, killAt } from '../../support/kill-at.ts';
import { ADMIN_PASSWORD, ADMIN_SECRET, startDatabase, type TestDatabase } from '../../support/postgres.ts';
import { type SecretsServer, startSecrets } from '../../support/secrets-server.ts';

const MINUTE_MS = 60_000;

let database: TestDatabase;
let server: SecretsServer;
let secrets: AdminSecrets;
before(async () => {
  database = await startDatabase(undefined, 'password');
});
after(() => database.stop());
beforeEach(async (t) => {
  // A test within another has one of its own, while the other's still stands.
  const started = await startSecrets(JSON.stringify({ password: ADMIN_PASSWORD }));
  server = started;
  secrets = adminSecrets();
  const root = await database.postgres.asSuperuser('postgres');
  await root.query(`ALTER ROLE ${ADMIN_USER} PASSWORD '${ADMIN_PASSWORD}'`);
  await root.end();
  assert.ok('after' in t);
  t.after(() => started.stop());
});

const freshLogins = (): SignOwn =>
  ownLogins({
    signToken: () => Promise.reject(new Error('no tokens here')),
    readKey: async () => randomBytes(32),
    secrets,
    clock: Date.now,
  });

const logsIn = async (signOwn: SignOwn = freshLogins()): Promise<void> => {
  const session = await connect({
    resource: database.resource,
    user: ADMIN_USER,
    database: 'postgres',
    signOwn,
  });
  await session.close();
};

const refusesFirst = () =>
  assert.rejects(
    async () => {
      const session = await database.logIn(ADMIN_USER, { database: 'postgres', password: ADMIN_PASSWORD });
      await session.end();
    },
    { code: '28P01' },
  );

interface Play {
  readonly laterMs?: number;
  readonly pass?: <T>(act: () => Promise<T>) => Promise<T>;
}

/** One renewal at a time that is so much later than now; `pass` stands before and after each call that leaves the process. */
const renew = ({ laterMs = 16 * MINUTE_MS, pass = (act) => act() }: Play = {}): Promise<void> => {
  const resource = database.resource;
  const through = (session: PasswordSession): PasswordSession => ({
    claim: (versionId) => pass(() => session.claim(versionId)),
    change: (password) => pass(() => session.change(password)),
  });
  return renewPassword(
    {
      secrets: {
        read: (...ask) => pass(() => secrets.read(...ask)),
        propose: (...ask) => pass(() => secrets.propose(...ask)),
        promote: (...ask) => pass(() => secrets.promote(...ask)),
      },
      clock: () => Date.now() + laterMs,
      random: randomBytes,
      withSession: (work) =>
        postgresPasswordSession({ resource, signOwn: freshLogins() }, (session) => work(through(session))),
    },
    ADMIN_SECRET,
  );
};

test('a password that was in use for a while is replaced, and the old one opens nothing', async () => {
  await renew();
  await logsIn();
  await refusesFirst();
  assert.equal(server.count(), 2);
});

test('one that was replaced a moment ago stays', async () => {
  await renew({ laterMs: 14 * MINUTE_MS });
  assert.equal(server.count(), 1);
  await logsIn();
});

test('a function that kept the old one finds the new one by itself', async () => {
  const signOwn = freshLogins();
  await logsIn(signOwn);
  await renew();
  await logsIn(signOwn);
});

test('of several at once one replaces it, and all go on', async () => {
  await Promise.all([renew(), renew(), renew(), renew()]);
  assert.equal(server.count(), 2);
  await logsIn();
});

test('killed before or after any call, a renewal leaves a version that opens, and the next one completes it', async (t) => {
  let points = 0;
  for (let point = 1; ; point += 1) {
    await t.test(`point ${point}`, async () => {
      const { pass, wasReached } = killAt(point);
      await renew({ pass }).catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
      if (!wasReached()) return;
      points = point;
      await logsIn();
      await renew();
      await logsIn();
      await renew({ laterMs: 0 });
      await refusesFirst();
      assert.ok(server.count() <= 3);
    });
    if (points !== point) break;
  }
  assert.ok(points >= 14, `only ${points} points were generated`);
});

test('one that was paused, while another replaced the password, changes nothing more', async () => {
  let resume = (): void => undefined;
  const resumed = new Promise<void>((done) => {
    resume = done;
  });
  let proposed = (): void => undefined;
  const isProposed = new Promise<void>((done) => {
    proposed = done;
  });
  let calls = 0;
  const paused = renew({
    pass: async (act) => {
      calls += 1;
      // Both reads, the claim, both reads again; the sixth proposes.
      if (calls === 7) {
        proposed();
        await resumed;
      }
      return act();
    },
  });
  await isProposed;
  const root = await database.postgres.asSuperuser('postgres');
  await root.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = '${ADMIN_USER}'`);
  await root.end();
  await renew();
  resume();
  await assert.rejects(paused, DependencyUnavailable);
  await logsIn();
  assert.equal(server.count(), 2);
});

test('a secret that is away, or not of the expected form, makes logging in unavailable and is quoted nowhere', async () => {
  await secrets.propose(ADMIN_SECRET, { from: 'x', password: 'short' });
  const error = await secrets.read(ADMIN_SECRET, 'AWSPENDING').catch((thrown: unknown) => thrown);
  assert.ok(error instanceof DependencyUnavailable);
  assert.doesNotMatch(`${error.message} ${error.cause}`, /short/);
  await server.stop();
  await assert.rejects(secrets.read(ADMIN_SECRET, 'AWSCURRENT'), DependencyUnavailable);
});
