import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { after, before, test } from 'node:test';
import { logInToTarget } from '../../bin/log-in-to-target.ts';
import { Mistakes } from '../../bin/mistakes.ts';
import type { SignOwn } from '../../lambdas/adapters/database/sign-own.ts';
import { type PostgresTargetAddress, resourcesOf } from '../../lambdas/core/config/resource.ts';
import { writeConfig } from '../support/config-directory.ts';
import { compiled, edited } from '../support/config-text.ts';
import { startDatabase, type TestDatabase } from '../support/postgres.ts';
import { runCommand } from '../support/run-command.ts';

let database: TestDatabase;
before(async () => {
  database = await startDatabase();
});
after(() => database.stop());

const refuses = (
  change: Partial<PostgresTargetAddress>,
  message: RegExp,
  signOwn: SignOwn = database.signOwn,
) => {
  const { resource } = database;
  return assert.rejects(
    logInToTarget({ ...resource, target: { ...resource.target, ...change } }, signOwn),
    (error) => error instanceof Mistakes && message.test(error.message),
  );
};

test('whoever may sign for the administrator logs in as it, and as nobody else', async () => {
  const session = await logInToTarget(database.resource, database.signOwn);
  try {
    assert.deepEqual(await session.ask('SELECT current_user AS name'), [{ name: 'latchkey_admin' }]);
  } finally {
    await session.close();
  }
});

test('a login that fails says what to mend: the network, the certificate, the right, the database, the credentials', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => closed.once('listening', resolve));
  const address = closed.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await new Promise((resolve) => closed.close(resolve));
  await refuses({ port }, /cannot be reached from here/);
  await refuses(
    { caPem: resourcesOf(compiled().resources, 'postgres')[0]?.target.caPem ?? '' },
    /does not prove itself/,
  );
  await refuses({}, /rds-db:connect on dbuser:db-TEST\/latchkey_admin/, async () => 'not a token');
  await refuses({ database: 'nowhere' }, /Name a database that exists/);
  await refuses({}, /Sign in to AWS first/, async () => {
    throw Object.assign(new Error('Could not load credentials from any providers'), {
      name: 'CredentialsProviderError',
    });
  });
});

test('a failed login repeats no token', async () => {
  const token = 'secret-token-of-the-operator';
  await assert.rejects(
    logInToTarget(database.resource, async () => token),
    (error) => error instanceof Mistakes && !error.message.includes(token),
  );
});

/** The whole command against the real database, signed with credentials from its environment. */
const check = (heir: string) => {
  const { account, region, resourceId, host, port, caPem } = database.resource.target;
  const target = {
    account,
    region,
    resourceId,
    host,
    port,
    database: 'orders',
    roleArn: `arn:aws:iam::${account}:role/latchkey-target-orders-db`,
    templateRole: 'orders_app',
    objectOwner: heir,
    tls: { ca: caPem },
  };
  const files = edited('resources', 'target:', `target: ${JSON.stringify(target)}\n    unused:`);
  const resources = files.resources.replace(/ {4}unused:\n( {6}.*\n)+/, '');
  const { accessKeyId, secretAccessKey, sessionToken } = database.session;
  return runCommand(
    ['bin/config.ts', 'check', 'orders-db', '--config', writeConfig({ ...files, resources })],
    {
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
      AWS_SESSION_TOKEN: sessionToken,
    },
  );
};

test('the command asks a target what it lacks: nothing, where docs/targets/postgres.sql was applied', async () => {
  const { code, out, err } = await check('orders_owner');
  assert.equal(err, '');
  assert.match(out, /^Sound: .*\nDigest .*\nok\t/);
  assert.match(out, /\norders-db lacks nothing\.\n$/);
  assert.equal(code, 0);
});

test('what a target lacks is listed with its mend, and ends with exit code 1', async () => {
  const { code, out } = await check('nobodys_role');
  assert.match(out, /lacks\tthe heir exists and nobody logs in as it\tApply docs\/targets\/postgres\.sql/);
  assert.match(out, /orders-db lacks [0-9]+ of [0-9]+\.\n$/);
  assert.equal(code, 1);
});
