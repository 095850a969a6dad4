import type { RunFacts } from '../policy/question.ts';
import type { Statement } from '../sql/statement.ts';
import type { Usage } from './budget.ts';
import { tablesOf } from './run-life.ts';

/** What policy is told of one statement. `estimatedRows` is known only at the target, just before execution. */
export const runFacts = (
  statement: Statement,
  budgets: { readonly task: Usage; readonly principal: Usage },
  estimatedRows?: number,
): RunFacts => ({
  class: statement.class,
  verb: statement.verb,
  bounded: statement.bounded,
  tables: tablesOf(statement),
  columns: statement.columns,
  functions: statement.functions,
  ...(estimatedRows === undefined ? {} : { estimatedRows: Math.round(estimatedRows) }),
  usedByTask: usageOf(budgets.task),
  usedByPrincipal: usageOf(budgets.principal),
});

const usageOf = ({ runs, rows, bytes, failures }: Usage): Usage => ({ runs, rows, bytes, failures });
