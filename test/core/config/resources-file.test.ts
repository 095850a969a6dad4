import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { generate } from 'selfsigned';
import { assertOneMistake, compiled, edited, VALID } from '../../support/config-text.ts';

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
  const [, billing] = compiled().resources;
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
  assert.equal(compiled({ ...VALID, resources }).resources[0]?.target.host, 'localhost');
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

test('the role whose rights a grant has is not the one that owns what grants left behind', () => {
  refusesTarget('objectOwner', 'orders_owner', 'orders_app', /another role than "templateRole"/);
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

test('unknown keys, kinds and actions are refused where they stand', () => {
  refuses('description: Orders', 'description: Orders\n    maxDuration: 5', 'maxDuration', /not a key here/);
  refuses('kind: postgres', 'kind: mysql', 'kind', /must be one of: postgres/);
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
  assert.equal(compiled(inline).resources[0]?.target.caPem, expected);
  assert.equal(compiled(beside).resources[0]?.target.caPem, expected);
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
