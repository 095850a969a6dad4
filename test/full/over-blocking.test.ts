import assert from 'node:assert/strict';
import { test } from 'node:test';
import { overBlocking, startShop } from '../contracts/over-blocking.ts';
import { EVERYDAY_QUERIES } from '../core/sql/everyday-queries.ts';

test('of three hundred everyday queries, none that touches nothing sensitive is refused or masked', async (t) => {
  const shop = await startShop();
  t.after(() => shop.stop());
  const { untouching, touching, blocked, detected } = await overBlocking(shop, EVERYDAY_QUERIES);
  t.diagnostic(`${untouching} touch nothing sensitive, ${touching} do`);
  assert.deepEqual(blocked, []);
  // It shows an address of its own, and no detector can know that it is nobody's.
  assert.deepEqual(detected, [`${EVERYDAY_QUERIES.find((sql) => sql.includes("'10.0.0.1'::inet <<"))} → ip`]);
  assert.ok(untouching > 200 && touching > 10 && untouching + touching >= 300, `${untouching}, ${touching}`);
});
