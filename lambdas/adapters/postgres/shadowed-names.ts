import type { Statement } from '../../core/sql/statement.ts';
import { FIRST_NORMAL_OID, isOfExtension, isStrangeFunction } from './definitions-query.ts';
import type { RunSession } from './run-session.ts';

/** What PostgreSQL makes of IN, BETWEEN, LIKE, CASE, NULLIF, IS DISTINCT FROM and joins that name columns. */
const IMPLIED_OPERATORS = ['=', '<>', '<', '<=', '>', '>=', '~~', '!~~', '~~*', '!~~*'];

/**
 * A function, operator or cast that somebody made and that PostgreSQL could take for one of its own in this statement,
 * because it fits the arguments better. What extensions bring is trusted, as only who may install can add to it. Answers
 * what to call it, or undefined. `o.name` can be a call too, of a function that takes a row.
 */
export const findShadow = async (session: RunSession, statement: Statement): Promise<string | undefined> => {
  const [row] = await session.ask<{ part: string | null }>(FIND_SHADOW, [
    statement.functions,
    [...statement.operators, ...IMPLIED_OPERATORS],
    statement.columns.map(lastName),
    typeNames(statement.tree),
    statement.relations.map(({ name }) => name),
  ]);
  return row?.part ?? undefined;
};

const lastName = (column: string): string => column.slice(column.lastIndexOf('.') + 1);

/** Bare names of types that a parse tree casts to. */
export const typeNames = (tree: unknown): readonly string[] => {
  if (typeof tree !== 'object' || tree === null) return [];
  return Object.entries(tree).flatMap(([key, value]) => {
    const inside = typeNames(value);
    // A `typeName` field holds the node itself; elsewhere the node is wrapped in its own name.
    return key === 'typeName' || key === 'TypeName' ? [...namesOf(value), ...inside] : inside;
  });
};

const namesOf = (typeName: unknown): readonly string[] => {
  const names = fieldOf(typeName, 'names');
  const last = Array.isArray(names) ? fieldOf(fieldOf(names.at(-1), 'String'), 'sval') : undefined;
  return typeof last === 'string' ? [last] : [];
};

const fieldOf = (node: unknown, field: string): unknown =>
  typeof node === 'object' && node !== null && field in node ? Reflect.get(node, field) : undefined;

const FUNCTIONS = `
  SELECT 'function ' || p.oid::regprocedure AS part FROM pg_proc p
  LEFT JOIN pg_type first ON first.oid = p.proargtypes[0]
  WHERE (p.proname = ANY ($1::text[])
      OR p.proname = ANY ($3::text[]) AND p.pronargs - p.pronargdefaults <= 1 AND first.typtype IN ('c', 'p'))
    AND pg_function_is_visible(p.oid) AND ${isStrangeFunction('p')}`;

const OPERATORS = `
  SELECT 'operator ' || o.oid::regoperator FROM pg_operator o
  WHERE o.oprname = ANY ($2::text[]) AND o.oid >= ${FIRST_NORMAL_OID} AND pg_operator_is_visible(o.oid)
    AND NOT ${isOfExtension('pg_operator', 'o.oid')}`;

/** Types that the statement names, and those of its relations and their columns. */
const TYPES = `
  SELECT oid FROM pg_type WHERE typname = ANY ($4::text[]) AND pg_type_is_visible(oid)
  UNION SELECT reltype FROM pg_class WHERE relname = ANY ($5::text[])
  UNION SELECT atttypid FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relname = ANY ($5::text[]) AND attnum > 0 AND NOT attisdropped`;

const CASTS = `
  SELECT format('cast (%s AS %s)', castsource::regtype, casttarget::regtype)
  FROM pg_cast JOIN pg_proc p ON p.oid = castfunc
  WHERE ${isStrangeFunction('p')}
    AND (castsource IN (SELECT oid FROM types) OR casttarget IN (SELECT oid FROM types))`;

/** A cast to a domain checks its constraints. */
const DOMAINS = `
  SELECT 'type ' || contypid::regtype FROM pg_constraint
  JOIN pg_depend d ON d.classid = 'pg_constraint'::regclass AND d.objid = pg_constraint.oid
  JOIN pg_proc p ON d.refclassid = 'pg_proc'::regclass AND p.oid = d.refobjid
  WHERE contypid IN (SELECT oid FROM pg_type WHERE typname = ANY ($4::text[])) AND ${isStrangeFunction('p')}`;

const FIND_SHADOW = `
  WITH types AS MATERIALIZED (${TYPES})
  SELECT min(part) AS part FROM (${FUNCTIONS} UNION ALL ${OPERATORS} UNION ALL ${CASTS} UNION ALL ${DOMAINS}) AS found`;
