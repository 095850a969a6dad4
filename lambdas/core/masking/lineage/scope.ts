import type { Lineage } from './lineage.ts';
import { combine, NOTHING } from './lineage.ts';

/** `name` is undefined where PostgreSQL makes one up. */
export interface Column {
  readonly name: string | undefined;
  readonly lineage: Lineage;
}

/** The columns that a query or a relation has. */
export interface Outputs {
  readonly columns: readonly Column[];
  /** What any other name may stand for. Undefined when `columns` are all there are. */
  readonly rest: Lineage | undefined;
  /** False when `*` has more columns than `columns`, nobody knows how many. */
  readonly isWide: boolean;
}

/** What a query can name. */
export interface Table extends Outputs {
  readonly alias: string | undefined;
  /** Of an unaliased relation, which may be named with its schema. */
  readonly schema: string | undefined;
}

/** What FROM makes visible: tables by name, and columns without one, where joins have merged some. */
export interface Namespace extends Outputs {
  readonly tables: readonly Table[];
}

/** A level of a query, inside those around it. */
export interface Scope {
  readonly namespace: Namespace;
  readonly outer: Scope | undefined;
  readonly queries: ReadonlyMap<string, Outputs>;
}

export const EMPTY_NAMESPACE: Namespace = { tables: [], columns: [], rest: undefined, isWide: false };

/** A query, or a join, of which no more is known than what its values may carry. */
export const unknownOutputs = (lineage: Lineage): Outputs => ({ columns: [], rest: lineage, isWide: true });

export const everything = ({ columns, rest }: Outputs): Lineage =>
  combine([...columns.map(({ lineage }) => lineage), ...(rest ? [rest] : [])]);

export const namespaceOf = (table: Table): Namespace => ({ ...table, tables: [table] });

export const beside = (left: Namespace, right: Namespace): Namespace => ({
  tables: [...left.tables, ...right.tables],
  columns: [...left.columns, ...right.columns],
  rest: left.rest || right.rest ? combine([left.rest ?? NOTHING, right.rest ?? NOTHING]) : undefined,
  isWide: left.isWide || right.isWide,
});

/** Every base table has these, `*` has none of them, and none says anything of a value. */
const SYSTEM_COLUMNS: readonly string[] = ['ctid', 'xmin', 'xmax', 'cmin', 'cmax', 'tableoid'];

/** Found for certain, found perhaps (a column whose name is not known), or not at all. */
interface Found {
  readonly sure: Lineage | undefined;
  readonly perhaps: Lineage | undefined;
}

export const findColumn = (outputs: Outputs, name: string): Found => {
  const named = outputs.columns.filter((column) => column.name === name).map(({ lineage }) => lineage);
  if (named.length > 0) return { sure: named.length === 1 ? named[0] : combine(named), perhaps: undefined };
  const nameless = outputs.columns.filter((column) => column.name === undefined);
  const perhaps = [...nameless.map(({ lineage }) => lineage), ...(outputs.rest ? [outputs.rest] : [])];
  return { sure: undefined, perhaps: perhaps.length > 0 ? combine(perhaps) : undefined };
};

/** A bare name: a column, from the inside out; else a whole row. Undefined when nothing here has the name. */
export const resolveName = (scope: Scope, name: string): Lineage | undefined => {
  const column = resolveColumn(scope, name);
  if (column) return column;
  const table = findTables(scope, undefined, name);
  if (table.length > 0) return combine(table.map(everything));
  return SYSTEM_COLUMNS.includes(name) ? NOTHING : undefined;
};

const resolveColumn = (scope: Scope | undefined, name: string): Lineage | undefined => {
  if (!scope) return undefined;
  const { sure, perhaps } = findColumn(scope.namespace, name);
  if (sure) return sure;
  const further = resolveColumn(scope.outer, name);
  return perhaps ? combine([perhaps, further ?? NOTHING]) : further;
};

/** `table.column`: of the nearest level that has the table. */
export const resolveQualified = (tables: readonly Table[], name: string): Lineage | undefined => {
  const found = tables.map((table) => findColumn(table, name));
  const lineages = found.flatMap(({ sure, perhaps }) => sure ?? perhaps ?? []);
  if (lineages.length > 0) return lineages.length === 1 ? lineages[0] : combine(lineages);
  return tables.length > 0 && SYSTEM_COLUMNS.includes(name) ? NOTHING : undefined;
};

export const findTables = (
  scope: Scope | undefined,
  schema: string | undefined,
  name: string,
): readonly Table[] => {
  if (!scope) return [];
  const here = scope.namespace.tables.filter(
    (table) => table.alias === name && (schema === undefined || table.schema === schema),
  );
  return here.length > 0 ? here : findTables(scope.outer, schema, name);
};

/** With the column names that an alias gives, from the left. */
export const renamed = (outputs: Outputs, names: readonly string[]): Outputs => {
  if (names.length === 0) return outputs;
  if (outputs.isWide) return unknownOutputs(everything(outputs));
  const columns = outputs.columns.map((column, at) => ({ ...column, name: names[at] ?? column.name }));
  return { ...outputs, columns };
};
