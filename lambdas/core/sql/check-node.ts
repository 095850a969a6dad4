import { STATEMENT_PARAMETERS_MAX_COUNT } from '../limits.ts';
import { checkDefinition } from './check-definition.ts';
import { checkRelation } from './check-relation.ts';
import { type Facts, type Fields, fieldsOf, forbidden, isFields, listOf, nameOf, ownName } from './facts.ts';
import { ALLOWED_FUNCTIONS } from './function-allow-list.ts';
import type { StatementRefusal } from './statement.ts';
import { ALLOWED_SETTINGS, ALLOWED_TYPES, isAllowedCollation, SERIAL_TYPES } from './type-allow-list.ts';

/** One node on the way: its type, its fields, and the common table expressions that a name may mean there. */
export interface Visited {
  readonly type: string;
  readonly fields: Fields;
  readonly scope: ReadonlySet<string>;
}

type Check = (fields: Fields, facts: Facts, scope: ReadonlySet<string>) => StatementRefusal | undefined;

/** What a node says beyond its form: the names in it, each held against its list, and noted. */
export const checkNode = ({ type, fields, scope }: Visited, facts: Facts): StatementRefusal | undefined =>
  CHECKS.get(type)?.(fields, facts, scope) ?? checkDefinition(type, fields, facts);

const checkFunction: Check = ({ funcname }, facts) => {
  const name = ownName(funcname);
  if (name === undefined || !ALLOWED_FUNCTIONS.has(name))
    return forbidden(
      `function ${nameOf(funcname).join('.')}`,
      'Only PostgreSQL’s own functions that do nothing but compute may be called.',
    );
  facts.functions.add(name);
  return undefined;
};

const checkType: Check = ({ names }, { kind }) => {
  const name = ownName(names);
  const isSerial = kind.class === 'ddl' && name !== undefined && SERIAL_TYPES.has(name);
  if (name !== undefined && (ALLOWED_TYPES.has(name) || isSerial)) return undefined;
  return forbidden(
    `type ${nameOf(names).join('.')}`,
    'Only PostgreSQL’s own types that hold values may be named; compare with text instead.',
  );
};

/** What `BETWEEN` stands for. */
const BEHIND: Readonly<Record<string, readonly string[]>> = {
  BETWEEN: ['>=', '<='],
  'NOT BETWEEN': ['<', '>'],
  'BETWEEN SYMMETRIC': ['>=', '<='],
  'NOT BETWEEN SYMMETRIC': ['<', '>'],
};

const checkOperator = (list: unknown, { operators }: Facts): StatementRefusal | undefined => {
  if (listOf(list).length === 0) return undefined;
  const name = ownName(list);
  if (name === undefined)
    return forbidden(`operator ${nameOf(list).join('.')}`, 'Only PostgreSQL’s own operators may be used.');
  for (const symbol of BEHIND[name] ?? [name]) operators.add(symbol);
  return undefined;
};

const checkCollation = (list: unknown): StatementRefusal | undefined => {
  if (listOf(list).length === 0) return undefined;
  const name = ownName(list);
  if (name !== undefined && isAllowedCollation(name)) return undefined;
  return forbidden(
    `collation ${nameOf(list).join('.')}`,
    'Only collations that every server has may be named.',
  );
};

const checkTarget: Check = ({ schemaname, relname, relpersistence }, facts) => {
  if (relpersistence !== 'p')
    return forbidden('TEMPORARY or UNLOGGED', 'It would not outlast the session or a crash; leave it out.');
  return checkRelation(textOf(schemaname), textOf(relname) ?? '', facts);
};

const checkRangeVar: Check = (fields, facts, scope) => {
  const { schemaname, relname } = fields;
  if (schemaname === undefined && typeof relname === 'string' && scope.has(relname)) return undefined;
  return checkTarget(fields, facts, scope);
};

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const noteColumn: Check = ({ fields }, { columns }) => {
  columns.add(nameOf(fields).join('.'));
  return undefined;
};

/** What a write sets, and what a join is made over. */
const noteNames =
  (field: string): Check =>
  (fields, { columns }) => {
    for (const node of listOf(fields[field])) {
      const name = fieldsOf(node, 'ResTarget')?.name ?? fieldsOf(node, 'String')?.sval;
      if (typeof name === 'string') columns.add(name);
    }
    return undefined;
  };

/** Equality that is not written down. */
const noteJoin: Check = (fields, facts, scope) => {
  if (fields.usingClause !== undefined || fields.isNatural === true) facts.operators.add('=');
  return noteNames('usingClause')(fields, facts, scope);
};

const checkSublink: Check = ({ subLinkType, operName }, facts) => {
  if (subLinkType === 'ANY_SUBLINK' && operName === undefined) facts.operators.add('=');
  return checkOperator(operName, facts);
};

const noteCase: Check = ({ arg }, { operators }) => {
  if (arg !== undefined) operators.add('=');
  return undefined;
};

/** `(a).b` and `c[1].d`: the field is a column of something that only the database knows. */
const noteIndirection: Check = ({ indirection }, { columns }) => {
  const names = listOf(indirection).filter((step) => fieldsOf(step, 'String') !== undefined);
  for (const name of nameOf(names)) columns.add(name);
  return undefined;
};

const checkParameter: Check = ({ number }, facts) => {
  if (typeof number !== 'number' || number < 1 || number > STATEMENT_PARAMETERS_MAX_COUNT)
    return forbidden('a parameter', `Parameters are $1 to $${STATEMENT_PARAMETERS_MAX_COUNT}.`);
  facts.parameterCount = Math.max(facts.parameterCount, number);
  return undefined;
};

/** Zero, false and the empty string are left out of the tree. */
const noteConstant: Check = ({ ival, fval, boolval, sval, bsval, isnull, location }, { constants }) => {
  const value = isnull === true ? 'null' : constantOf([ival, fval, sval, bsval], boolval);
  if (typeof location === 'number') constants.set(location, value);
  return undefined;
};

const constantOf = (kinds: readonly unknown[], boolval: unknown): string => {
  if (isFields(boolval)) return String(boolval.boolval === true);
  const [ival] = kinds;
  if (isFields(ival)) return String(ival.ival ?? 0);
  return String(kinds.filter(isFields).flatMap(Object.values)[0] ?? '');
};

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  ['FuncCall', checkFunction],
  ['TypeName', checkType],
  ['A_Expr', ({ name }, facts) => checkOperator(name, facts)],
  ['SubLink', checkSublink],
  ['CaseExpr', noteCase],
  ['JoinExpr', noteJoin],
  ['InsertStmt', noteNames('cols')],
  ['UpdateStmt', noteNames('targetList')],
  ['OnConflictClause', noteNames('targetList')],
  ['MergeWhenClause', noteNames('targetList')],
  ['SortBy', ({ useOp }, facts) => checkOperator(useOp, facts)],
  ['CollateClause', ({ collname }) => checkCollation(collname)],
  ['RangeVar', checkRangeVar],
  ['Target', checkTarget],
  ['ColumnRef', noteColumn],
  ['A_Indirection', noteIndirection],
  ['ParamRef', checkParameter],
  ['A_Const', noteConstant],
  [
    'RangeTableSample',
    ({ method }) =>
      ['system', 'bernoulli'].includes(ownName(method) ?? '')
        ? undefined
        : forbidden('TABLESAMPLE', 'Only the methods SYSTEM and BERNOULLI may be used.'),
  ],
  [
    'VariableShowStmt',
    ({ name }) =>
      typeof name === 'string' && ALLOWED_SETTINGS.has(name.toLowerCase())
        ? undefined
        : forbidden('SHOW', 'Only settings that say how values are written may be shown.'),
  ],
]);
