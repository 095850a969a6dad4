import { FUNCTION_COLUMNS } from './functions.ts';
import type { Lineage } from './lineage.ts';
import { combine, NOTHING } from './lineage.ts';
import type { Column, Namespace, Outputs, Scope } from './scope.ts';
import {
  beside,
  EMPTY_NAMESPACE,
  everything,
  findColumn,
  namespaceOf,
  renamed,
  unknownOutputs,
} from './scope.ts';
import type { Body } from './syntax.ts';
import { bodyIn, bodyOf, kindOf, listIn, nameOf, namesIn, nodeOf, textIn } from './syntax.ts';
import { traceDecision, traceExpression, tracePredicate } from './trace-expression.ts';
import type { Tracing } from './tracing.ts';
import { refuseIfCarried } from './tracing.ts';

/** What FROM makes visible. Items to the left are visible to functions and to LATERAL queries on their right. */
export const traceFrom = (tracing: Tracing, items: readonly unknown[], scope: Scope): Namespace =>
  items.reduce<Namespace>(
    (left, item) => beside(left, traceItem(tracing, item, { left, scope })),
    EMPTY_NAMESPACE,
  );

interface Place {
  readonly left: Namespace;
  /** Of the query around, which sees nothing of this FROM. */
  readonly scope: Scope;
}

type TraceItem = (tracing: Tracing, body: Body, place: Place) => Namespace;

const traceItem = (tracing: Tracing, item: unknown, place: Place): Namespace => {
  const trace = ITEMS.get(kindOf(item));
  if (trace) return trace(tracing, bodyOf(item), place);
  traceDecision(tracing, bodyOf(item), lateral(place));
  return namespaceOf(named(unknownOutputs(tracing.reach.all), bodyOf(item), undefined));
};

const lateral = ({ left, scope }: Place): Scope => ({
  namespace: left,
  outer: scope,
  queries: scope.queries,
});

const named = (outputs: Outputs, body: Body, alias: string | undefined) => {
  const given = bodyIn(body, 'alias') ?? {};
  return {
    ...renamed(outputs, namesIn(given, 'colnames')),
    alias: textIn(given, 'aliasname') ?? alias,
    schema: undefined,
  };
};

const relation: TraceItem = (tracing, body, { scope }) => namespaceOf(tableOf(tracing, body, scope.queries));

/** A relation, or a common table expression of that name. */
export const tableOf = (tracing: Tracing, body: Body, queries: Scope['queries']) => {
  const schema = textIn(body, 'schemaname');
  const name = textIn(body, 'relname') ?? '';
  const query = schema === undefined ? queries.get(name) : undefined;
  const found = query ? undefined : tracing.reach.relation(schema, name);
  const table = named(query ?? tracing.reach.columnsOf(found), body, name);
  return bodyIn(body, 'alias') ? table : { ...table, schema: found?.schema };
};

const subselect: TraceItem = (tracing, body, place) => {
  const query = body.subquery;
  const inside =
    body.lateral === true
      ? lateral(place)
      : { ...place.scope, namespace: EMPTY_NAMESPACE, outer: place.scope };
  const outputs = tracing.query(tracing, nodeOf(kindOf(query), bodyOf(query)), inside);
  return namespaceOf(named(outputs, body, undefined));
};

const sample: TraceItem = (tracing, body, place) => {
  const namespace = traceItem(tracing, body.relation, place);
  const scope = { ...place.scope, namespace, outer: place.scope };
  for (const node of [...listIn(body, 'args'), body.repeatable]) tracePredicate(tracing, node, scope);
  return namespace;
};

/** A function's arguments become rows, whose number alone would tell of them. */
const functions: TraceItem = (tracing, body, place) => {
  const parts = listIn(body, 'functions').map((part) => listIn(bodyOf(part), 'items'));
  const inside = lateral(place);
  const lineage = combine(parts.map(([call]) => traceExpression(tracing, call, inside)));
  refuseIfCarried(tracing, lineage);
  const alias = textIn(bodyIn(body, 'alias') ?? {}, 'aliasname');
  const defined = [
    ...listIn(body, 'coldeflist'),
    ...parts.flatMap(([, columns]) => listIn(bodyOf(columns), 'items')),
  ];
  const columns =
    defined.length > 0
      ? defined.map((column) => ({ name: textIn(bodyOf(column), 'colname'), lineage }))
      : functionColumns(parts, alias, lineage);
  if (!columns) return namespaceOf(named({ ...unknownOutputs(lineage) }, body, alias));
  const last: readonly Column[] = body.ordinality === true ? [{ name: 'ordinality', lineage: NOTHING }] : [];
  const outputs = { columns: [...columns, ...last], rest: NOTHING, isWide: false };
  return namespaceOf(named(outputs, body, functionName(parts[0]?.[0])));
};

const functionColumns = (
  parts: readonly (readonly unknown[])[],
  alias: string | undefined,
  lineage: Lineage,
): readonly Column[] | undefined => {
  const columns = parts.map(([call]) => {
    const name = functionName(call) ?? '';
    return FUNCTION_COLUMNS.get(name)?.map((column) => ({ name: column ?? alias ?? name, lineage }));
  });
  return columns.every((known) => known !== undefined) ? columns.flat() : undefined;
};

const functionName = (call: unknown): string | undefined =>
  kindOf(call) === 'FuncCall' ? nameOf(listIn(bodyOf(call), 'funcname').at(-1)) : undefined;

/** `xmltable` and `json_table`. */
const documents: TraceItem = (tracing, body, place) => {
  const { alias: _, ...parts } = body;
  traceDecision(tracing, parts, lateral(place));
  const columns = listIn(body, 'columns').map(bodyOf);
  const isPlain = columns.every((column) => column.columns === undefined);
  const names = columns.map((column) => textIn(column, 'colname') ?? textIn(column, 'name'));
  const outputs = isPlain
    ? { columns: names.map((name) => ({ name, lineage: NOTHING })), rest: undefined, isWide: false }
    : unknownOutputs(NOTHING);
  return namespaceOf(named(outputs, body, undefined));
};

const join: TraceItem = (tracing, body, place) => {
  const left = traceItem(tracing, body.larg, place);
  const right = traceItem(tracing, body.rarg, { ...place, left: beside(place.left, left) });
  const both = beside(left, right);
  const scope = { ...place.scope, namespace: both, outer: place.scope };
  tracePredicate(tracing, body.quals, scope);
  const merged = merge(tracing, body, [left, right]);
  const alias = textIn(bodyIn(body, 'join_using_alias') ?? {}, 'aliasname');
  const using = { columns: merged.columns, rest: undefined, isWide: false, alias, schema: undefined };
  const tables = alias === undefined ? both.tables : [...both.tables, using];
  const joined = merged.isSure
    ? { ...both, tables, columns: [...merged.columns, ...merged.others] }
    : { ...unknownOutputs(everything(both)), tables };
  return bodyIn(body, 'alias') ? namespaceOf(named(joined, body, undefined)) : joined;
};

interface Merged {
  readonly columns: readonly Column[];
  readonly others: readonly Column[];
  /** False when columns without a known name may have been merged too. */
  readonly isSure: boolean;
}

/** The columns that USING or NATURAL make one of, which it compares; they stand before all others. */
const merge = (tracing: Tracing, body: Body, [left, right]: readonly [Namespace, Namespace]): Merged => {
  const names = body.isNatural === true ? sharedNames(left, right) : namesIn(body, 'usingClause');
  const isVague = [left, right].some(
    ({ columns, rest }) => rest || columns.some(({ name }) => name === undefined),
  );
  const isSure = !isVague || (names.length === 0 && body.isNatural !== true);
  if (!isSure) refuseIfCarried(tracing, combine([everything(left), everything(right)]));
  const columns = names.map((name) => {
    const sides = [left, right].map((side) => found(side, name) ?? tracing.reach.all);
    for (const side of sides) refuseIfCarried(tracing, side);
    return { name, lineage: mergedLineage(sides, body.jointype) };
  });
  const others = [...left.columns, ...right.columns].filter(
    (column) => column.name === undefined || !names.includes(column.name),
  );
  return { columns, others, isSure };
};

const mergedLineage = ([left, right]: readonly Lineage[], jointype: unknown): Lineage => {
  if (jointype === 'JOIN_FULL') return combine([left ?? NOTHING, right ?? NOTHING]);
  return (jointype === 'JOIN_RIGHT' ? right : left) ?? NOTHING;
};

const found = (side: Namespace, name: string): Lineage | undefined => {
  const { sure, perhaps } = findColumn(side, name);
  return sure ?? perhaps;
};

const sharedNames = (left: Namespace, right: Namespace): readonly string[] => {
  const names = new Set(right.columns.map(({ name }) => name));
  return left.columns.flatMap(({ name }) => (name !== undefined && names.has(name) ? name : []));
};

const ITEMS: ReadonlyMap<string, TraceItem> = new Map([
  ['RangeVar', relation],
  ['RangeSubselect', subselect],
  ['RangeTableSample', sample],
  ['RangeFunction', functions],
  ['RangeTableFunc', documents],
  ['JsonTable', documents],
  ['JoinExpr', join],
]);
