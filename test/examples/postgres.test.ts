import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type LocalPostgres, startPostgres } from '../../examples/targets/postgres.ts';

const directory = mkdtempSync(join(tmpdir(), 'latchkey-postgres-'));
const databases = [
  { name: 'orders', seed: 'CREATE TABLE orders (id int); INSERT INTO orders VALUES (1), (2)' },
];

let postgres: LocalPostgres;
before(async () => {
  postgres = await startPostgres({ directory, databases });
});
after(async () => {
  await postgres.stop();
  for (const left of [directory, postgres.directory]) rmSync(left, { recursive: true, force: true });
});

const ask = async (text: string): Promise<unknown> => {
  const client = await postgres.asSuperuser('orders');
  const { rows } = await client.query({ text, rowMode: 'array' });
  await client.end();
  return rows[0]?.[0];
};

test('it is one of the versions that grants need', async () => {
  assert.ok(Number(await ask('SHOW server_version_num')) >= 160_000);
});

test('only its own socket leads in, and only its owner reaches that', async () => {
  assert.equal(await ask('SHOW listen_addresses'), '');
  assert.equal(statSync(postgres.socketDir).mode & 0o777, 0o700);
});

test('the master user is no superuser, and the tables are its own', async () => {
  assert.equal(await ask("SELECT rolsuper FROM pg_roles WHERE rolname = 'dbmaster'"), false);
  assert.equal(await ask("SELECT tableowner FROM pg_tables WHERE tablename = 'orders'"), 'dbmaster');
});

test('a restart keeps what was written and prepares nothing twice', async () => {
  await ask('INSERT INTO orders VALUES (3)');
  await postgres.stop();
  postgres = await startPostgres({ directory, databases });
  assert.equal(await ask('SELECT count(*)::int FROM orders'), 3);
});

test('what a start that was killed half-way has left is made again', async () => {
  await ask('INSERT INTO orders VALUES (4)');
  await postgres.stop();
  rmSync(join(directory, 'prepared'));
  postgres = await startPostgres({ directory, databases });
  assert.equal(await ask('SELECT count(*)::int FROM orders'), 2);
  assert.ok(existsSync(join(directory, 'prepared')));
});
