import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { NOTHING_USED } from '../../../lambdas/core/run/budget.ts';
import { runFacts } from '../../../lambdas/core/run/run-facts.ts';
import { loadParser } from '../../../lambdas/core/sql/parser.ts';
import { understood } from '../sql/statements.ts';

before(loadParser);

const BUDGETS = { task: { ...NOTHING_USED, runs: 3 }, principal: { ...NOTHING_USED, rows: 40 } };
const factsOf = (sql: string, estimatedRows?: number) => runFacts(understood(sql), BUDGETS, estimatedRows);

test('policy is told whether a write names its rows', () => {
  assert.equal(factsOf('DELETE FROM orders').bounded, false);
  assert.equal(factsOf('DELETE FROM orders WHERE id = 7').bounded, true);
});

test('policy is told class, verb, and tables by their whole names', () => {
  const { verb, tables, columns, functions, ...facts } = factsOf(
    'UPDATE orders SET total_cents = abs(1) WHERE id IN (SELECT id FROM archive.orders)',
  );
  assert.deepEqual([facts.class, verb], ['write', 'update']);
  assert.deepEqual(tables, ['archive.orders', 'public.orders'].toSorted());
  assert.deepEqual([columns, functions], [['id', 'total_cents'], ['abs']]);
});

test('policy is told what was used before, and the estimate as a whole number once there is one', () => {
  const facts = factsOf('SELECT 1');
  assert.deepEqual([facts.usedByTask?.runs, facts.usedByPrincipal?.rows], [3, 40]);
  assert.ok(!('estimatedRows' in facts));
  assert.equal(factsOf('SELECT 1', 12.6).estimatedRows, 13);
});
