import type { StatementClass } from '../sql/statement.ts';
import type { RunFacts } from './question.ts';

/** What somebody says of a statement that nobody has written. `tables` are `schema.name`. */
export type ImaginedRun = { readonly class: StatementClass } & {
  readonly [Fact in 'verb' | 'bounded' | 'tables' | 'columns' | 'functions' | 'estimatedRows']?:
    | RunFacts[Fact]
    | undefined;
};

/**
 * The facts of a statement that is imagined in an example or on the command line: the commonest of its class, bounded,
 * the first of its task and of the day, and about nothing, unless something else is said.
 */
export const imaginedRun = (said: ImaginedRun): RunFacts => ({
  class: said.class,
  verb: said.verb ?? COMMONEST_VERBS[said.class],
  bounded: said.bounded ?? true,
  tables: said.tables ?? [],
  columns: said.columns ?? [],
  functions: said.functions ?? [],
  ...(said.estimatedRows === undefined ? {} : { estimatedRows: said.estimatedRows }),
  usedByTask: NOTHING,
  usedByPrincipal: NOTHING,
});

const COMMONEST_VERBS: Readonly<Record<StatementClass, string>> = {
  read: 'select',
  write: 'update',
  ddl: 'create table',
};

const NOTHING = { runs: 0, rows: 0, bytes: 0, failures: 0 };
