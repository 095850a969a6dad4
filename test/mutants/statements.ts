import type { Mutant } from '../../bin/mutant.ts';

const CLASSIFY_TESTS = ['test/core/sql/classify.test.ts'];
const WALK = 'lambdas/core/sql/walk.ts';
const PLAN = 'lambdas/core/masking/plan-masks.ts';
const REACH = 'lambdas/core/masking/lineage/reach.ts';
const PLAN_TESTS = ['test/core/masking/plan-masks.test.ts'];
const ROWS = 'lambdas/core/masking/mask-rows.ts';
const ROWS_TESTS = ['test/core/masking/mask-rows.test.ts'];
const REQUEST = 'lambdas/app/request-run.ts';
const REQUEST_TESTS = ['test/app/request-run.test.ts'];
const EXECUTE = 'lambdas/app/execute-run.ts';
const ANSWER = 'lambdas/app/run-answer.ts';
const EXECUTE_TESTS = ['test/app/execute-run.test.ts'];
const RUN_STATEMENT = 'lambdas/adapters/postgres/run-statement.ts';
const TARGET_TESTS = ['test/adapters/postgres/statement-target.test.ts'];

/** What stands in a statement and in its answer: forms that are refused, what execution guards, and what masking hides. */
export const STATEMENT_MUTANTS: readonly Mutant[] = [
  {
    promise: 1,
    rule: 'a write within a read is refused',
    file: WALK,
    find: `if (type !== 'SelectStmt' && STATEMENT_KINDS.has(type)) return nested(type);`,
    replace: '',
    tests: CLASSIFY_TESTS,
  },
  {
    promise: 1,
    rule: 'a part of a statement that nobody has described is refused',
    file: WALK,
    find: 'if (field === undefined) return unknownForm(`${type}.${name}`);',
    replace: 'if (field === undefined) continue;',
    tests: CLASSIFY_TESTS,
  },
  {
    promise: 1,
    rule: 'the server’s own tables are given to nobody',
    file: 'lambdas/core/sql/check-relation.ts',
    find: 'if (isCatalogue(schema, name))',
    replace: `if (isCatalogue(schema, name) && name === '')`,
    tests: CLASSIFY_TESTS,
  },
  {
    promise: 1,
    rule: 'a text that the parser would read to its middle is refused',
    file: 'lambdas/core/sql/check-text.ts',
    find: String.raw`if (sql.includes('\0'))`,
    replace: String.raw`if (sql === '\0')`,
    tests: CLASSIFY_TESTS,
  },
  {
    promise: 1,
    rule: 'a delete without a condition names no rows',
    file: 'lambdas/core/sql/bounded.ts',
    find: `if (type === 'DeleteStmt') return names(`,
    replace: `if (type === 'DeleteStmt') return fields.whereClause === undefined || names(`,
    tests: ['test/core/sql/bounded.test.ts'],
  },
  {
    promise: 1,
    rule: 'policy is told whether a write names its rows',
    file: 'lambdas/core/run/run-facts.ts',
    find: 'bounded: statement.bounded',
    replace: 'bounded: true',
    tests: ['test/core/run/run-facts.test.ts'],
  },
  {
    promise: 1,
    rule: 'a budget is spent when it is used up',
    file: 'lambdas/core/run/budget.ts',
    find: 'used[one] >= budget[one]',
    replace: 'used[one] > budget[one]',
    tests: ['test/core/run/budget.test.ts'],
  },
  {
    promise: 1,
    rule: 'what arrives is counted before it is put together, and beyond its cap the connection is cut',
    file: 'lambdas/adapters/postgres/run-session.ts',
    find: 'if (left >= 0 || state !==',
    replace: 'if (left > -1_000_000_000 || state !==',
    tests: TARGET_TESTS,
    testsNamed: 'one huge value',
  },
  {
    promise: 1,
    rule: 'a write that changes far more rows than was promised is rolled back',
    file: RUN_STATEMENT,
    find: "throw new Stopped({ code: 'too_many_rows_changed', estimated, changed });",
    replace: 'changed.toFixed();',
    tests: TARGET_TESTS,
    testsNamed: 'a write that changes far more',
  },
  {
    promise: 1,
    rule: 'a name that means something of the database’s own is found before anything is planned',
    file: RUN_STATEMENT,
    find: `if (part !== undefined) throw new Stopped({ code: 'shadowed', part });`,
    replace: 'part?.trim();',
    tests: TARGET_TESTS,
    testsNamed: 'is found before anything is planned',
  },
  {
    promise: 2,
    rule: 'the outcome is in the trail before anybody can read the answer',
    file: EXECUTE,
    find: 'entries: [settled.entry],',
    replace: 'entries: [],',
    tests: EXECUTE_TESTS,
  },
  {
    promise: 2,
    rule: 'a statement that is refused by its form is in the trail',
    file: REQUEST,
    find: `    entries: [entry],`,
    replace: `    entries: [entry].slice(1),`,
    tests: REQUEST_TESTS,
  },
  {
    promise: 3,
    rule: 'a run that was settled meanwhile is not settled again',
    file: EXECUTE,
    find: `current?.version !== run.version ||\n    (current.state !== 'queued' && current.state !== 'running')`,
    replace: '!current',
    tests: EXECUTE_TESTS,
  },
  {
    promise: 3,
    rule: 'a statement that is repeated under its key is not executed again',
    file: REQUEST,
    find: 'if (earlier.value) return answerAgain(deps, earlier.value);',
    replace: '',
    tests: REQUEST_TESTS,
  },
  {
    promise: 3,
    rule: 'what an answer held is counted against the budgets',
    file: EXECUTE,
    find: 'rows: outcome.rowCount,',
    replace: 'rows: 0,',
    tests: EXECUTE_TESTS,
  },
  {
    promise: 6,
    rule: 'the trail holds no constant of a statement',
    file: REQUEST,
    find: `vault.mac('literal', text)`,
    replace: 'text',
    tests: REQUEST_TESTS,
  },
  {
    promise: 7,
    rule: 'a masked value is told apart by a token that only its task’s key makes',
    file: ANSWER,
    find: `token: (text: string) => vault.mac('mask', text),`,
    replace: 'token: (text: string) => text,',
    tests: EXECUTE_TESTS,
  },
  {
    promise: 7,
    rule: 'notices are told only where they cannot tell what is masked',
    file: ANSWER,
    find: 'notices: wordsAreSafe ?',
    replace: 'notices: vault ?',
    tests: EXECUTE_TESTS,
  },
  {
    promise: 7,
    rule: 'the origin that PostgreSQL states is masked, whatever the tree says',
    file: PLAN,
    find: 'return stricter(planOf(reach, lineage), origin ? planOf(reach, origin) : PASS);',
    replace: 'return stricter(planOf(reach, lineage), PASS);',
    tests: PLAN_TESTS,
  },
  {
    promise: 7,
    rule: 'where the tree and PostgreSQL differ, nothing is shown',
    file: PLAN,
    find: 'return exact.tableOid !== field.tableOid || exact.number !== field.columnNumber;',
    replace: 'return false;',
    tests: PLAN_TESTS,
  },
  {
    promise: 7,
    rule: 'a relation that the catalogue does not hold may be anything',
    file: REACH,
    find: 'relation ? columnsOf(relation, masked) : unknownOutputs(carrying(masked.keys()))',
    replace: 'relation ? columnsOf(relation, masked) : unknownOutputs(NOTHING)',
    tests: PLAN_TESTS,
  },
  {
    promise: 7,
    rule: 'a column of a view may hold whatever the view is made of',
    file: REACH,
    find: 'isView ? relation.madeOf :',
    replace: 'isView ? [] :',
    tests: ['test/core/masking/canary.test.ts'],
    testsNamed: 'somebody wrote down',
  },
  {
    promise: 7,
    rule: 'a column without a plan is hidden',
    file: ROWS,
    find: `if (plan === undefined || plan.kind === 'undecided') return undefined;`,
    replace: `if (plan === undefined) return (cell) => cell;\n  if (plan.kind === 'undecided') return undefined;`,
    tests: ROWS_TESTS,
  },
  {
    promise: 7,
    rule: 'labels of columns meet the detectors',
    file: ROWS,
    find: 'fields.map(({ name }) => detected(name, tools, count))',
    replace: 'fields.map(({ name }) => name)',
    tests: ROWS_TESTS,
  },
];
