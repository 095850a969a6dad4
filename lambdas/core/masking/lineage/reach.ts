import type { Catalogue, CatalogueColumn, CatalogueRelation } from '../../sql/catalogue.ts';
import type { SensitiveColumn } from '../mask.ts';
import type { Lineage } from './lineage.ts';
import { carrying, NOTHING } from './lineage.ts';
import type { Outputs } from './scope.ts';
import { unknownOutputs } from './scope.ts';

/** Which masked columns a statement can get at, and what each column of a relation carries of them. */
export interface Reach {
  /** Of all that is masked for this caller, by `schema.table.column`. */
  readonly masked: ReadonlyMap<string, SensitiveColumn>;
  /** What something that cannot be told may carry. */
  readonly all: Lineage;
  /** What may carry any masked column there is, in reach or not. */
  readonly anything: Lineage;
  readonly columnsOf: (relation: CatalogueRelation | undefined) => Outputs;
  readonly relation: (schema: string | undefined, name: string) => CatalogueRelation | undefined;
  /** What `RowDescription` says of a field's origin; undefined for an expression, `unknown` outside the catalogue. */
  readonly origin: (tableOid: number, columnNumber: number) => Lineage | 'unknown' | undefined;
}

export const reachOf = (ask: {
  readonly catalogue: Catalogue;
  readonly sensitive: readonly SensitiveColumn[];
  readonly unmasked: ReadonlySet<string>;
}): Reach => {
  const masked = new Map(
    ask.sensitive
      .filter(({ category }) => !ask.unmasked.has(category))
      .map((column) => [keyOf(column), column]),
  );
  const relations = ask.catalogue.relations;
  const byOid = new Map([...relations.values()].map((relation) => [relation.oid, relation]));
  const inReach = new Set([...relations.values()].flatMap((relation) => maskedIn(relation, masked)));
  return {
    masked,
    all: carrying(inReach),
    anything: carrying(masked.keys()),
    relation: (schema, name) => relations.get(schema === undefined ? name : `${schema}.${name}`),
    columnsOf: (relation) =>
      relation ? columnsOf(relation, masked) : unknownOutputs(carrying(masked.keys())),
    origin: (tableOid, columnNumber) => {
      // A whole row is column 0 of its table, and what the system adds to a row has numbers below.
      if (tableOid === 0 || columnNumber <= 0) return undefined;
      const relation = byOid.get(tableOid);
      const column = relation?.columns.find(({ number }) => number === columnNumber);
      return relation && column ? lineageOf(relation, column, masked) : 'unknown';
    },
  };
};

const keyOf = ({ schema, table, column }: SensitiveColumn): string => `${schema}.${table}.${column}`;

type Masked = ReadonlyMap<string, SensitiveColumn>;

/** Statistics, activity and cursors of the system hold values and statements of others. */
const holdsValues = ({ schema, name }: CatalogueRelation): boolean =>
  schema === 'pg_catalog' &&
  (name.startsWith('pg_stat') || name === 'pg_cursors' || name === 'pg_largeobject');

const maskedIn = (relation: CatalogueRelation, masked: Masked): readonly string[] => {
  if (holdsValues(relation)) return [...masked.keys()];
  const own = relation.columns.map(({ name }) => `${relation.schema}.${relation.name}.${name}`);
  return [...own, ...relation.madeOf].filter((key) => masked.has(key));
};

const columnsOf = (relation: CatalogueRelation, masked: Masked): Outputs => ({
  columns: relation.columns.map((column) => ({
    name: column.name,
    lineage: lineageOf(relation, column, masked),
  })),
  rest: undefined,
  isWide: false,
});

/**
 * A column of a view may hold any masked column that the view is made of, unless the configuration lists the view's own.
 * A table knows it for each of its columns.
 */
const lineageOf = (relation: CatalogueRelation, column: CatalogueColumn, masked: Masked): Lineage => {
  const key = `${relation.schema}.${relation.name}.${column.name}`;
  const exact = { key, tableOid: relation.oid, number: column.number };
  if (masked.has(key)) return { exact, carries: new Set([key]) };
  if (holdsValues(relation)) return carrying(masked.keys());
  const isView = relation.kind === 'view' || relation.kind === 'materialized view';
  const made = isView ? relation.madeOf : (column.madeOf ?? []);
  const carried = made.filter((source) => masked.has(source));
  return carried.length > 0 ? carrying(carried) : { exact, carries: NOTHING.carries };
};
