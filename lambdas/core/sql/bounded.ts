import { type Fields, fieldsOf, isFields, listOf, nameOf } from './facts.ts';

/** The table that a write changes, and whether a column without a qualifier must be one of its own. */
interface Target {
  /** What qualifies its columns: the alias, or else the name. */
  readonly name: string;
  readonly table: unknown;
  readonly isAlone: boolean;
  /** All of it is read beside the write, so that a comparison with what is read is one of every row with itself. */
  readonly isReadAgain: boolean;
}

/**
 * Whether a write names the rows that it changes. True only for a condition that compares a column of the target with
 * something that holds none: `id = 7`, `placed_at < $1`, `country IN (…)`, `archived`, a subquery that does not read all
 * of the target again; joined by AND, or by OR when each side does so. All else counts as every row: `true`, `1 = 1`,
 * `id = id`, `id <> 7`, `id IS NOT NULL`, anything below NOT. It is a question of form: `id > 0` names rows, although it
 * may be all of them; how many there are is asked of the planner.
 */
export const isBounded = (type: string, fields: Fields): boolean => {
  if (type === 'UpdateStmt') return names(fields.whereClause, targetOf(fields, fields.fromClause));
  if (type === 'DeleteStmt') return names(fields.whereClause, targetOf(fields, fields.usingClause));
  if (type === 'MergeStmt') return isMergeBounded(fields, targetOf(fields, [fields.sourceRelation]));
  if (type === 'InsertStmt') return isInsertBounded(fields, targetOf(fields, fields.selectStmt));
  return true;
};

const targetOf = ({ relation, withClause }: Fields, others: unknown): Target => {
  const { alias, relname } = isFields(relation) ? relation : {};
  const name = isFields(alias) ? alias.aliasname : relname;
  const target = {
    name: String(name),
    table: relname,
    isAlone: listOf(others).length === 0,
    isReadAgain: false,
  };
  return { ...target, isReadAgain: readsAll([withClause, others], target) };
};

/** Whether something below reads all of the target; a query that takes some rows of it only does not. */
const readsAll = (node: unknown, target: Target): boolean => {
  if (Array.isArray(node)) return node.some((part) => readsAll(part, target));
  if (!isFields(node)) return false;
  if (fieldsOf(node, 'RangeVar')?.relname === target.table) return true;
  const select = fieldsOf(node, 'SelectStmt');
  if (select && isNamed(select, target)) return !isSome(select, target);
  return Object.values(node).some((part) => readsAll(part, target));
};

/** What adds rows changes those that are there only where they conflict: all of them, when all are added again. */
const isInsertBounded = ({ onConflictClause }: Fields, { isReadAgain }: Target): boolean => {
  const updates = isFields(onConflictClause) && onConflictClause.action === 'ONCONFLICT_UPDATE';
  return !(updates && isReadAgain);
};

/** Rows that match are named by the join or by the clause; rows that do not match are all others, unless the clause names them. */
const isMergeBounded = ({ joinCondition, mergeWhenClauses }: Fields, target: Target): boolean =>
  listOf(mergeWhenClauses).every((clause) => {
    const { matchKind, commandType, condition } = fieldsOf(clause, 'MergeWhenClause') ?? {};
    if (commandType === 'CMD_INSERT' || commandType === 'CMD_NOTHING') return true;
    const isJoined = matchKind === 'MERGE_WHEN_MATCHED' && names(joinCondition, target);
    return isJoined || names(condition, target);
  });

const names = (node: unknown, target: Target): boolean => {
  const bool = fieldsOf(node, 'BoolExpr');
  if (bool?.boolop === 'AND_EXPR') return listOf(bool.args).some((part) => names(part, target));
  if (bool?.boolop === 'OR_EXPR') return listOf(bool.args).every((part) => names(part, target));
  if (isColumn(node, target)) return true;
  const comparison = fieldsOf(node, 'A_Expr');
  if (comparison) return isComparison(comparison, target);
  const test = fieldsOf(node, 'NullTest') ?? fieldsOf(node, 'BooleanTest');
  if (test) return SURE_TESTS.has(test.nulltesttype ?? test.booltesttype) && isColumn(test.arg, target);
  const sublink = fieldsOf(node, 'SubLink');
  return sublink !== undefined && isSublink(sublink, target);
};

const SURE_TESTS: ReadonlySet<unknown> = new Set(['IS_NULL', 'IS_TRUE', 'IS_FALSE', 'IS_UNKNOWN']);
/** `<>`, `NOT IN`, `NOT LIKE` and so on name the rows that stay; a regular expression or `@> '{}'` may match everything. */
const COMPARING: ReadonlySet<unknown> = new Set(['=', '<', '>', '<=', '>=', '&&', '?']);
const PATTERNS: ReadonlySet<unknown> = new Set(['~~', '~~*']);
const KINDS: ReadonlySet<unknown> = new Set([
  ...['AEXPR_OP', 'AEXPR_OP_ANY', 'AEXPR_IN', 'AEXPR_BETWEEN', 'AEXPR_BETWEEN_SYM'],
  ...['AEXPR_LIKE', 'AEXPR_ILIKE', 'AEXPR_NOT_DISTINCT'],
]);

const isComparison = ({ kind, name, lexpr, rexpr }: Fields, target: Target): boolean => {
  const [symbol] = nameOf(name).slice(-1);
  const isBetween = kind === 'AEXPR_BETWEEN' || kind === 'AEXPR_BETWEEN_SYM';
  if (!KINDS.has(kind)) return false;
  if (PATTERNS.has(symbol)) return isColumn(lexpr, target) && isPattern(rexpr);
  if (!isBetween && !COMPARING.has(symbol)) return false;
  return (
    (isColumn(lexpr, target) && isFree(rexpr, lexpr, target)) ||
    (isColumn(rexpr, target) && isFree(lexpr, rexpr, target))
  );
};

/** A pattern of wildcards alone matches all; one that is no constant may be such. */
const isPattern = (node: unknown): boolean => {
  const sval = fieldsOf(node, 'A_Const')?.sval;
  return isFields(sval) && [...String(sval.sval ?? '')].some((sign) => sign !== '%' && sign !== '_');
};

/** Operators whose answer still differs from row to row. */
const TELLING: ReadonlySet<string | undefined> = new Set(['->', '->>', '#>', '#>>']);

/** Functions too, and which argument it is: `btrim('', name)` is the same for all. */
const TELLING_ARGUMENT: Readonly<Record<string, number>> = {
  ...{ lower: 0, upper: 0, date: 0, jsonb_extract_path_text: 0 },
  ...{ date_trunc: 1, extract: 1, date_part: 1 },
};

/** Of a row itself and not of what is in it: most are the same for many rows, or for all. */
const SYSTEM_COLUMNS: ReadonlySet<string | undefined> = new Set([
  ...['tableoid', 'xmin', 'xmax', 'cmin', 'cmax'],
]);

/** A column of the target, seen through casts and what else keeps rows apart. `id * 0` is none. */
const isColumn = (node: unknown, target: Target): boolean => {
  const column = fieldsOf(node, 'ColumnRef');
  if (column) return isOwn(nameOf(column.fields), target);
  const cast = fieldsOf(node, 'TypeCast');
  if (cast) return isColumn(cast.arg, target);
  const call = fieldsOf(node, 'FuncCall');
  if (call) {
    const place = TELLING_ARGUMENT[nameOf(call.funcname).at(-1) ?? ''];
    return place !== undefined && isColumn(listOf(call.args)[place], target);
  }
  const step = fieldsOf(node, 'A_Expr');
  if (step) return TELLING.has(nameOf(step.name).at(-1)) && isColumn(step.lexpr, target);
  return listOf(fieldsOf(node, 'RowExpr')?.args).some((part) => isColumn(part, target));
};

const isOwn = (parts: readonly string[], { name, isAlone }: Target): boolean =>
  parts.at(-1) !== '*' &&
  !SYSTEM_COLUMNS.has(parts.at(-1)) &&
  (parts.length === 1 ? isAlone : parts.at(-2) === name);

/** Whether nothing below could be a column of the target, so that what is compared with it is the same for all rows. */
const isFree = (node: unknown, compared: unknown, target: Target): boolean => {
  if (Array.isArray(node)) return node.every((part) => isFree(part, compared, target));
  if (!isFields(node)) return true;
  const column = fieldsOf(node, 'ColumnRef');
  if (column) return isOfAnother(nameOf(column.fields), target);
  const select = fieldsOf(node, 'SelectStmt');
  if (select) return isTelling(select, compared, target);
  return Object.values(node).every((part) => isFree(part, compared, target));
};

/** A column without a qualifier could be one of the target. */
const isOfAnother = (parts: readonly string[], { name, isReadAgain }: Target): boolean =>
  !isReadAgain && parts.length > 1 && parts.at(-2) !== name;

const isSublink = ({ subLinkType, testexpr, operName, subselect }: Fields, target: Target): boolean => {
  const select = fieldsOf(subselect, 'SelectStmt');
  if (!select) return false;
  if (subLinkType === 'EXISTS_SUBLINK') return isExistence(select, target);
  const [symbol = '='] = nameOf(operName).slice(-1);
  if (subLinkType !== 'ANY_SUBLINK' || !COMPARING.has(symbol)) return false;
  return isColumn(testexpr, target) && isTelling(select, testexpr, target);
};

/** `EXISTS` names rows when its own condition compares with a column of the target, by the target's name. */
const isExistence = (select: Fields, target: Target): boolean =>
  select.op === 'SETOP_NONE' &&
  !isNamed([select.withClause, select.fromClause], target) &&
  !columnsIn([select.withClause, select.fromClause]).some((parts) => parts.at(-2) === target.name) &&
  names(select.whereClause, { ...target, isAlone: false });

/**
 * A subquery that the compared column could reach into may hand every row its own value back, as in
 * `id IN (SELECT id FROM other)` where `other` has no `id`: so within it that column needs a qualifier of another table.
 * One that reads the target again must take some rows only.
 */
const isTelling = (select: Fields, compared: unknown, target: Target): boolean => {
  if (target.isReadAgain) return false;
  const own = columnsIn(compared).map((parts) => parts.at(-1));
  const inner = columnsIn(select);
  if (inner.some((parts) => parts.length > 1 && parts.at(-2) === target.name)) return false;
  if (isNamed(select, target)) return isSome(select, target);
  return !inner.some((parts) => parts.length === 1 && own.includes(parts[0]));
};

const isSome = ({ op, limitCount, whereClause }: Fields, target: Target): boolean => {
  if (op !== 'SETOP_NONE') return false;
  const limit = fieldsOf(limitCount, 'A_Const');
  if (limit?.ival !== undefined) return true;
  return (
    names(whereClause, { ...target, name: '', isAlone: true, isReadAgain: false }) &&
    !columnsIn(whereClause).some(isQualified)
  );
};

const isQualified = (parts: readonly string[]): boolean => parts.length > 1;

const columnsIn = (node: unknown): readonly (readonly string[])[] => {
  if (Array.isArray(node)) return node.flatMap(columnsIn);
  if (!isFields(node)) return [];
  const column = fieldsOf(node, 'ColumnRef');
  return column ? [nameOf(column.fields)] : Object.values(node).flatMap(columnsIn);
};

/** Whether the target's table or name is used anywhere below as what is read from. */
const isNamed = (node: unknown, target: Target): boolean => {
  if (Array.isArray(node)) return node.some((part) => isNamed(part, target));
  if (!isFields(node)) return false;
  const { relname, aliasname } = node;
  if (relname !== undefined && relname === target.table) return true;
  if (aliasname !== undefined && aliasname === target.name) return true;
  return Object.values(node).some((part) => isNamed(part, target));
};
