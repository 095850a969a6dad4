import { STATEMENT_MAX_DEPTH } from '../limits.ts';
import { checkNode } from './check-node.ts';
import { type Facts, type Fields, fieldsOf, forbidden, isFields, listOf } from './facts.ts';
import type { StatementRefusal } from './statement.ts';
import { FORBIDDEN, STATEMENT_KINDS } from './statement-kinds.ts';
import { type Field, SYNTAX } from './syntax.ts';

/** Where the walk is: the common table expressions in reach, and how many levels down. */
interface Place {
  readonly scope: ReadonlySet<string>;
  readonly depth: number;
}

const TOP: Place = { scope: new Set(), depth: 0 };

interface Walk {
  readonly place: Place;
  readonly facts: Facts;
}

/** Walks every node of a statement once and collects what it says. The first thing that is not known to be harmless ends it. */
export const walkStatement = (type: string, fields: Fields, facts: Facts): StatementRefusal | undefined =>
  visit(type, fields, { place: TOP, facts });

const visit = (type: string, fields: Fields, { place, facts }: Walk): StatementRefusal | undefined => {
  const known = SYNTAX.get(type);
  if (!known) return unknownForm(type);
  if (place.depth > STATEMENT_MAX_DEPTH)
    return forbidden('the nesting', 'The statement is nested too deeply; make it simpler.');
  const refusal = checkNode({ type, fields, scope: place.scope }, facts);
  if (refusal) return refusal;
  const outer = { facts, place: { scope: place.scope, depth: place.depth + 1 } };
  const inner = { facts, place: { scope: scopeOf(fields, place.scope), depth: place.depth + 1 } };
  for (const [name, value] of Object.entries(fields)) {
    const field = known.get(name);
    if (field === undefined) return unknownForm(`${type}.${name}`);
    const found = name === 'withClause' ? visitWith(value, outer) : visitField(value, field, inner);
    if (found) return found;
  }
  return undefined;
};

const visitField = (value: unknown, field: Field, walk: Walk): StatementRefusal | undefined => {
  if (field === 'plain') return typeof value === 'object' ? unknownForm('a value') : undefined;
  if (field === 'nodes') return visitNodes(value, walk);
  return isFields(value) ? visit(field.structure, value, walk) : unknownForm(field.structure);
};

const visitNodes = (value: unknown, walk: Walk): StatementRefusal | undefined => {
  if (!Array.isArray(value)) return visitNode(value, walk);
  for (const node of value) {
    const found = visitNode(node, walk);
    if (found) return found;
  }
  return undefined;
};

/** A node that is absent, in a list whose places count, is an empty object. */
const visitNode = (node: unknown, walk: Walk): StatementRefusal | undefined => {
  if (!isFields(node)) return unknownForm('a value');
  const [entry, ...more] = Object.entries(node);
  if (entry === undefined) return undefined;
  const [type, fields] = entry;
  if (more.length > 0 || !isFields(fields)) return unknownForm(type);
  if (type !== 'SelectStmt' && STATEMENT_KINDS.has(type)) return nested(type);
  return visit(type, fields, walk);
};

const withNames = (fields: Fields): readonly string[] => {
  const { withClause } = fields;
  const ctes = isFields(withClause) ? listOf(withClause.ctes) : [];
  return ctes.map((cte) => String(fieldsOf(cte, 'CommonTableExpr')?.ctename));
};

const scopeOf = (fields: Fields, scope: ReadonlySet<string>): ReadonlySet<string> =>
  fields.withClause === undefined ? scope : new Set([...scope, ...withNames(fields)]);

/**
 * Each common table expression sees those before it; with `RECURSIVE`, all of its list. To get this wrong would hide a
 * table behind a name: in `WITH t AS (SELECT * FROM t) …` the inner `t` is a table.
 */
const visitWith = (clause: unknown, { place, facts }: Walk): StatementRefusal | undefined => {
  if (!isFields(clause)) return unknownForm('WithClause');
  const stranger = Object.keys(clause).find((name) => !SYNTAX.get('WithClause')?.has(name));
  if (stranger !== undefined) return unknownForm(`WithClause.${stranger}`);
  let scope = clause.recursive === true ? scopeOf({ withClause: clause }, place.scope) : place.scope;
  for (const [index, cte] of listOf(clause.ctes).entries()) {
    const found = visitNode(cte, { facts, place: { scope, depth: place.depth } });
    if (found) return found;
    scope = new Set([...scope, withNames({ withClause: clause })[index] ?? '']);
  }
  return undefined;
};

const nested = (type: string): StatementRefusal =>
  forbidden(
    `a nested ${STATEMENT_KINDS.get(type)?.verb}`,
    'A statement that changes data must stand alone, not within WITH or EXPLAIN.',
  );

/** Types that nobody has thought of are named as PostgreSQL names them. */
export const unknownForm = (type: string): StatementRefusal => {
  const known = FORBIDDEN[type];
  if (known) return forbidden(known.part, known.reason);
  return forbidden(
    type,
    'It is not among the forms that are known to be harmless; write the statement without it.',
  );
};
