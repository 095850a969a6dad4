import type { Session } from './session.ts';

/**
 * What acts with its owner's rights, or runs by itself, would do so with the heir's from now on: an agent could leave
 * itself a way back. Must run in the transaction that hands on, with the rights of the owners, given by their oids.
 * Answers how much was disarmed.
 */
export const disarm = async (session: Session, owners: readonly number[]): Promise<number> => {
  const rows = await session.ask<{ statement: string }>(STATEMENTS, [owners]);
  for (const { statement } of rows) await session.ask(statement);
  return rows.length;
};

/** A query in a rule, unlike a trigger's, has the rights of the table's owner. */
const ACTING_AS_OWNER = `
  SELECT format('ALTER ROUTINE %s SECURITY INVOKER', oid::regprocedure) AS statement
  FROM pg_proc WHERE proowner = ANY ($1) AND prosecdef
  UNION ALL
  SELECT format('ALTER VIEW %s SET (security_invoker = true)', oid::regclass)
  FROM pg_class WHERE relowner = ANY ($1) AND relkind = 'v'
    AND NOT coalesce('security_invoker=true' = ANY (reloptions), false)
  UNION ALL
  SELECT format('DROP RULE %I ON %s', rulename, ev_class::regclass)
  FROM pg_rewrite JOIN pg_class c ON c.oid = ev_class WHERE relowner = ANY ($1) AND rulename <> '_RETURN'`;

/** Functions, operators and domains that somebody made, and indexes and statistics that call them. */
const CALLING = `
  made AS (
    SELECT 'pg_proc'::regclass AS classid, oid FROM pg_proc WHERE pronamespace <> 'pg_catalog'::regnamespace
    UNION ALL SELECT 'pg_operator'::regclass, oid FROM pg_operator WHERE oprnamespace <> 'pg_catalog'::regnamespace
    UNION ALL SELECT 'pg_type'::regclass, oid FROM pg_type WHERE typnamespace <> 'pg_catalog'::regnamespace),
  calling AS (
    SELECT d.classid, d.objid FROM pg_depend d JOIN made ON d.refclassid = made.classid AND d.refobjid = made.oid)`;

/** Range types, and domains over them, that bring a function of their own by which ANALYZE measures their values. */
const MEASURED = `
  measured AS (
    SELECT unnest(ARRAY[rngtypid, rngmultitypid]) AS type FROM pg_range JOIN pg_proc p ON p.oid = rngsubdiff
    WHERE pronamespace <> 'pg_catalog'::regnamespace
    UNION SELECT t.oid FROM pg_type t JOIN measured ON t.typbasetype = measured.type)`;

/**
 * Autovacuum computes the expressions of indexes and statistics as the table's owner, at a time of its own. Indexes of
 * partitions go with the one they belong to; that of a constraint goes with the constraint.
 */
const RUNNING_BY_ITSELF = `
  SELECT CASE WHEN con.oid IS NULL THEN format('DROP INDEX %s', i.indexrelid::regclass)
    ELSE format('ALTER TABLE %s DROP CONSTRAINT %I', i.indrelid::regclass, conname) END
  FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
    LEFT JOIN pg_constraint con ON conindid = i.indexrelid AND contype IN ('p', 'u', 'x')
  WHERE relowner = ANY ($1) AND NOT relispartition AND (
    i.indexrelid IN (SELECT objid FROM calling WHERE classid = 'pg_class'::regclass)
    OR indexprs IS NOT NULL AND EXISTS (
      SELECT FROM pg_attribute JOIN measured ON type = atttypid WHERE attrelid = i.indexrelid))
  UNION ALL
  SELECT format('DROP STATISTICS %I.%I', nspname, stxname)
  FROM pg_statistic_ext s JOIN pg_class c ON c.oid = stxrelid JOIN pg_namespace n ON n.oid = stxnamespace
  WHERE relowner = ANY ($1) AND (stxexprs IS NOT NULL AND EXISTS (SELECT FROM measured)
    OR s.oid IN (SELECT objid FROM calling WHERE classid = 'pg_statistic_ext'::regclass))
  UNION ALL
  SELECT format('ALTER TABLE ONLY %s ALTER COLUMN %I SET STATISTICS 0', attrelid::regclass, attname)
  FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN measured ON type = atttypid
  WHERE relowner = ANY ($1) AND relkind IN ('r', 'p', 'm', 'f') AND NOT attisdropped
    AND coalesce(attstattarget, -1) <> 0`;

const STATEMENTS = `WITH RECURSIVE ${CALLING}, ${MEASURED} ${ACTING_AS_OWNER} UNION ALL ${RUNNING_BY_ITSELF}`;
