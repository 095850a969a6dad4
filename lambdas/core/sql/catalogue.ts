/** What the database says of the relations that a statement names, read under the locks that the statement itself takes. */
export interface Catalogue {
  /** By the name in the statement: `orders`, `public.orders`. A relation that does not exist is not in it. */
  readonly relations: ReadonlyMap<string, CatalogueRelation>;
  /** SHA-256 (hex) over every definition that the statement depends on: columns, views, functions, rules, triggers, row security. */
  readonly digest: string;
}

export interface CatalogueRelation {
  readonly schema: string;
  readonly name: string;
  readonly oid: number;
  readonly kind: 'table' | 'view' | 'materialized view' | 'foreign table' | 'partition';
  readonly columns: readonly CatalogueColumn[];
  /**
   * Every column, as `schema.table.column`, that a view is made of, through other views too. Of a table, what its columns
   * are made of.
   */
  readonly madeOf: readonly string[];
}

export interface CatalogueColumn {
  readonly name: string;
  /** Its number in the relation: `RowDescription` names columns so. */
  readonly number: number;
  /**
   * Of a table's column: others whose values it may hold, as `schema.table.column`. Those of its name in partitions,
   * children and parents of the table, and those that a generated column is computed from.
   */
  readonly madeOf?: readonly string[];
}

/** One column of an answer as `RowDescription` describes it. `tableOid` and `columnNumber` are 0 for an expression. */
export interface ResultField {
  readonly name: string;
  readonly tableOid: number;
  readonly columnNumber: number;
  readonly typeOid: number;
}
