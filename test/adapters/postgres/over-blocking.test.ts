import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overBlocking, startShop } from '../../contracts/over-blocking.ts';
import { EVERYDAY_QUERIES } from '../../core/sql/everyday-queries.ts';

/** `test/full` asks all of them. */
const someQueries = EVERYDAY_QUERIES.filter((_, index) => index % 20 === 4);

test('an everyday query that touches nothing sensitive is neither refused nor masked', async (t) => {
  const shop = await startShop();
  t.after(() => shop.stop());
  const { untouching, touching, blocked, detected } = await overBlocking(shop, someQueries);
  assert.deepEqual([...blocked, ...detected], []);
  assert.ok(untouching >= 10 && touching >= 1, `${untouching}, ${touching}`);
});
