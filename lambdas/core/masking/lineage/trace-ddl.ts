import type { SyntaxNode } from '../../sql/statement.ts';
import { carrying, isSafe } from './lineage.ts';
import { everything } from './scope.ts';
import type { Body } from './syntax.ts';
import { bodyOf, childrenOf, kindOf, listIn, namesIn, nodeOf, textIn } from './syntax.ts';
import { EMPTY_SCOPE } from './trace-write.ts';
import type { Tracing } from './tracing.ts';
import { refuseIfCarried } from './tracing.ts';

/**
 * Definitions outlive the statement and would carry a masked column past its masks: by a copy, a view, a generated column,
 * another name. What is made of a query is judged by the query; of the rest only kinds that keep a column where it is, and
 * name none that is masked.
 */
export const traceDefinition = (tracing: Tracing, node: SyntaxNode): void => {
  const [kind, body] = [kindOf(node), bodyOf(node)];
  if (kind === 'CreateTableAsStmt' || kind === 'ViewStmt') traceDefiningQuery(tracing, body);
  else if (!isSafe(tracing.reach.all)) {
    const named = KEEPS.has(kind) ? namedInside(tracing, body) : [...tracing.reach.all.carries];
    refuseIfCarried(tracing, carrying(named), 'sensitive_copy');
  }
};

const traceDefiningQuery = (tracing: Tracing, body: Body): void => {
  const outputs = tracing.query(tracing, nodeOf(kindOf(body.query), bodyOf(body.query)), EMPTY_SCOPE);
  refuseIfCarried(tracing, everything(outputs), 'sensitive_copy');
};

const KEEPS: ReadonlySet<string> = new Set([
  ...['CreateStmt', 'IndexStmt', 'AlterTableStmt', 'DropStmt', 'TruncateStmt', 'CommentStmt'],
]);

const ALTERATIONS: ReadonlySet<string> = new Set([
  ...['AT_AddColumn', 'AT_DropColumn', 'AT_ColumnDefault', 'AT_SetNotNull', 'AT_DropNotNull'],
  ...['AT_AddConstraint', 'AT_DropConstraint', 'AT_ValidateConstraint', 'AT_SetStatistics'],
]);

/** Masked columns in reach that a definition names: by themselves, or as a whole row. */
const namedInside = (tracing: Tracing, body: Body): readonly string[] => {
  const keys = [...tracing.reach.all.carries];
  const alterations = listIn(body, 'cmds').map((command) => textIn(bodyOf(command), 'subtype') ?? '');
  if (alterations.some((subtype) => !ALTERATIONS.has(subtype))) return keys;
  const names = new Set(namesBelow(body));
  return keys.filter((key) => {
    const [, table = '', column = ''] = partsOf(key);
    return names.has(column) || names.has(wholeRow(table));
  });
};

const partsOf = (key: string): readonly string[] => key.split('.');

/** A bare name in an expression may be a row; marked so that the name of the relation itself is not taken for it. */
const wholeRow = (table: string): string => `${table}.*`;

const namesBelow = (body: Body): readonly string[] => [
  ...['name', 'colname'].flatMap((field) => textIn(body, field) ?? []),
  ...childrenOf(body).flatMap((child) => {
    if (kindOf(child) === 'String') return textIn(bodyOf(child), 'sval') ?? [];
    const fields = kindOf(child) === 'ColumnRef' ? namesIn(bodyOf(child), 'fields') : [];
    return [...fields, ...fields.map(wholeRow), ...namesBelow(bodyOf(child))];
  }),
];
