import type { Lineage } from './lineage.ts';
import { NOTHING } from './lineage.ts';
import type { Namespace, Outputs, Scope, Table } from './scope.ts';
import { beside, EMPTY_NAMESPACE, everything, findColumn, namespaceOf } from './scope.ts';
import type { Body } from './syntax.ts';
import { bodyIn, bodyOf, kindOf, listIn, nodeOf, textIn } from './syntax.ts';
import { traceExpression, tracePredicate } from './trace-expression.ts';
import { tableOf, traceFrom } from './trace-from.ts';
import { traceTargets } from './trace-select.ts';
import type { Tracing } from './tracing.ts';
import { refuseIfCarried } from './tracing.ts';

const NO_OUTPUTS: Outputs = { columns: [], rest: undefined, isWide: false };

export const traceInsert = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const target = targetOf(tracing, body);
  const names = insertedNames(body, target);
  if (body.selectStmt !== undefined) {
    const source = tracing.query(tracing, nodeOf(kindOf(body.selectStmt), bodyOf(body.selectStmt)), scope);
    refuseCopies(tracing, target, { names, values: source });
  }
  traceConflict(tracing, bodyIn(body, 'onConflictClause'), { target, scope });
  return returning(tracing, body, { target, scope, visible: namespaceOf(target) });
};

export const traceUpdate = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const target = targetOf(tracing, body);
  const visible = beside(namespaceOf(target), traceFrom(tracing, listIn(body, 'fromClause'), scope));
  const inside = { ...scope, namespace: visible, outer: scope };
  tracePredicate(tracing, body.whereClause, inside);
  traceAssignments(tracing, listIn(body, 'targetList'), { target, scope: inside });
  return returning(tracing, body, { target, scope, visible });
};

export const traceDelete = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const target = targetOf(tracing, body);
  const visible = beside(namespaceOf(target), traceFrom(tracing, listIn(body, 'usingClause'), scope));
  tracePredicate(tracing, body.whereClause, { ...scope, namespace: visible, outer: scope });
  return returning(tracing, body, { target, scope, visible });
};

export const traceMerge = (tracing: Tracing, body: Body, scope: Scope): Outputs => {
  const target = targetOf(tracing, body);
  const source = traceFrom(tracing, [body.sourceRelation], scope);
  const visible = beside(source, namespaceOf(target));
  const inside = { ...scope, namespace: visible, outer: scope };
  tracePredicate(tracing, body.joinCondition, inside);
  for (const clause of listIn(body, 'mergeWhenClauses').map(bodyOf)) {
    tracePredicate(tracing, clause.condition, inside);
    if (clause.commandType !== 'CMD_INSERT')
      traceAssignments(tracing, listIn(clause, 'targetList'), { target, scope: inside });
    else {
      const columns = listIn(clause, 'values').map((value) => ({
        name: undefined,
        lineage: traceExpression(tracing, value, inside),
      }));
      const names = insertedNames({ cols: clause.targetList }, target);
      refuseCopies(tracing, target, { names, values: { ...NO_OUTPUTS, columns } });
    }
  }
  return returning(tracing, body, { target, scope, visible });
};

interface Place {
  readonly target: Table;
  readonly scope: Scope;
}

/** A write's target is a relation, never a common table expression. */
const targetOf = (tracing: Tracing, body: Body): Table =>
  tableOf(tracing, bodyIn(body, 'relation') ?? {}, new Map());

const insertedNames = (body: Body, target: Table): readonly (string | undefined)[] => {
  const named = listIn(body, 'cols').map((column) => textIn(bodyOf(column), 'name'));
  return named.length > 0 ? named : target.columns.map(({ name }) => name);
};

/** A masked value may be stored only where it is masked as what it is: in its own column. */
const refuseCopies = (
  tracing: Tracing,
  target: Table,
  stored: { readonly names: readonly (string | undefined)[]; readonly values: Outputs },
): void => {
  const { columns, rest } = stored.values;
  for (const [at, { lineage }] of columns.entries())
    refuseCopy(tracing, lineage, columnOf(target, stored.names[at]));
  if (rest) refuseIfCarried(tracing, rest, 'sensitive_copy');
};

const refuseCopy = (tracing: Tracing, value: Lineage, into: Lineage): void => {
  const isOwn = value.exact !== undefined && value.exact.key === into.exact?.key;
  if (!isOwn) refuseIfCarried(tracing, value, 'sensitive_copy');
};

const columnOf = (target: Table, name: string | undefined): Lineage =>
  (name === undefined ? undefined : findColumn(target, name).sure) ?? NOTHING;

/** `SET column = value`, also of a list of columns from a row. */
const traceAssignments = (
  tracing: Tracing,
  assignments: readonly unknown[],
  { target, scope }: Place,
): void => {
  for (const assignment of assignments.map(bodyOf)) {
    for (const part of listIn(assignment, 'indirection')) tracePredicate(tracing, part, scope);
    const isPart = listIn(assignment, 'indirection').length > 0;
    const into = isPart ? NOTHING : columnOf(target, textIn(assignment, 'name'));
    refuseCopy(tracing, traceExpression(tracing, assignment.val, scope), into);
  }
};

/** `excluded` is the row that was to be inserted, under the names and the masks of the target. */
const traceConflict = (tracing: Tracing, conflict: Body | undefined, { target, scope }: Place): void => {
  if (!conflict) return;
  const excluded = namespaceOf({ ...target, alias: 'excluded', schema: undefined });
  const namespace = { ...namespaceOf(target), tables: [target, ...excluded.tables] };
  const inside = { ...scope, namespace, outer: scope };
  traceAssignments(tracing, listIn(conflict, 'targetList'), { target, scope: inside });
  tracePredicate(tracing, conflict.whereClause, inside);
  traceInference(tracing, bodyIn(conflict, 'infer'), inside);
};

/** Whether a row conflicts tells whether another has the value; a constraint by name may be on any column. */
const traceInference = (tracing: Tracing, infer: Body | undefined, scope: Scope): void => {
  if (!infer) return;
  tracePredicate(tracing, infer.whereClause, scope);
  if (infer.conname !== undefined) refuseIfCarried(tracing, everything(scope.namespace));
  for (const element of listIn(infer, 'indexElems').map(bodyOf)) {
    tracePredicate(tracing, element.expr, scope);
    const name = textIn(element, 'name');
    if (name !== undefined) refuseIfCarried(tracing, findColumn(scope.namespace, name).sure ?? NOTHING);
  }
};

/** `old` and `new`, or the names that they are given, are rows of the target. */
const returning = (
  tracing: Tracing,
  body: Body,
  { target, scope, visible }: Place & { readonly visible: Namespace },
): Outputs => {
  const clause = bodyIn(body, 'returningClause');
  if (!clause) return NO_OUTPUTS;
  const given = listIn(clause, 'options').map((option) => textIn(bodyOf(option), 'value'));
  const rows = ['old', 'new', ...given].map((alias) => ({ ...target, alias, schema: undefined }));
  const namespace = { ...visible, tables: [...visible.tables, ...rows] };
  return traceTargets(tracing, listIn(clause, 'exprs'), { ...scope, namespace, outer: scope });
};

export const EMPTY_SCOPE: Scope = { namespace: EMPTY_NAMESPACE, outer: undefined, queries: new Map() };
