import { checkRelation } from './check-relation.ts';
import { type Facts, type Fields, fieldsOf, forbidden, listOf, nameOf, ownName } from './facts.ts';
import type { StatementRefusal } from './statement.ts';
import { ALLOWED_INDEX_METHODS, ALLOWED_OPERATOR_CLASSES, isAllowedCollation } from './type-allow-list.ts';

type Check = (fields: Fields, facts: Facts) => StatementRefusal | undefined;

/** Of definitions and options only those are known that cannot change who may do what, or leave code behind. */
export const checkDefinition = (type: string, fields: Fields, facts: Facts): StatementRefusal | undefined =>
  CHECKS.get(type)?.(fields, facts);

const CHANGES: ReadonlySet<unknown> = new Set([
  ...[
    'AT_AddColumn',
    'AT_DropColumn',
    'AT_AlterColumnType',
    'AT_ColumnDefault',
    'AT_SetNotNull',
    'AT_DropNotNull',
  ],
  ...['AT_AddConstraint', 'AT_DropConstraint', 'AT_ValidateConstraint'],
]);

const CONSTRAINTS: ReadonlySet<unknown> = new Set([
  ...[
    'CONSTR_NULL',
    'CONSTR_NOTNULL',
    'CONSTR_DEFAULT',
    'CONSTR_IDENTITY',
    'CONSTR_GENERATED',
    'CONSTR_CHECK',
  ],
  ...[
    'CONSTR_PRIMARY',
    'CONSTR_UNIQUE',
    'CONSTR_FOREIGN',
    'CONSTR_ATTR_DEFERRABLE',
    'CONSTR_ATTR_NOT_DEFERRABLE',
  ],
  ...['CONSTR_ATTR_DEFERRED', 'CONSTR_ATTR_IMMEDIATE'],
]);

const DROPPED: ReadonlySet<unknown> = new Set([
  'OBJECT_TABLE',
  'OBJECT_INDEX',
  'OBJECT_VIEW',
  'OBJECT_SEQUENCE',
]);
const COMMENTED: ReadonlySet<unknown> = new Set([
  'OBJECT_TABLE',
  'OBJECT_VIEW',
  'OBJECT_INDEX',
  'OBJECT_COLUMN',
]);
const SEQUENCE_OPTIONS: ReadonlySet<unknown> = new Set([
  ...['as', 'start', 'increment', 'minvalue', 'maxvalue', 'cache', 'cycle'],
]);
const EXPLAIN_OPTIONS: ReadonlySet<unknown> = new Set(['verbose', 'costs', 'format', 'summary']);

/** `CASCADE` takes along what the statement does not name: views, constraints, policies of row security. */
const checkCascade = (behavior: unknown): StatementRefusal | undefined =>
  behavior === 'DROP_CASCADE'
    ? forbidden('CASCADE', 'It drops what the statement does not name; name everything that goes.')
    : undefined;

const allowing =
  (allowed: ReadonlySet<unknown>, field: string, [part, reason]: readonly [string, string]): Check =>
  (fields) =>
    allowed.has(fields[field]) ? undefined : forbidden(part, reason);

const ONLY_PLAIN =
  'Only plain columns, defaults and constraints may be changed; ask the owner of the database.';

const checkDrop: Check = ({ removeType, behavior, objects }, facts) => {
  if (!DROPPED.has(removeType))
    return forbidden('DROP', 'Only tables, indexes, views and sequences may be dropped.');
  return checkCascade(behavior) ?? firstOf(listOf(objects), (object) => checkListed(object, facts));
};

const firstOf = <T>(
  list: readonly T[],
  check: (item: T) => StatementRefusal | undefined,
): StatementRefusal | undefined => {
  for (const item of list) {
    const refusal = check(item);
    if (refusal) return refusal;
  }
  return undefined;
};

/** A relation where a statement names it by a list of its parts. */
const checkListed = (object: unknown, facts: Facts): StatementRefusal | undefined => {
  const parts = nameOf(fieldsOf(object, 'List')?.items);
  const [name, schema, ...more] = parts.toReversed();
  if (name === undefined || more.length > 0)
    return forbidden('a database’s name', 'Name schema and table only.');
  return checkRelation(schema, name, facts);
};

const checkComment: Check = ({ objtype, object }, facts) => {
  if (!COMMENTED.has(objtype))
    return forbidden('COMMENT', 'Only tables, columns, views and indexes may be commented on.');
  if (objtype !== 'OBJECT_COLUMN') return checkListed(object, facts);
  const items = listOf(fieldsOf(object, 'List')?.items);
  for (const name of nameOf(items.slice(-1))) facts.columns.add(name);
  return checkListed({ List: { items: items.slice(0, -1) } }, facts);
};

const noteName =
  (field: string): Check =>
  (fields, { kind, columns }) => {
    const name = fields[field];
    // A read may define the columns of a function's answer, which are nobody's.
    if (kind.class !== 'read' && typeof name === 'string') columns.add(name);
    return undefined;
  };

const checkIndexElement: Check = ({ name: column, opclass, collation }, { columns }) => {
  if (typeof column === 'string') columns.add(column);
  const [order, name] = [ownName(opclass), ownName(collation)];
  if (listOf(opclass).length > 0 && !ALLOWED_OPERATOR_CLASSES.has(order ?? ''))
    return forbidden(`operator class ${nameOf(opclass).join('.')}`, 'Only the more usual ones may be named.');
  if (listOf(collation).length > 0 && !isAllowedCollation(name ?? ''))
    return forbidden(
      `collation ${nameOf(collation).join('.')}`,
      'Only collations that every server has may be named.',
    );
  return undefined;
};

const checkOption: Check = ({ defname }, { kind }) => {
  if (kind.verb !== 'explain')
    return SEQUENCE_OPTIONS.has(defname)
      ? undefined
      : forbidden(`option ${String(defname)}`, 'Only options of a sequence’s numbers may be given.');
  if (defname === 'analyze')
    return forbidden('EXPLAIN ANALYZE', 'It executes the statement; leave ANALYZE out.');
  if (EXPLAIN_OPTIONS.has(defname)) return undefined;
  return forbidden(`option ${String(defname)}`, 'Only VERBOSE, COSTS, FORMAT and SUMMARY may be asked for.');
};

const checkExplain: Check = ({ query }) =>
  fieldsOf(query, 'SelectStmt')
    ? undefined
    : forbidden('EXPLAIN', 'Only a SELECT may be explained; the plan of a write shows in its approval.');

const CHECKS: ReadonlyMap<string, Check> = new Map<string, Check>([
  [
    'AlterTableStmt',
    allowing(new Set(['OBJECT_TABLE']), 'objtype', ['ALTER', 'Only tables may be altered.']),
  ],
  [
    'AlterTableCmd',
    (fields, facts) =>
      checkCascade(fields.behavior) ??
      allowing(CHANGES, 'subtype', ['ALTER TABLE', ONLY_PLAIN])(fields, facts) ??
      noteName('name')(fields, facts),
  ],
  ['Constraint', allowing(CONSTRAINTS, 'contype', ['a constraint', ONLY_PLAIN])],
  [
    'CreateStmt',
    allowing(new Set(['ONCOMMIT_NOOP']), 'oncommit', ['ON COMMIT', 'It is about temporary tables.']),
  ],
  ['ColumnDef', noteName('colname')],
  ['DropStmt', checkDrop],
  ['CommentStmt', checkComment],
  [
    'IndexStmt',
    allowing(ALLOWED_INDEX_METHODS, 'accessMethod', [
      'USING',
      'Only PostgreSQL’s own kinds of index may be made.',
    ]),
  ],
  ['IndexElem', checkIndexElement],
  ['DefElem', checkOption],
  ['ExplainStmt', checkExplain],
]);
