import { OUTPUT_COLUMNS_MAX } from '../../limits.ts';
import { changed, combine, either, NOTHING } from './lineage.ts';
import type { Column, Outputs, Scope } from './scope.ts';
import { EMPTY_NAMESPACE, everything, findColumn, resolveName, unknownOutputs } from './scope.ts';
import type { Body } from './syntax.ts';
import { bodyIn, bodyOf, kindOf, listIn, nameOf, namesIn, ordinalOf, textIn } from './syntax.ts';
import { tablesNamed, traceDecision, traceExpression, tracePredicate } from './trace-expression.ts';
import { traceFrom } from './trace-from.ts';
import type { Tracing } from './tracing.ts';
import { refuseIfCarried } from './tracing.ts';

/** The outputs of a SELECT, of VALUES, or of a set operation. `scope` is that around it, with its own queries. */
export const traceSelect = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  if (body.op !== undefined && body.op !== 'SETOP_NONE') return traceSetOperation(tracing, body, scope);
  if (listIn(body, 'valuesLists').length > 0) return traceValues(tracing, body, scope);
  const namespace = traceFrom(tracing, listIn(body, 'fromClause'), scope);
  const inside: Scope = { namespace, outer: scope, queries: scope.queries };
  tracePredicate(tracing, body.whereClause, inside);
  tracePredicate(tracing, body.havingClause, inside);
  const windows = listIn(body, 'windowClause');
  traceDecision(tracing, { windows }, inside);
  const outputs = traceTargets(tracing, listIn(body, 'targetList'), inside);
  traceDistinct(tracing, listIn(body, 'distinctClause'), { outputs, inside });
  for (const node of listIn(body, 'groupClause')) traceGrouping(tracing, node, { outputs, inside });
  traceOrderAndLimit(tracing, body, { outputs, inside });
  if (body.intoClause !== undefined) refuseIfCarried(tracing, everything(outputs), 'sensitive_copy');
  return outputs;
};

/** The list after SELECT or RETURNING. */
export const traceTargets = (tracing: Tracing, targets: readonly unknown[], scope: Scope): Outputs => {
  const parts = targets.map((target) => traceTarget(tracing, bodyOf(target), scope));
  const rests = parts.flatMap(({ rest }) => rest ?? []);
  const columns = parts.flatMap((part) => part.columns);
  const outputs = {
    columns,
    rest: rests.length > 0 ? combine(rests) : undefined,
    isWide: parts.some((p) => p.isWide),
  };
  return outputs.isWide || columns.length > OUTPUT_COLUMNS_MAX
    ? unknownOutputs(everything(outputs))
    : outputs;
};

const traceTarget = (tracing: Tracing, target: Body, scope: Scope): Outputs => {
  const { val } = target;
  const stars = starOf(tracing, val, scope);
  if (stars) return stars;
  const lineage = traceExpression(tracing, val, scope);
  return {
    columns: [{ name: textIn(target, 'name') ?? madeName(val), lineage }],
    rest: undefined,
    isWide: false,
  };
};

/** The columns that `*`, `t.*` or `(t).*` stands for. */
const starOf = (tracing: Tracing, node: unknown, scope: Scope): Outputs | undefined => {
  const body = bodyOf(node);
  if (kindOf(node) === 'A_Indirection' && kindOf(listIn(body, 'indirection').at(-1)) === 'A_Star') {
    const row = listIn(body, 'indirection').length === 1 ? namesIn(bodyOf(body.arg), 'fields') : [];
    const lineage = changed(traceExpression(tracing, body.arg, scope));
    return tableColumns(tracing, row, scope) ?? unknownOutputs(lineage);
  }
  const fields = listIn(body, 'fields');
  if (kindOf(node) !== 'ColumnRef' || kindOf(fields.at(-1)) !== 'A_Star') return undefined;
  if (fields.length === 1) return starColumns(scope.namespace);
  const names = fields.slice(0, -1).map((field) => nameOf(field) ?? '');
  return tableColumns(tracing, names, scope) ?? unknownOutputs(tracing.reach.all);
};

const starColumns = (outputs: Outputs): Outputs =>
  outputs.isWide
    ? unknownOutputs(everything(outputs))
    : { columns: outputs.columns, rest: undefined, isWide: false };

const tableColumns = (tracing: Tracing, names: readonly string[], scope: Scope): Outputs | undefined => {
  const [table, ...others] = tablesNamed(names, scope);
  if (!table) return undefined;
  return others.length === 0 ? starColumns(table) : unknownOutputs(tracing.reach.all);
};

/** What PostgreSQL calls an output that has no name; undefined where that would be a guess. */
const madeName = (node: unknown): string | undefined => {
  const field = { ColumnRef: 'fields', FuncCall: 'funcname' }[kindOf(node)];
  return field === undefined ? undefined : nameOf(listIn(bodyOf(node), field).at(-1));
};

interface Finished {
  readonly outputs: Outputs;
  readonly inside: Scope;
}

/** Rows that are alike become one: that compares, and often sorts, so that what stands beside a mask would tell its place. */
const refuseComparison = (tracing: Tracing, outputs: Outputs): void =>
  refuseIfCarried(tracing, everything(outputs));

const traceDistinct = (tracing: Tracing, clause: readonly unknown[], finished: Finished): void => {
  const keys = clause.filter((node) => kindOf(node) !== '');
  if (clause.length > 0 && keys.length === 0) refuseComparison(tracing, finished.outputs);
  for (const node of keys) traceKey(tracing, node, finished);
};

/** `GROUP BY` prefers a column to an output of that name, which may depend on types: so neither may be masked. */
const traceGrouping = (tracing: Tracing, node: unknown, finished: Finished): void => {
  if (kindOf(node) === 'GroupingSet') {
    for (const part of listIn(bodyOf(node), 'content')) traceGrouping(tracing, part, finished);
    return;
  }
  if (kindOf(node) === 'RowExpr' || kindOf(node) === 'List') {
    for (const part of [...listIn(bodyOf(node), 'args'), ...listIn(bodyOf(node), 'items')])
      traceGrouping(tracing, part, finished);
    return;
  }
  traceKey(tracing, node, finished);
  const name = bareName(node);
  const column = name === undefined ? undefined : resolveName(finished.inside, name);
  if (column) refuseIfCarried(tracing, column);
};

const traceOrderAndLimit = (tracing: Tracing, body: Body, finished: Finished): void => {
  for (const node of listIn(body, 'sortClause')) traceKey(tracing, bodyOf(node).node, finished);
  tracePredicate(tracing, body.limitCount, finished.inside);
  tracePredicate(tracing, body.limitOffset, finished.inside);
};

/** What is sorted or made distinct by: an output's place or name, or an expression. */
const traceKey = (tracing: Tracing, node: unknown, { outputs, inside }: Finished): void => {
  const ordinal = ordinalOf(node);
  if (ordinal !== undefined) {
    refuseIfCarried(tracing, outputs.columns[ordinal - 1]?.lineage ?? outputs.rest ?? NOTHING);
    return;
  }
  const name = bareName(node);
  const output = name === undefined ? undefined : findColumn(outputs, name);
  if (output?.sure) {
    refuseIfCarried(tracing, output.sure);
    return;
  }
  if (output?.perhaps) refuseIfCarried(tracing, output.perhaps);
  tracePredicate(tracing, node, inside);
};

const bareName = (node: unknown): string | undefined => {
  const fields = kindOf(node) === 'ColumnRef' ? namesIn(bodyOf(node), 'fields') : [];
  return fields.length === 1 ? fields[0] : undefined;
};

const traceValues = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const inside = { ...scope, namespace: EMPTY_NAMESPACE, outer: scope };
  const rows = listIn(body, 'valuesLists').map((row) =>
    listIn(bodyOf(row), 'items').map((node) => traceExpression(tracing, node, inside)),
  );
  const columns = (rows[0] ?? []).map((_, at) => ({
    name: `column${at + 1}`,
    lineage: combine(rows.map((row) => row[at] ?? NOTHING)),
  }));
  const outputs = { columns, rest: undefined, isWide: false };
  traceOrderAndLimit(tracing, body, { outputs, inside });
  return outputs;
};

const traceSetOperation = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const [left, right] = ['larg', 'rarg'].map((arm) => armOf(tracing, bodyIn(body, arm) ?? {}, scope));
  const outputs = bothArms(left ?? unknownOutputs(NOTHING), right ?? unknownOutputs(NOTHING));
  if (body.op !== 'SETOP_UNION') refuseIfCarried(tracing, everything(outputs));
  else if (body.all !== true) refuseComparison(tracing, outputs);
  const inside = { ...scope, namespace: EMPTY_NAMESPACE, outer: scope };
  traceOrderAndLimit(tracing, body, { outputs, inside });
  return outputs;
};

const armOf = (tracing: Tracing, body: Body, scope: Scope): Outputs =>
  tracing.query(tracing, { SelectStmt: body }, scope);

/** Two queries whose rows are put together, column by column. The names are those of the first. */
export const bothArms = (left: Outputs, right: Outputs): Outputs => {
  if (left.isWide || right.isWide) return unknownOutputs(combine([everything(left), everything(right)]));
  const columns: readonly Column[] = left.columns.map(({ name, lineage }, at) => ({
    name,
    lineage: either(lineage, right.columns[at]?.lineage ?? NOTHING),
  }));
  return { columns, rest: undefined, isWide: false };
};
