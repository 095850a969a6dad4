import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readConfig } from '../../bin/read-config.ts';
import { findMariadb } from '../../examples/targets/mysql/find-mariadb.ts';
import { compileConfig } from '../../lambdas/core/config/compile.ts';
import { writeLocalConfig } from '../../local/local-config.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-local-config-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const PLACE = { account: '000000000000', region: 'us-east-1', resourceId: 'db-LOCAL' };
const adminSecretArn = 'arn:aws:secretsmanager:us-east-1:000000000000:secret:admin-000000';
const HOST_KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIBT6CUbTzZBKOtxHn9NrXOabAjqloCRk6etFIeEBp2cn';

const localResources = (others: readonly string[]) => {
  writeLocalConfig('config', directory, {
    ...PLACE,
    issuer: { issuer: 'https://localhost:1', jwksUri: 'https://localhost:1/jwks' },
    certPem: readFileSync('config/shop-cluster.pem', 'utf8'),
    databases: new Map<string, { readonly port: number; readonly adminSecretArn?: string }>([
      ['orders-db', { port: 1 }],
      ['billing-db', { port: 1 }],
      ...others.map((id, index) => [id, { port: 2 + index, adminSecretArn }] as const),
    ]),
    clusters: new Map([['shop-cluster', { endpoint: 'https://localhost:1' }]]),
    machines: new Map([['reports-host', { port: 1, hostKey: HOST_KEY }]]),
  });
  const compiled = compileConfig(readConfig(directory));
  if (!compiled.ok) assert.fail(JSON.stringify(compiled.errors));
  return compiled.value.resources;
};

test('a database that has no server here is left out, with what the examples ask of it', () => {
  const all = localResources(['tickets-db', 'stock-db']).map(({ id }) => id);
  const without = localResources(['tickets-db']).map(({ id }) => id);
  assert.ok(all.includes('stock-db'));
  assert.deepEqual(
    without,
    all.filter((id) => id !== 'stock-db'),
  );
});

test('a database with passwords names a secret that is here, and no role that would sign', () => {
  const tickets = localResources(['tickets-db']).find(({ id }) => id === 'tickets-db');
  assert.ok(tickets?.kind === 'postgres');
  const { auth, roleArn, port } = tickets.target;
  assert.deepEqual(
    [auth, roleArn, tickets.target.adminSecretArn, port],
    ['password', undefined, adminSecretArn, 2],
  );
});

test('a MariaDB is one that is there, with the files that its tables are made from', () => {
  assert.equal(findMariadb('/nowhere/mariadbd'), undefined);
  assert.equal(findMariadb(process.execPath), undefined);
});
