import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'node:test';
import type { ConfigFiles } from '../../../lambdas/core/config/config-files.ts';
import { resourcesOf } from '../../../lambdas/core/config/resource.ts';
import { assertOneMistake, compiled, VALID } from '../../support/config-text.ts';

/** What the documentation shows, behind the databases of the small configuration. */
const SAMPLE = readFileSync(resolve(import.meta.dirname, '../../../docs/targets/mysql.yaml'), 'utf8')
  .split('\n')
  .map((line) => `  ${line}`)
  .join('\n');
const FILES: ConfigFiles = { ...VALID, resources: `${VALID.resources.trimEnd()}\n${SAMPLE}\n` };
const FIRST = 2;

const edited = (...edits: readonly (readonly [from: string, to: string])[]): ConfigFiles => {
  let { resources } = FILES;
  for (const [from, to] of edits) {
    assert.equal(resources.split(from).length, 2, `"${from}" stands there once`);
    resources = resources.replace(from, () => to);
  }
  return { ...FILES, resources };
};

const refuses = (path: string, message: RegExp, ...edits: readonly (readonly [string, string])[]) =>
  assertOneMistake(edited(...edits), { file: 'resources.yaml', path, message });

const SHOP = `resources[${FIRST}]`;
const STOCK = `resources[${FIRST + 1}]`;

test('what the documentation shows compiles, with defaults and the pinned roots of its region', () => {
  const [shop, stock] = resourcesOf(compiled(FILES).resources, 'mysql');
  assert.deepEqual(
    [shop?.target.engine, shop?.target.auth, shop?.target.adminSecretArn, shop?.sensitive],
    ['mysql', 'iam', undefined, []],
  );
  assert.deepEqual(
    [stock?.target.engine, stock?.target.roleArn, stock?.target.preparedTransactions],
    ['mariadb', undefined, 'shared'],
  );
  assert.match(stock?.target.caPem ?? '', /BEGIN CERTIFICATE/);
});

test('each way to log in needs what it uses, and nothing that it does not', () => {
  refuses(`${SHOP}.target.roleArn`, /"roleArn" is missing: "auth: iam"/, [
    'roleArn: arn:aws:iam::111122223333:role/latchkey-target-shop-db # with auth: iam',
    '',
  ]);
  refuses(`${STOCK}.target.adminSecretArn`, /"adminSecretArn" is missing: "auth: password"/, [
    'adminSecretArn: arn:aws:secretsmanager:eu-central-1:111122223333:secret:latchkey/stock-admin-a1B2c3 # with auth: password',
    '',
  ]);
  refuses(`${STOCK}.target.roleArn`, /"roleArn" has no use with "auth: password"/, [
    '    auth: password\n',
    '    auth: password\n      roleArn: arn:aws:iam::111122223333:role/x\n',
  ]);
});

test('the administrator’s secret is one secret, where the database is', () => {
  const secret = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:latchkey/stock-admin-a1B2c3';
  for (const [to, message] of [
    [secret.replace('eu-central-1', 'us-east-1'), /in eu-central-1 of account 111122223333/],
    [secret.replace('111122223333', '999988887777'), /in eu-central-1 of account 111122223333/],
    [secret.replace('-a1B2c3', ''), /whole ARN/],
    ['arn:aws:secretsmanager:eu-central-1:111122223333:secret:*', /whole ARN/],
  ] as const)
    refuses(`${STOCK}.target.adminSecretArn`, message, [secret, to]);
});

test('templates and databases of ours, of RDS and of MySQL are refused, and so are names that need quoting', () => {
  for (const name of [
    'latchkey_admin',
    'lk_x',
    'rds_superuser_role',
    'mysql',
    'none',
    'Orders',
    'a-b',
    'x'.repeat(33),
  ])
    refuses(`${SHOP}.target.templateRole`, /"templateRole" /, [
      'templateRole: orders_app # whose',
      `templateRole: ${name} # whose`,
    ]);
  for (const name of ['mysql', 'sys', 'latchkey', 'information_schema', 'Stock', 'a`b'])
    refuses(`${STOCK}.target.database`, /"database" /, ['database: stock', `database: "${name}"`]);
});

test('on one server there is one administrator, who logs in in one way', () => {
  const onOneServer = [
    'host: stock.c1exampleabc.eu-central-1.rds.amazonaws.com',
    'host: shop-staging.c1exampleabc.eu-central-1.rds.amazonaws.com',
  ] as const;
  const found = edited(onOneServer);
  assert.throws(() => compiled(found), /auth/);
});

test('one database is in one environment, or its copy would walk around the guard rails', () => {
  const twin = SAMPLE.replaceAll('shop-db', 'shop-copy')
    .split(/(?=^ {2}- id: stock-db)/m)[0]
    ?.replace('env: staging', 'env: prod');
  assertOneMistake(
    { ...FILES, resources: `${FILES.resources}${twin}` },
    { file: 'resources.yaml', path: 'resources[4].env', message: /must be "staging".*resources\[2\]/ },
  );
});

test('an administrator elsewhere is a role of the database’s account, with an external id, and another than signs for grants', () => {
  const role = 'roleArn: arn:aws:iam::111122223333:role/latchkey-target-shop-db # with auth: iam';
  const administrator = 'arn:aws:iam::111122223333:role/latchkey-administrator';
  const withLines = (...lines: string[]): [string, string] => [role, [role, ...lines].join('\n      ')];
  const named = (arn: string) => `administratorRoleArn: ${arn}`;
  const external = 'externalId: latchkey-shop';
  const [shop] = resourcesOf(compiled(edited(withLines(named(administrator), external))).resources, 'mysql');
  assert.deepEqual(
    [shop?.target.administratorRoleArn, shop?.target.externalId],
    [administrator, 'latchkey-shop'],
  );
  refuses(`${SHOP}.target.externalId`, /"administratorRoleArn" needs it/, withLines(named(administrator)));
  const signing = 'arn:aws:iam::111122223333:role/latchkey-target-shop-db';
  refuses(
    `${SHOP}.target.administratorRoleArn`,
    /must be another role than "roleArn"/,
    withLines(named(signing), external),
  );
  const foreign = administrator.replace('111122223333', '999900009999');
  refuses(
    `${SHOP}.target.administratorRoleArn`,
    /must be a role of "account"/,
    withLines(named(foreign), external),
  );
  refuses(`${STOCK}.target.externalId`, /has no use with "auth: password"/, [
    '    auth: password\n',
    `    auth: password\n      ${external}\n`,
  ]);
});

test('numbers out of their limits, other engines and other actions are refused', () => {
  refuses(`${SHOP}.target.connectionLimit`, /"connectionLimit"/, [
    'connectionLimit: 5 #',
    'connectionLimit: 51 #',
  ]);
  refuses(`${SHOP}.target.engine`, /must be one of: mysql, mariadb/, [
    'engine: mysql #',
    'engine: percona #',
  ]);
  refuses(`${SHOP}.target.host`, /is a proxy/, ['shop-staging.c1', 'shop-staging.proxy-c1']);
});
