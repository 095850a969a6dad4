import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { UsageError } from '../../bin/command-line.ts';
import { Mistakes } from '../../bin/mistakes.ts';
import { resolveTarget } from '../../bin/resolve-target.ts';
import { compileConfig } from '../../lambdas/core/config/compile.ts';
import { resourcesOf } from '../../lambdas/core/config/resource.ts';
import { writeConfig } from '../support/config-directory.ts';
import { edited, VALID } from '../support/config-text.ts';
import { startRds } from '../support/rds-query-api.ts';
import { runCommand } from '../support/run-command.ts';

const INSTANCE = `
  <DBInstanceIdentifier>orders</DBInstanceIdentifier>
  <DbiResourceId>db-ABCDEFGHIJKLMNOPQRSTUVWXYZ</DbiResourceId>
  <DBInstanceArn>arn:aws:rds:eu-central-1:011122223333:db:orders</DBInstanceArn>
  <Engine>postgres</Engine><EngineVersion>17.4</EngineVersion>
  <DBName>orders</DBName>
  <Endpoint><Address>orders.c1abcdefghij.eu-central-1.rds.amazonaws.com</Address><Port>5433</Port></Endpoint>
  <IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>`;
const CLUSTER = `
  <DBClusterIdentifier>billing</DBClusterIdentifier>
  <DbClusterResourceId>cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ</DbClusterResourceId>
  <DBClusterArn>arn:aws:rds:eu-central-1:011122223333:cluster:billing</DBClusterArn>
  <Engine>aurora-postgresql</Engine><EngineVersion>16.6</EngineVersion>
  <Endpoint>billing.cluster-c1abcdefghij.eu-central-1.rds.amazonaws.com</Endpoint>
  <ReaderEndpoint>billing.cluster-ro-c1abcdefghij.eu-central-1.rds.amazonaws.com</ReaderEndpoint>
  <Port>5432</Port>
  <IAMDatabaseAuthenticationEnabled>true</IAMDatabaseAuthenticationEnabled>`;

const of = (engine: string, version: string): string =>
  INSTANCE.replace('postgres</Engine><EngineVersion>17.4', `${engine}</Engine><EngineVersion>${version}`);

let rds: Awaited<ReturnType<typeof startRds>>;

before(async () => {
  rds = await startRds({
    orders: INSTANCE,
    billing: CLUSTER,
    old: INSTANCE.replace('17.4', '15.9').replace(
      'IAMDatabaseAuthenticationEnabled>true',
      'IAMDatabaseAuthenticationEnabled>false',
    ),
    oracle: INSTANCE.replace('<Engine>postgres', '<Engine>oracle-ee'),
    stock: of('mariadb', '10.11.8'),
    shop: of('mysql', '8.4.3'),
    'old-stock': of('mariadb', '10.5.27'),
    'old-shop': of('mysql', '5.7.44'),
    member: `${INSTANCE}<DBClusterIdentifier>billing</DBClusterIdentifier>`,
    replica: `${INSTANCE}<ReadReplicaSourceDBInstanceIdentifier>orders</ReadReplicaSourceDBInstanceIdentifier>`,
    creating: INSTANCE.replace(/<Endpoint>.*<\/Endpoint>/, ''),
  });
  Object.assign(process.env, { AWS_ENDPOINT_URL_RDS: rds.url, ...CREDENTIALS });
});
after(() => rds.close());

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'operator', AWS_SECRET_ACCESS_KEY: 'secret' };

const resolve = (...args: readonly string[]) =>
  runCommand(['bin/config.ts', 'resolve', ...args, '--region', 'eu-central-1'], {
    AWS_ENDPOINT_URL_RDS: rds.url,
    ...CREDENTIALS,
  });

/** Whether what was printed is a resource as it stands. */
const compileWith = (resource: string) =>
  compileConfig({
    ...VALID,
    resources: `environments: [staging, prod]\nunguarded: [staging]\nresources:\n${resource}`,
    examples: VALID.examples
      .replaceAll(/orders-db|billing-db/g, /id: (\S+)/.exec(resource)?.[1] ?? '')
      .replaceAll('expect: allow, because: [data-crew]', 'expect: needs_approval(1)'),
  });

test('an instance is printed as a resource that compiles as it stands, account with its leading zero', async () => {
  const { code, out } = await resolve('--instance', 'orders');
  assert.equal(code, 0);
  const compiled = compileWith(out);
  if (!compiled.ok) assert.fail(JSON.stringify(compiled.errors));
  const [resource] = resourcesOf(compiled.value.resources, 'postgres');
  assert.equal(resource?.id, 'orders');
  const { caPem: _, ...target } = resource?.target ?? { caPem: '' };
  assert.deepEqual(target, {
    account: '011122223333',
    region: 'eu-central-1',
    resourceId: 'db-ABCDEFGHIJKLMNOPQRSTUVWXYZ',
    host: 'orders.c1abcdefghij.eu-central-1.rds.amazonaws.com',
    port: 5433,
    database: 'orders',
    auth: 'iam',
    roleArn: 'arn:aws:iam::011122223333:role/latchkey-target-orders',
    administratorRoleArn: undefined,
    externalId: undefined,
    adminSecretArn: undefined,
    templateRole: 'orders_app',
    maskedTemplateRole: 'orders_app_masked',
    runRoles: { read: 'orders_reader', write: 'orders_writer', ddl: 'orders_ddl' },
    objectOwner: 'orders_owner',
    connectionLimit: 5,
  });
});

test('a cluster is printed with its writer endpoint, never the reader, and with what RDS does not know left to fill in', async () => {
  const { out } = await resolve('--cluster', 'billing');
  assert.match(out, /resourceId: cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ/);
  assert.match(out, /host: billing\.cluster-c1abcdefghij\./);
  assert.match(out, /database: # RDS does not know it/);
  const compiled = compileWith(out);
  assert.ok(!compiled.ok);
  assert.deepEqual(
    compiled.errors.map(({ path }) => path),
    ['resources[0].target.database'],
  );
});

test('a MySQL or a MariaDB is printed as a resource of its kind, and with the file that sets it up', async () => {
  for (const [name, engine] of [
    ['stock', 'mariadb'],
    ['shop', 'mysql'],
  ] as const) {
    const { out, err } = await resolve('--instance', name);
    const compiled = compileConfig({
      ...VALID,
      resources: `environments: [staging, prod]\nunguarded: [staging]\nresources:\n${out}`,
      examples:
        'examples: [{ agent: sales-analyst, action: mysql:connect, resource: orders, durationSeconds: 60, expect: deny }]',
    });
    if (!compiled.ok) assert.fail(JSON.stringify(compiled.errors));
    const [resource] = resourcesOf(compiled.value.resources, 'mysql');
    const { target, actions } = resource ?? assert.fail(out);
    assert.deepEqual(
      [actions, target.engine, target.auth, target.database, target.templateRole, target.port],
      [['mysql:connect'], engine, 'iam', 'orders', 'orders_app', 5433],
    );
    assert.equal(target.roleArn, 'arn:aws:iam::011122223333:role/latchkey-target-orders');
    assert.match(err, /docs\/targets\/mysql\.sql/);
  }
});

const refuses = (name: string, message: RegExp) =>
  assert.rejects(
    resolveTarget(['--instance', name, '--region', 'eu-central-1']),
    (error) => error instanceof Mistakes && message.test(error.message),
    name,
  );

test('what Latchkey cannot guard is refused with what to do about it', async () => {
  await refuses('old', /runs PostgreSQL 15\.9: upgrade it to 16/);
  await refuses(
    'old',
    /aws rds modify-db-instance --db-instance-identifier orders --enable-iam-database-authentication/,
  );
  await refuses('oracle', /engine is oracle-ee; only PostgreSQL, MySQL and MariaDB/);
  await refuses('old-stock', /runs MariaDB 10\.5\.27: upgrade it to 10\.6/);
  await refuses('old-shop', /runs MySQL 5\.7\.44: upgrade it to 8/);
  await refuses('member', /use --cluster billing/);
  await refuses('replica', /use --instance orders/);
  await refuses('creating', /no endpoint yet/);
});

test('what RDS refuses is told in one line, and nothing is printed that could be pasted', async () => {
  const { code, out, err } = await resolve('--instance', 'nothing');
  assert.deepEqual([code, out], [1, '']);
  assert.equal(err, 'Amazon RDS: nothing: nothing not found. (DBInstanceNotFoundFault)\n');
});

test('the command asks RDS one question, and says what is missing before it asks any', async () => {
  const earlier = rds.asked.length;
  await refuses('oracle', /./);
  assert.deepEqual(rds.asked.slice(earlier), ['DescribeDBInstances oracle']);
  for (const args of [
    [],
    ['--instance', 'a', '--cluster', 'b', '--region', 'x'],
    ['orders'],
    ['--instance', 'a'],
  ])
    await assert.rejects(resolveTarget(args), UsageError);
  assert.equal(rds.asked.length, earlier + 1);
});

test('check compiles as a deployment would, examples included', async () => {
  const sound = await runCommand(['bin/config.ts', 'check', '--config', writeConfig(VALID)]);
  assert.equal(sound.code, 0);
  assert.match(
    sound.out,
    /^Sound: 2 resources, 2 principals, 3 policies, and every example holds\.\nDigest [0-9a-f]{64}\n$/,
  );
  const broken = writeConfig(edited('examples', 'expect: allow', 'expect: deny'));
  const refused = await runCommand(['bin/config.ts', 'check', '--config', broken]);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /examples\.yaml: examples\[0\]: The example expects deny/);
});
