import assert from 'node:assert/strict';
import { classify } from '../../../lambdas/core/sql/classify.ts';
import type { Statement, StatementRefusal } from '../../../lambdas/core/sql/statement.ts';

/** The statement, which must be understood. */
export const understood = (sql: string): Statement => {
  const result = classify(sql);
  assert.ok(result.ok, `${sql}: ${result.ok ? '' : `${result.failure.part}: ${result.failure.reason}`}`);
  return result.value;
};

/** The refusal of a statement that must be refused. */
export const refused = (sql: string): StatementRefusal => {
  const result = classify(sql);
  assert.ok(!result.ok, `not refused: ${sql.slice(0, 200)}`);
  return result.failure;
};
