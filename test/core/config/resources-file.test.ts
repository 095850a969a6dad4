import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { resourcesOf } from '../../../lambdas/core/config/resource.ts';
import { assertOneMistake, compiled, edited, VALID } from '../../support/config-text.ts';
import { RUNNING } from '../../support/running-config.ts';

/** The databases of what is compiled, in order. */
const databases = (files?: Parameters<typeof compiled>[0]) =>
  resourcesOf(compiled(files).resources, 'postgres');

const refuses = (from: string, to: string, path: string, message: RegExp) =>
  assertOneMistake(edited('resources', from, to), {
    file: 'resources.yaml',
    path: `resources[0].${path}`,
    message,
  });

const refusesTarget = (key: string, from: string, to: string, message: RegExp) =>
  refuses(`${key}: ${from}`, `${key}: ${to}`, `target.${key}`, message);

const HOST = 'orders.c1abcdefghij.eu-central-1.rds.amazonaws.com';

test('a resource is compiled with defaults and the pinned roots of its region', () => {
  const [, billing] = databases();
  assert.equal(billing?.target.port, 5432);
  assert.equal(billing?.target.connectionLimit, 5);
  const roots = billing?.target.caPem.split(/(?=-----BEGIN)/).map((pem) => new X509Certificate(pem)) ?? [];
  assert.equal(roots.length, 3);
  for (const root of roots) {
    assert.match(root.subject, /CN=Amazon RDS eu-central-1 Root CA (RSA2048|RSA4096|ECC384) G1/);
    assert.ok(root.ca && new Date(root.validTo).getFullYear() > 2060);
  }
});

test('a region whose certificates do not come with this version is refused, never left without a pin', () => {
  const moved = edited('resources', 'region: eu-central-1', 'region: mx-central-1');
  const files = { ...moved, resources: moved.resources.replace(HOST, HOST.replace('eu', 'mx')) };
  assertOneMistake(files, {
    file: 'resources.yaml',
    path: 'resources[0].target.tls.ca',
    message: /PEM file.*mx-central-1/,
  });
});

test('endpoints behind which there may be another server are refused', () => {
  const region = 'eu-central-1.rds.amazonaws.com';
  refusesTarget('host', HOST, `orders.proxy-c1abcdefghij.${region}`, /is a proxy/);
  refusesTarget('host', HOST, `ro.endpoint.proxy-c1abcdefghij.${region}`, /is a proxy/);
  refusesTarget('host', HOST, `orders.cluster-ro-c1abcdefghij.${region}`, /is a reader endpoint/);
  refusesTarget('host', HOST, `orders.cluster-custom-c1abcdefghij.${region}`, /is a custom endpoint/);
  refusesTarget('host', HOST, 'orders.global-c1abcdefghij.global.rds.amazonaws.com', /is a global endpoint/);
  refusesTarget('resourceId', 'db-ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'prx-0123456789abcdef0', /is a proxy/);
});

test('a host that is not an endpoint of RDS is refused, however much it resembles one', () => {
  for (const host of [
    'db.internal.example.com',
    `${HOST}.example.com`,
    `${HOST}.`,
    `evil.example/${HOST}`,
    HOST.toUpperCase(),
    HOST.replace('amazonaws', 'amazonavvs'),
    '10.0.0.1',
    '"orders.c1abcdefghij.eu-central-1.rds.amazonaws.com\\n"',
  ])
    refusesTarget('host', HOST, host, /must be an endpoint of Amazon RDS/);
});

test('host, region, resource id and role must speak of one target', () => {
  refusesTarget(
    'host',
    HOST,
    HOST.replace('eu-central-1', 'us-east-1'),
    /is in us-east-1, but "region" says eu-central-1/,
  );
  refusesTarget('resourceId', 'db-A', 'cluster-A', /must be of one thing/);
  refusesTarget('roleArn', 'arn:aws:iam::111122223333', 'arn:aws:iam::999999999999', /target's account/);
});

test('localhost is a target of the account that does not exist, and of no other', () => {
  refusesTarget('host', HOST, 'localhost', /goes with account "000000000000" only/);
  const local = edited('resources', HOST, 'localhost');
  const resources = local.resources
    .replace('"111122223333"', '"000000000000"')
    .replace('::111122223333:', '::000000000000:');
  assert.equal(databases({ ...VALID, resources })[0]?.target.host, 'localhost');
});

test('an unquoted account, which YAML would read as a number, is refused with the mend', () => {
  refusesTarget('account', '"111122223333"', '011122223333', /in quotes/);
});

test('roles of ours, of RDS and of PostgreSQL, and names that would need quoting, are refused', () => {
  for (const role of [
    'latchkey_admin',
    'lk_abc',
    'rds_superuser',
    'rdsadmin',
    'pg_monitor',
    'postgres',
    'public',
  ])
    refusesTarget('templateRole', 'orders_app', role, /must be a role of your own/);
  for (const role of [
    'Orders',
    '"orders app"',
    '"o\'r"',
    '"o\\"r"',
    'orders-app',
    '"order;drop"',
    '"\\u00f6"',
    '9a',
  ])
    refusesTarget('objectOwner', 'orders_owner', role, /plain PostgreSQL name/);
  refusesTarget('templateRole', 'orders_app', 'a'.repeat(64), /at most 63/);
  for (const database of ['rdsadmin', 'postgres', 'template1'])
    refusesTarget('database', 'orders', database, /database of your own/);
});

test('no role whose rights a grant has owns what grants left behind, but for ddl, which needs it', () => {
  refusesTarget(
    'objectOwner',
    'orders_owner',
    'orders_app',
    /another role than those whose rights grants have/,
  );
  const owns = (roles: string) =>
    edited('resources', 'objectOwner: orders_owner', `objectOwner: orders_owner${roles}`);
  for (const roles of [
    '\n      maskedTemplateRole: orders_owner',
    '\n      runRoles: { read: orders_owner }',
    '\n      runRoles: { write: orders_owner }',
  ])
    assertOneMistake(owns(roles), {
      file: 'resources.yaml',
      path: 'resources[0].target.objectOwner',
      message: /another role/,
    });
  assert.ok(compiled(owns('\n      runRoles: { ddl: orders_owner }')));
});

/** `billing-db` as it stands, but on the server of `orders-db`; and with each edit made. */
const onOneServer = (...edits: readonly (readonly [from: string, to: string])[]) => {
  let { resources } = VALID;
  for (const [from, to] of [...TO_ONE_SERVER, ...edits]) {
    assert.ok(resources.includes(from), from);
    resources = resources.replace(from, to);
  }
  return { ...VALID, resources };
};

const TO_ONE_SERVER = [
  ['cluster-ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'db-ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ['billing.cluster-c1abcdefghij.eu-central-1.rds.amazonaws.com', HOST],
] as const;

const refusesSecond = (files: typeof VALID, path: string, message: RegExp) =>
  assertOneMistake(files, { file: 'resources.yaml', path: `resources[1].${path}`, message });

const SAME_DATABASE = ['database: billing', 'database: orders'] as const;

test('one database is in one environment, or its copy would walk around the guard rails', () => {
  assert.ok(compiled(onOneServer()), 'two databases on one server may be in two environments');
  const asStaging = /"env" must be "staging", as of resources\[0\], which is the same database/;
  refusesSecond(onOneServer(SAME_DATABASE), 'env', asStaging);
  const otherId = onOneServer(SAME_DATABASE, ['db-ABC', 'db-XYZ']);
  refusesSecond(otherId, 'env', asStaging);
  const otherHost = onOneServer(SAME_DATABASE, [HOST, HOST.replace('orders', 'other')]);
  refusesSecond(otherHost, 'env', asStaging);
});

test('one database has one list of what is sensitive, whatever the order', () => {
  const twice = (sensitive: string, other: string) => ({
    ...onOneServer(
      SAME_DATABASE,
      ['env: prod', `env: staging\n    sensitive: ${other}`],
      ['env: staging\n', `env: staging\n    sensitive: ${sensitive}\n`],
      ['[postgres:connect]', '[postgres:read]'],
      ['[postgres:connect]', '[postgres:read]'],
      ['objectOwner: orders_owner', 'objectOwner: orders_owner\n      runRoles: { read: r }'],
      ['objectOwner: billing_owner', 'objectOwner: billing_owner\n      runRoles: { read: r }'],
    ),
    examples:
      'examples: [{ workload: deployer, action: postgres:read, resource: orders-db, durationSeconds: 60, expect: deny }]',
  });
  const email = '{ column: public.a.email, category: email }';
  const card = '{ column: public.a.card, category: card }';
  const same = /"sensitive" must say the same as that of resources\[0\]/;
  assert.ok(compiled(twice(`[${email}, ${card}]`, `[${card}, ${email}]`)));
  refusesSecond(twice(`[${email}, ${card}]`, `[${email}]`), 'sensitive', same);
  refusesSecond(twice('[]', `[${email}]`), 'sensitive', same);
  const weaker = email.replace('}', ', mask: token }');
  refusesSecond(twice(`[${email}]`, `[${weaker}]`), 'sensitive', same);
});

test('no role whose rights a grant has owns what grants of another resource on the server left behind', () => {
  const owner = ['billing_owner', 'orders_app'] as const;
  refusesSecond(onOneServer(owner), 'target.objectOwner', /grants of resources\[0\] have.*same server/);
  const template = ['billing_app', 'orders_owner'] as const;
  refusesSecond(onOneServer(template), 'target', /"orders_owner" is the "objectOwner" of resources\[0\]/);
  const writes = [
    'objectOwner: billing_owner',
    'objectOwner: b\n      runRoles: { write: orders_owner }',
  ] as const;
  refusesSecond(onOneServer(writes), 'target', /"orders_owner" is the "objectOwner" of resources\[0\]/);
  assert.ok(compiled(edited('resources', 'billing_owner', 'orders_app')), 'on another server');
});

test('numbers out of their limits are refused', () => {
  for (const seconds of ['59', '43201', '90.5', '.inf', '"900"'])
    refuses(
      'maxDurationSeconds: 3600',
      `maxDurationSeconds: ${seconds}`,
      'maxDurationSeconds',
      /"maxDurationSeconds" must/,
    );
  refusesTarget('port', '5432', '0', /at least 1/);
  refusesTarget('connectionLimit', '5', '51', /at most 50/);
});

test('where people are asked is a channel by its id, and they are not reminded at once or after it is too late', () => {
  const asked = (approvals: string): readonly [from: string, to: string] => [
    'description: Orders',
    `description: Orders\n    approvals: ${approvals}`,
  ];
  const resource = compiled(
    edited('resources', ...asked('{ slackChannel: C0123ABCD, remindAfterSeconds: 60 }')),
  );
  assert.deepEqual(resource.resources[0]?.approvals, { slackChannel: 'C0123ABCD', remindAfterSeconds: 60 });
  assert.equal(compiled().resources[0]?.approvals, undefined);
  for (const channel of ['"#approvals"', 'U0123ABCD', 'D0123ABCD', 'C0'])
    refuses(...asked(`{ slackChannel: ${channel} }`), 'approvals.slackChannel', /must be an id of Slack/);
  for (const seconds of ['59', '3601', '90.5'])
    refuses(...asked(`{ remindAfterSeconds: ${seconds} }`), 'approvals.remindAfterSeconds', /must/);
  refuses(...asked('{ channel: C0123ABCD }'), 'approvals.channel', /not a key here/);
});

test('unknown keys, kinds and actions are refused where they stand', () => {
  refuses('description: Orders', 'description: Orders\n    maxDuration: 5', 'maxDuration', /not a key here/);
  refuses('kind: postgres', 'kind: oracle', 'kind', /must be one of: postgres/);
  refuses('[postgres:connect]', '[postgres:superuser]', 'actions[0]', /must be one of: postgres:connect/);
  refuses('[postgres:connect]', '[]', 'actions', /at least 1/);
});

test('an id is plain, short and used once', () => {
  refuses('id: orders-db', 'id: ".*"', 'id', /lower-case words/);
  refuses('id: orders-db', `id: ${'a'.repeat(41)}`, 'id', /at most 40/);
  assertOneMistake(edited('resources', 'id: billing-db', 'id: orders-db'), {
    file: 'resources.yaml',
    path: 'resources[1].id',
    message: /taken by resources\[0\]/,
  });
});

test('an environment that is misspelt is refused, for the resource would escape the guard rails', () => {
  assertOneMistake(edited('resources', 'env: prod', 'env: prd'), {
    file: 'resources.yaml',
    path: 'resources[1].env',
    message: /Did you mean "prod"/,
  });
});

const { cert, private: privateKey } = await generate([{ name: 'commonName', value: 'localhost' }]);

const withCa = (ca: string) => edited('resources', '{ ca: rds }', `{ ca: ${ca} }`);

test('a certificate may stand in the file or beside it, and only the certificate travels on', () => {
  const inline = withCa(JSON.stringify(`some words\n${cert}\nmore words`));
  const beside = { ...withCa('{ file: internal.pem }'), certificates: new Map([['internal.pem', cert]]) };
  const expected = new X509Certificate(cert).toString();
  assert.equal(databases(inline)[0]?.target.caPem, expected);
  assert.equal(databases(beside)[0]?.target.caPem, expected);
});

test('a private key, a broken certificate, no certificate and a missing file are refused', () => {
  const refusesCa = (ca: string, message: RegExp) =>
    assertOneMistake(withCa(ca), { file: 'resources.yaml', path: 'resources[0].target.tls.ca', message });
  refusesCa(JSON.stringify(cert + privateKey), /holds a private key/);
  refusesCa(JSON.stringify(cert.replace(/[A-Za-z0-9]{20}/, 'A'.repeat(20))), /cannot be read: number 1/);
  refusesCa(JSON.stringify(cert.repeat(9)), /at most 8/);
  refusesCa('none', /must be "rds"/);
  refusesCa('{ file: ../../etc/internal.pem }', /not a \*\.pem file beside/);
});

/** The configuration with runs and something sensitive, `from` in its resources replaced by `to`. */
const running = (from = '', to = '') => {
  assert.ok(RUNNING.resources.includes(from), from);
  return { ...RUNNING, resources: RUNNING.resources.replace(from, to) };
};

const refusesRunning = (from: string, to: string, path: string, message: RegExp) =>
  assertOneMistake(running(from, to), { file: 'resources.yaml', path: `resources[0].${path}`, message });

test('what is sensitive is compiled to its parts and its form of mask, which is to redact unless said otherwise', () => {
  const { resources, categories } = compiled(running());
  const [first] = databases(running());
  assert.deepEqual(resources[0]?.sensitive, [
    { schema: 'public', table: 'customers', column: 'email', category: 'email', form: { kind: 'token' } },
    {
      ...{ schema: 'public', table: 'customers', column: 'card', category: 'card' },
      form: { kind: 'keep_last', count: 4 },
    },
    { schema: 'hr', table: 'people', column: 'salary', category: 'salary', form: { kind: 'redact' } },
  ]);
  assert.deepEqual(first?.target.runRoles, { read: 'orders_reader', write: 'orders_writer' });
  assert.deepEqual(resources[1]?.sensitive, []);
  assert.deepEqual(categories.slice(-2), ['pem', 'salary']);
});

test('a column that is not written out in full is refused, for what it masks would be a guess', () => {
  for (const column of [
    'email',
    'customers.email',
    'db.public.customers.email',
    '"public.customers.*"',
    '"public.customers.Email"',
  ])
    refusesRunning(
      'column: public.customers.email',
      `column: ${column}`,
      'sensitive[0].column',
      /"column" must be a column as schema\.table\.column/,
    );
});

test('a column is listed once, with a plain category and a known mask', () => {
  refusesRunning(
    'hr.people.salary',
    'public.customers.email',
    'sensitive[2].column',
    /"column" is there already, in sensitive\[0\]/,
  );
  refusesRunning(
    'category: salary',
    'category: Salary',
    'sensitive[2].category',
    /"category" must be lower-case words/,
  );
  refusesRunning('category: salary', `category: ${'a'.repeat(41)}`, 'sensitive[2].category', /at most 40/);
  refusesRunning('mask: token', 'mask: hide', 'sensitive[0].mask', /"mask" must be redact, token, or/);
  const keep = 'sensitive[0].mask.keepLast';
  refusesRunning('mask: token', 'mask: { keepLast: 0 }', keep, /"keepLast" must be at least 1/);
  refusesRunning('mask: token', 'mask: { keepLast: 9 }', keep, /"keepLast" must be at most 8/);
  refusesRunning('mask: token', 'mask: token, unmask: x', 'sensitive[0].unmask', /not a key here/);
});

test('an action that runs needs the role of its class', () => {
  refusesRunning(
    ', write: orders_writer',
    '',
    'target.runRoles.write',
    /"write" is missing.*runs of postgres:write/,
  );
  refusesRunning('read: orders_reader, ', '', 'target.runRoles.read', /"read" is missing/);
  refusesRunning(
    'postgres:read, postgres:write',
    'postgres:read, postgres:write, postgres:ddl',
    'target.runRoles.ddl',
    /"ddl" is missing/,
  );
  refusesRunning(
    'read: orders_reader',
    'read: pg_read_all_data',
    'target.runRoles.read',
    /a role of your own/,
  );
  refusesRunning('read: orders_reader', 'read: Reader', 'target.runRoles.read', /plain PostgreSQL name/);
  refusesRunning('read: orders_reader', 'reads: orders_reader', 'target.runRoles.reads', /not a key here/);
});

test('a login to what has something sensitive needs a template that lacks it, and runs alone do not', () => {
  const line = '      maskedTemplateRole: orders_app_masked\n';
  refusesRunning(
    line,
    '',
    'target.maskedTemplateRole',
    /"maskedTemplateRole" is missing: a login cannot mask/,
  );
  refusesRunning(
    'maskedTemplateRole: orders_app_masked',
    'maskedTemplateRole: orders_app',
    'target.maskedTemplateRole',
    /another role than "templateRole"/,
  );
  refusesRunning('orders_app_masked', 'latchkey_admin', 'target.maskedTemplateRole', /a role of your own/);
  const { resources } = running(line, '');
  const runsOnly = {
    ...VALID,
    resources: resources.replace('[postgres:connect, postgres:read', '[postgres:read'),
  };
  assert.equal(databases(runsOnly)[0]?.target.maskedTemplateRole, undefined);
});
