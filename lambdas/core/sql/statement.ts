/** What a statement does to the database. Whatever is none of these is refused before anybody is asked. */
export type StatementClass = 'read' | 'write' | 'ddl';

/** A table or view as the statement names it; `schema` is undefined when the statement names none. */
export interface RelationName {
  readonly schema: string | undefined;
  readonly name: string;
}

/** One SQL statement that was understood. Everything in it comes from PostgreSQL's own parse tree, nothing from its text. */
export interface Statement {
  readonly class: StatementClass;
  /** Its kind as people name it: `select`, `explain`, `insert`, `update`, `delete`, `merge`, `create table` … */
  readonly verb: string;
  /** False for a write that names no rows: `UPDATE` or `DELETE` without `WHERE`, or with one that is always true. */
  readonly bounded: boolean;
  /** Tables and views, without common table expressions; each once, sorted as `schema.name`. */
  readonly relations: readonly RelationName[];
  /** Columns as written (`total`, `o.total`, `*`), each once, sorted. */
  readonly columns: readonly string[];
  /** Functions by bare name, each once, sorted; all are on the allow-list. */
  readonly functions: readonly string[];
  /** Operators by symbol, each once, sorted. */
  readonly operators: readonly string[];
  /** With every constant replaced by `$n`: safe to keep for ever. */
  readonly normalised: string;
  /** The constants that were replaced, as text, in the order of the statement. */
  readonly literals: readonly string[];
  /** The highest `$n` that the statement itself uses; 0 without parameters. */
  readonly parameterCount: number;
  /** `SelectStmt` and so on: what lineage is found in. */
  readonly tree: SyntaxNode;
}

/** A node of PostgreSQL's parse tree in libpg-query's JSON form: one key, the node's type. */
export type SyntaxNode = Readonly<Record<string, unknown>>;

/** Why a statement is refused by its form. `part` names the place in the statement, `reason` is one sentence for the caller. */
export interface StatementRefusal {
  readonly code: 'statement_not_understood' | 'statement_forbidden';
  readonly part: string;
  readonly reason: string;
}
