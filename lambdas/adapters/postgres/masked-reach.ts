import type { SensitiveColumn } from '../../core/masking/mask.ts';
import type { Session } from './session.ts';

/** One way in which a role reaches a sensitive column, or the reason why nobody can tell. Names are quoted as SQL wants them. */
export interface MaskedReach {
  /**
   * `missing`: there is no such column. `column`: it may be read. `relation`: a readable view is made of it, through
   * others too. `function`: a callable function acts with the rights of somebody who may read it.
   */
  readonly kind: 'missing' | 'column' | 'relation' | 'function';
  /** `public.customers.email`, `public.contacts` or `public.export(integer)`. */
  readonly name: string;
  /** Who was given the right that reaches it, as far as it was given by name: `PUBLIC`, or a role. */
  readonly grantees: readonly string[];
  /** For a column: its table, and the table's columns that are not sensitive. */
  readonly table: string;
  readonly others: readonly string[];
}

/**
 * How the members of a role, who are PUBLIC too, reach columns that they must not. Asked in the database itself, by a user
 * who needs no rights there. Careful rather than exact: what merely could show a column counts.
 *
 * Not found are copies: a table that a trigger or a job fills. List their columns as sensitive too.
 */
export const maskedReach = async (
  session: Session,
  role: string,
  columns: readonly SensitiveColumn[],
): Promise<readonly MaskedReach[]> =>
  session.ask<MaskedReach & Record<string, unknown>>(
    `WITH RECURSIVE ${LISTED}, ${FAMILY}, ${SENSITIVE}, ${TAINTED} ${MISSING} UNION ALL ${READABLE} UNION ALL ${SHOWN} UNION ALL ${CALLABLE} ORDER BY 1, 2`,
    [
      role,
      columns.map(({ schema }) => schema),
      columns.map(({ table }) => table),
      columns.map(({ column }) => column),
    ],
  );

const LISTED = `
  listed AS (
    SELECT nspname AS schema, relname AS table, attname AS column, a.attrelid, a.attnum
    FROM unnest($2::text[], $3::text[], $4::text[]) AS asked (nspname, relname, attname)
    LEFT JOIN (pg_namespace n JOIN pg_class c ON c.relnamespace = n.oid
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped)
      USING (nspname, relname, attname))`;

/** Partitions and children are read through their parents, with the rights to the parents; and each by itself. */
const FAMILY = `
  family AS (
    SELECT DISTINCT attrelid AS origin, attrelid AS relation FROM listed WHERE attrelid IS NOT NULL
    UNION
    SELECT origin, CASE relation WHEN inhparent THEN inhrelid ELSE inhparent END
    FROM family JOIN pg_inherits ON relation IN (inhparent, inhrelid))`;

const SENSITIVE = `
  sensitive AS (
    SELECT DISTINCT a.attrelid, a.attnum FROM listed JOIN family ON origin = listed.attrelid
    JOIN pg_attribute a ON a.attrelid = relation AND a.attname = listed.column AND NOT a.attisdropped)`;

/**
 * Views, and tables with rules, that use a sensitive column, or a whole row of its table (column number 0 in the stored tree, for which no
 * dependency on a column is kept), or a view that does. What stands in a \`security_invoker\` view is asked of the reader.
 */
const TAINTED = `
  definer AS (
    SELECT c.oid, r.oid AS rule, position(':varattno 0 ' in r.ev_action::text) > 0 AS whole_rows
    FROM pg_class c JOIN pg_rewrite r ON r.ev_class = c.oid
    WHERE NOT EXISTS (
      SELECT FROM pg_options_to_table(reloptions)
      WHERE option_name = 'security_invoker' AND option_value::boolean)),
  uses AS (
    SELECT definer.oid, refobjid, refobjsubid, whole_rows FROM definer
    JOIN pg_depend ON classid = 'pg_rewrite'::regclass AND objid = rule AND refclassid = 'pg_class'::regclass
    WHERE refobjid <> definer.oid),
  tainted AS (
    SELECT DISTINCT uses.oid FROM uses JOIN sensitive ON refobjid = attrelid
    WHERE refobjsubid = attnum OR whole_rows
    UNION
    SELECT uses.oid FROM tainted JOIN uses ON refobjid = tainted.oid)`;

/** A right to a whole table is listed with the table, one to a column with the column; both are what a REVOKE needs. */
const granteesOf = (...acls: readonly string[]): string => `ARRAY(
  SELECT DISTINCT CASE grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(grantee)) END
  FROM (${acls.map((acl) => `SELECT grantee FROM aclexplode(${acl})`).join(' UNION ALL ')}) AS given
  WHERE grantee = 0 OR pg_has_role($1::name, grantee, 'USAGE') ORDER BY 1)`;

const MISSING = `
  SELECT 'missing' AS kind, format('%I.%I.%I', listed.schema, listed.table, listed.column) AS name,
    '{}'::text[] AS grantees, format('%I.%I', listed.schema, listed.table) AS table, '{}'::text[] AS others
  FROM listed WHERE attrelid IS NULL`;

const READABLE = `
  SELECT 'column', format('%I.%I.%I', nspname, relname, attname), ${granteesOf('relacl', 'attacl')},
    format('%I.%I', nspname, relname), ARRAY(
      SELECT quote_ident(o.attname) FROM pg_attribute o
      WHERE o.attrelid = c.oid AND o.attnum > 0 AND NOT o.attisdropped
        AND (o.attrelid, o.attnum) NOT IN (SELECT attrelid, attnum FROM sensitive) ORDER BY o.attnum)
  FROM sensitive JOIN pg_attribute a USING (attrelid, attnum) JOIN pg_class c ON c.oid = attrelid
  JOIN pg_namespace n ON n.oid = relnamespace
  WHERE has_column_privilege($1::name, c.oid, attnum, 'SELECT')`;

const SHOWN = `
  SELECT 'relation', format('%I.%I', nspname, relname), ${granteesOf(
    'relacl',
    '(SELECT array_agg(acl) FROM pg_attribute, unnest(attacl) AS acl WHERE attrelid = c.oid)',
  )}, '', '{}'::text[]
  FROM tainted JOIN pg_class c USING (oid) JOIN pg_namespace n ON n.oid = relnamespace
  WHERE has_schema_privilege($1::name, n.oid, 'USAGE')
    AND (has_any_column_privilege($1::name, c.oid, 'SELECT, INSERT, UPDATE') OR has_table_privilege($1::name, c.oid, 'DELETE'))`;

/** In \`pg_catalog\` only a superuser can put functions; those of PostgreSQL itself check their callers. */
const CALLABLE = `
  SELECT 'function', p.oid::regprocedure::text, ${granteesOf("coalesce(proacl, acldefault('f', proowner))")}, '', '{}'::text[]
  FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace
  WHERE prosecdef AND nspname <> 'pg_catalog' AND has_schema_privilege($1::name, n.oid, 'USAGE')
    AND has_function_privilege($1::name, p.oid, 'EXECUTE')
    AND EXISTS (SELECT FROM sensitive WHERE has_column_privilege(proowner, attrelid, attnum, 'SELECT'))`;
