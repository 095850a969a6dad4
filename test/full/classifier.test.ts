import assert from 'node:assert/strict';
import { test } from 'node:test';
import { loadParser } from '../../lambdas/core/sql/parser.ts';
import { EVERYDAY_SCHEMA } from '../core/sql/everyday-queries.ts';
import { NASTY_SCHEMA } from '../core/sql/nasty-statements.ts';
import { readsChangeNothing } from '../core/sql/reads-change-nothing.ts';
import { refused, understood } from '../core/sql/statements.ts';
import { startDatabase } from '../support/postgres.ts';

/** Ten statements each. */
const RUNS = 3_000;

test('what is classified as a read changes nothing, in some ten thousand tries', async () => {
  await loadParser();
  const database = await startDatabase();
  const client = await database.postgres.asSuperuser('orders');
  try {
    await client.query(EVERYDAY_SCHEMA);
    await client.query(NASTY_SCHEMA);
    const worked = await readsChangeNothing(client, RUNS);
    assert.ok(worked > 4_000, String(worked));
  } finally {
    await client.end();
    await database.stop();
  }
});

/** A parser that is used again after each break answers wrongly, and then never again, at about the 130th. */
const BREAKS = 300;
const GROWTH_MAX_BYTES = 200 * 1024 * 1024;

test('the parser outlives any number of statements that break it, and its memory does too', async () => {
  const before = process.memoryUsage().rss;
  for (let broken = 0; broken < BREAKS; broken += 1) {
    await loadParser();
    assert.match(refused(`SELECT a${'::int'.repeat(12_000)}`).reason, /too deeply/);
  }
  await loadParser();
  assert.equal(understood('SELECT 1').class, 'read');
  assert.ok(process.memoryUsage().rss - before < GROWTH_MAX_BYTES);
});
