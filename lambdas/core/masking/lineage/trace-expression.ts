import { MAY_CARRY, READS_BY_TEXT, TELLS_NOTHING, TEXT_TYPES } from './functions.ts';
import type { Lineage } from './lineage.ts';
import { changed, combine, NOTHING } from './lineage.ts';
import type { Scope } from './scope.ts';
import { everything, findTables, resolveName, resolveQualified } from './scope.ts';
import type { Body } from './syntax.ts';
import { bodyIn, bodyOf, childrenOf, isBody, kindOf, listIn, nameOf, namesIn, nodeOf } from './syntax.ts';
import type { Tracing } from './tracing.ts';
import { descend, refuseIfCarried } from './tracing.ts';

type Trace = (tracing: Tracing, body: Body, scope: Scope) => Lineage;

/**
 * What the value of an expression may carry. What would tell something of a masked column by its result's being true,
 * by an error or by an order is refused on the way.
 */
export const traceExpression = (tracing: Tracing, node: unknown, scope: Scope): Lineage => {
  const trace = KINDS.get(kindOf(node)) ?? unlisted;
  return descend(tracing, () => trace(tracing, bodyOf(node), scope), tracing.reach.all);
};

/** Where a value only decides: it may carry nothing that is masked. */
export const tracePredicate = (tracing: Tracing, node: unknown, scope: Scope): void => {
  if (node !== undefined) refuseIfCarried(tracing, traceExpression(tracing, node, scope));
};

const nothing: Trace = () => NOTHING;

const traceAll = (tracing: Tracing, nodes: readonly unknown[], scope: Scope): Lineage =>
  combine(nodes.map((node) => traceExpression(tracing, node, scope)));

/** Made of its parts: a constructor, a list, a concatenation. */
const construct: Trace = (tracing, body, scope) => traceAll(tracing, childrenOf(body), scope);

/** Its value, or its error, tells something of its parts: none may be masked. */
const decide: Trace = (tracing, body, scope) => {
  refuseIfCarried(tracing, construct(tracing, body, scope));
  return NOTHING;
};

/** Nobody has said what it does, so its parts may carry nothing and it may be anything. */
const unlisted: Trace = (tracing, body, scope) => {
  decide(tracing, body, scope);
  return tracing.reach.all;
};

const column: Trace = (tracing, body, scope) => {
  const fields = listIn(body, 'fields');
  const isStar = kindOf(fields.at(-1)) === 'A_Star';
  const names = fields.map((field) => nameOf(field) ?? '');
  if (isStar) return wholeRow(tracing, names.slice(0, -1), scope);
  if (names.length === 1) return resolveName(scope, names[0] ?? '') ?? tracing.reach.all;
  const tables = tablesNamed(names.slice(0, -1), scope);
  return (
    resolveQualified(tables, names.at(-1) ?? '') ?? combine([...tables.map(everything), tracing.reach.all])
  );
};

const wholeRow = (tracing: Tracing, names: readonly string[], scope: Scope): Lineage => {
  if (names.length === 0) return everything(scope.namespace);
  const tables = tablesNamed(names, scope);
  return tables.length > 0 ? combine(tables.map(everything)) : tracing.reach.all;
};

/** `table` or `schema.table`. */
export const tablesNamed = (names: readonly string[], scope: Scope) => {
  const [first, second] = names;
  if (first === undefined || names.length > 2) return [];
  return second === undefined ? findTables(scope, undefined, first) : findTables(scope, first, second);
};

const cast: Trace = (tracing, body, scope) => {
  const lineage = traceExpression(tracing, body.arg, scope);
  const type = bodyIn(body, 'typeName') ?? {};
  const isText = TEXT_TYPES.includes(namesIn(type, 'names').at(-1) ?? '') && !type.arrayBounds;
  if (!isText) refuseIfCarried(tracing, lineage);
  return changed(lineage);
};

const operator: Trace = (tracing, body, scope) => {
  const isConcatenation = body.kind === 'AEXPR_OP' && namesIn(body, 'name').join('.') === '||';
  const operands = [body.lexpr, body.rexpr].filter((operand) => operand !== undefined);
  const lineage = traceAll(tracing, operands, scope);
  if (isConcatenation) return lineage;
  refuseIfCarried(tracing, lineage);
  return NOTHING;
};

const nullTest: Trace = (tracing, body, scope) => {
  traceExpression(tracing, body.arg, scope);
  return NOTHING;
};

const collate: Trace = (tracing, body, scope) => changed(traceExpression(tracing, body.arg, scope));

/** `(row).column`, `array[1]`. */
const indirection: Trace = (tracing, body, scope) => {
  const [first, ...others] = listIn(body, 'indirection');
  for (const part of [first, ...others])
    if (kindOf(part) === 'A_Indices') decide(tracing, bodyOf(part), scope);
  const name = nameOf(first);
  const row = namesIn(bodyOf(body.arg), 'fields');
  if (kindOf(body.arg) === 'ColumnRef' && name !== undefined && others.length === 0) {
    const field = resolveQualified(tablesNamed(row, scope), name);
    if (field) return field;
  }
  return changed(traceExpression(tracing, body.arg, scope));
};

const call: Trace = (tracing, body, scope) => {
  const names = namesIn(body, 'funcname');
  const name = names.at(-1) ?? '';
  const isOwn = names.length === 1 || names[0] === 'pg_catalog';
  const args = listIn(body, 'args').map((arg) => traceExpression(tracing, arg, scope));
  const places = isOwn && !takesWidths(name, listIn(body, 'args')[0]) ? (MAY_CARRY.get(name) ?? []) : [];
  for (const [at, lineage] of args.entries()) {
    const isAllowed = places === 'all' || places.includes(at);
    if (!isAllowed || (body.func_variadic === true && at === args.length - 1))
      refuseIfCarried(tracing, lineage);
    if (body.agg_distinct === true && lineage.exact === undefined) refuseIfCarried(tracing, lineage);
  }
  decideAggregate(tracing, body, scope);
  if (READS_BY_TEXT.includes(name)) return tracing.reach.anything;
  return isOwn && TELLS_NOTHING.includes(name) ? NOTHING : combine(args);
};

/** `%*s` of `format` takes a width from an argument, and its error says what that was instead. */
const takesWidths = (name: string, pattern: unknown): boolean => {
  const text = bodyIn(bodyOf(pattern), 'sval')?.sval;
  return name === 'format' && (typeof text !== 'string' || text.includes('*'));
};

/** What decides which values an aggregate or a window sees, and in which order. */
const decideAggregate = (tracing: Tracing, body: Body, scope: Scope): void => {
  for (const node of listIn(body, 'agg_order')) tracePredicate(tracing, node, scope);
  tracePredicate(tracing, body.agg_filter, scope);
  const over = bodyIn(body, 'over');
  if (over) decide(tracing, over, scope);
};

const jsonAggregate: Trace = (tracing, body, scope) => {
  decideAggregate(tracing, bodyIn(body, 'constructor') ?? {}, scope);
  return json(tracing, { arg: body.arg, unique: body.unique }, scope);
};

/** Keys that must be unique are compared, and an error would name what is no JSON. */
const json: Trace = (tracing, body, scope) => {
  const lineage = construct(tracing, body, scope);
  if (body.unique === true || readsJson(body)) refuseIfCarried(tracing, lineage);
  return lineage;
};

/** `FORMAT JSON` on a part of a constructor. */
const readsJson = (value: unknown): boolean => {
  if (!isBody(value)) return false;
  const format = value.format_type;
  return (format !== undefined && format !== 'JS_FORMAT_DEFAULT') || Object.values(value).some(readsJson);
};

const SAFE_XML: readonly unknown[] = ['IS_XMLELEMENT', 'IS_XMLFOREST', 'IS_XMLCONCAT'];

const xml: Trace = (tracing, body, scope) =>
  (SAFE_XML.includes(body.op) ? construct : decide)(tracing, body, scope);

const subLink: Trace = (tracing, body, scope) => {
  const select = body.subselect;
  if (body.testexpr !== undefined) tracePredicate(tracing, body.testexpr, scope);
  const outputs = tracing.query(tracing, nodeOf(kindOf(select), bodyOf(select)), scope);
  const only = outputs.columns.length === 1 && !outputs.rest ? outputs.columns[0] : undefined;
  if (body.subLinkType === 'EXISTS_SUBLINK') return NOTHING;
  if (body.subLinkType === 'EXPR_SUBLINK' && only) return only.lineage;
  const lineage = changed(everything(outputs));
  if (['ARRAY_SUBLINK', 'EXPR_SUBLINK', 'MULTIEXPR_SUBLINK'].includes(String(body.subLinkType)))
    return lineage;
  refuseIfCarried(tracing, lineage);
  return NOTHING;
};

const KINDS: ReadonlyMap<string, Trace> = new Map<string, Trace>([
  ...kinds(nothing, 'A_Const', 'ParamRef', 'SQLValueFunction', 'MergeSupportFunc', 'SetToDefault'),
  ...kinds(nothing, 'GroupingFunc', 'CurrentOfExpr', 'TypeName', 'A_Star', ''),
  ...kinds(nothing, 'String', 'Integer', 'Float', 'Boolean', 'BitString'),
  ...kinds(column, 'ColumnRef'),
  ...kinds(cast, 'TypeCast'),
  ...kinds(operator, 'A_Expr'),
  ...kinds(nullTest, 'NullTest'),
  ...kinds(collate, 'CollateClause'),
  ...kinds(indirection, 'A_Indirection'),
  ...kinds(call, 'FuncCall'),
  ...kinds(subLink, 'SubLink'),
  ...kinds(construct, 'CoalesceExpr', 'A_ArrayExpr', 'RowExpr', 'List', 'NamedArgExpr'),
  ...kinds(construct, 'ResTarget', 'MultiAssignRef'),
  ...kinds(xml, 'XmlExpr'),
  ...kinds(json, 'JsonObjectConstructor', 'JsonArrayConstructor', 'JsonKeyValue', 'JsonValueExpr'),
  ...kinds(json, 'JsonScalarExpr'),
  // They read a text as JSON or XML, and their errors say what it was.
  ...kinds(decide, 'JsonSerializeExpr', 'XmlSerialize'),
  ...kinds(jsonAggregate, 'JsonObjectAgg', 'JsonArrayAgg'),
  ...kinds(decide, 'BoolExpr', 'BooleanTest', 'CaseExpr', 'CaseWhen', 'MinMaxExpr', 'SortBy', 'GroupingSet'),
  ...kinds(decide, 'JsonFuncExpr', 'JsonIsPredicate', 'JsonParseExpr', 'JsonArgument', 'JsonBehavior'),
  ...kinds(decide, 'JsonTableColumn', 'JsonTablePathSpec', 'RangeTableFuncCol', 'WindowDef', 'A_Indices'),
]);

function kinds(trace: Trace, ...names: string[]): [string, Trace][] {
  return names.map((name) => [name, trace]);
}

export { decide as traceDecision };
