import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CIRCUIT_FAILURES,
  CIRCUIT_OPEN_SECONDS,
  PRINCIPAL_DAY_BUDGET,
  SECOND_MS,
  TASK_BUDGET,
} from '../../../lambdas/core/limits.ts';
import { type Budgets, budgetDay, checkBudgets, NOTHING_USED } from '../../../lambdas/core/run/budget.ts';
import { NOW } from '../../support/facts.ts';

const FRESH: Budgets = { task: NOTHING_USED, principal: NOTHING_USED };
const refusalOf = (budgets: Budgets, now = NOW) => {
  const checked = checkBudgets(budgets, now);
  return checked.ok ? undefined : checked.failure;
};

test('whoever has used nothing may begin', () => {
  assert.equal(refusalOf(FRESH), undefined);
});

for (const what of ['runs', 'rows', 'bytes', 'failures'] as const) {
  test(`a task that has used its ${what} may not begin another run`, () => {
    const used = (count: number): Budgets => ({ ...FRESH, task: { ...NOTHING_USED, [what]: count } });
    assert.equal(refusalOf(used(TASK_BUDGET[what] - 1)), undefined);
    assert.deepEqual(refusalOf(used(TASK_BUDGET[what])), {
      code: 'budget_spent',
      of: 'task',
      what,
      max: TASK_BUDGET[what],
    });
  });

  test(`a principal that has used its day's ${what} may not begin another run in any task`, () => {
    const refusal = refusalOf({
      ...FRESH,
      principal: { ...NOTHING_USED, [what]: PRINCIPAL_DAY_BUDGET[what] },
    });
    assert.equal(refusal?.code === 'budget_spent' && refusal.of, 'principal');
  });
}

test('failures in a row open the circuit, a while after the last one it lets one try', () => {
  const failing = { ...NOTHING_USED, failuresInRow: CIRCUIT_FAILURES, lastFailureAt: NOW };
  const budgets = { ...FRESH, task: failing };
  const closesAt = NOW + CIRCUIT_OPEN_SECONDS * SECOND_MS;
  assert.deepEqual(refusalOf(budgets), { code: 'circuit_open', retryAfterSeconds: CIRCUIT_OPEN_SECONDS });
  assert.deepEqual(refusalOf(budgets, closesAt - 1), { code: 'circuit_open', retryAfterSeconds: 1 });
  assert.equal(refusalOf(budgets, closesAt), undefined);
  assert.equal(
    refusalOf({ ...budgets, task: { ...failing, failuresInRow: CIRCUIT_FAILURES - 1 } }),
    undefined,
  );
});

test('the day of a budget is that of UTC', () => {
  assert.equal(budgetDay(Date.parse('2026-03-02T23:59:59.999Z')), '2026-03-02');
  assert.equal(budgetDay(Date.parse('2026-03-03T00:00:00.000Z')), '2026-03-03');
});
