/** Below this every object is PostgreSQL's own, made by `initdb`. */
export const FIRST_NORMAL_OID = 16_384;

/** Neither PostgreSQL's own nor an extension's. `p` is a row of `pg_proc`. */
export const isStrangeFunction = (p: string): string =>
  `(${p}.oid >= ${FIRST_NORMAL_OID} AND NOT ${isOfExtension('pg_proc', `${p}.oid`)})`;

export const isOfExtension = (catalogue: string, oid: string): string =>
  `EXISTS (SELECT FROM pg_depend e
           WHERE e.classid = '${catalogue}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;

/** What stands behind an operator or a cast of PostgreSQL's own: pure, all of them, and not called by name. */
const isImplied = (p: string): string =>
  `(${p}.oid < ${FIRST_NORMAL_OID} AND (
    EXISTS (SELECT FROM pg_operator WHERE oprcode = ${p}.oid AND pg_operator.oid < ${FIRST_NORMAL_OID})
    OR EXISTS (SELECT FROM pg_cast WHERE castfunc = ${p}.oid AND pg_cast.oid < ${FIRST_NORMAL_OID})))`;

/**
 * `reached`: the relations that `$1` names (quoted), and on through the queries of views and rules and through policies;
 * for a write (`$2`) through partitions and children too, whose triggers run.
 */
const REACHED = `
  named AS MATERIALIZED (
    SELECT label, to_regclass(label)::oid AS oid FROM unnest($1::text[]) AS label),
  reached (oid) AS (
    SELECT oid FROM named WHERE oid IS NOT NULL
    UNION
    SELECT further.oid FROM reached CROSS JOIN LATERAL (
      SELECT d.refobjid FROM pg_rewrite w JOIN pg_depend d ON d.objid = w.oid
      WHERE w.ev_class = reached.oid AND d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass
      UNION ALL
      SELECT d.refobjid FROM pg_policy p JOIN pg_depend d ON d.objid = p.oid
      WHERE p.polrelid = reached.oid AND d.classid = 'pg_policy'::regclass AND d.refclassid = 'pg_class'::regclass
      UNION ALL
      SELECT inhrelid FROM pg_inherits WHERE inhparent = reached.oid AND $2
    ) AS further (oid)
    JOIN pg_class c ON c.oid = further.oid AND c.relkind IN ('r', 'p', 'v', 'm', 'f'))`;

/**
 * `kin`: for each reached relation itself, what it inherits from and what inherits from it, at any distance. Their columns
 * of one name hold the same values. `generated`: the columns that a generated one is computed from, in any of the kin.
 */
const KIN = `
  above (relation, oid) AS (
    SELECT inhrelid, inhparent FROM pg_inherits WHERE inhrelid IN (SELECT oid FROM reached)
    UNION SELECT relation, inhparent FROM above JOIN pg_inherits ON inhrelid = above.oid),
  below (relation, oid) AS (
    SELECT inhparent, inhrelid FROM pg_inherits WHERE inhparent IN (SELECT oid FROM reached)
    UNION SELECT relation, inhrelid FROM below JOIN pg_inherits ON inhparent = below.oid),
  kin AS MATERIALIZED (
    SELECT oid AS relation, oid FROM reached UNION SELECT * FROM above UNION SELECT * FROM below),
  generated AS MATERIALIZED (
    SELECT DISTINCT kin.relation, made.attname AS name, base.attname AS base
    FROM kin JOIN pg_attribute made ON made.attrelid = kin.oid AND made.attgenerated <> '' AND NOT made.attisdropped
    LEFT JOIN pg_attrdef ON adrelid = kin.oid AND adnum = made.attnum
    JOIN pg_depend d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = kin.oid AND d.refobjsubid <> made.attnum
      AND (d.classid = 'pg_attrdef'::regclass AND d.objid = pg_attrdef.oid
        OR d.classid = 'pg_class'::regclass AND d.objid = kin.oid AND d.objsubid = made.attnum)
    JOIN pg_attribute base ON base.attrelid = kin.oid AND base.attnum = d.refobjsubid)`;

/** What acts when a relation is used, each with its text. Triggers and constraints act in writes only, and are in the digest always. */
const PARTS = `
  parts AS MATERIALIZED (
    SELECT ev_class AS relation, 'pg_rewrite'::regclass AS classid, oid AS objid,
      jsonb_build_array(rulename, ev_enabled, pg_get_ruledef(oid)) AS text
    FROM pg_rewrite WHERE ev_class IN (SELECT oid FROM reached)
    UNION ALL
    SELECT polrelid, 'pg_policy'::regclass, oid,
      jsonb_build_array(polname, polcmd, polpermissive, polroles::oid[], pg_get_expr(polqual, polrelid),
        pg_get_expr(polwithcheck, polrelid))
    FROM pg_policy WHERE polrelid IN (SELECT oid FROM reached)
    UNION ALL
    SELECT tgrelid, 'pg_trigger'::regclass, oid, jsonb_build_array(tgname, tgenabled, pg_get_triggerdef(oid))
    FROM pg_trigger WHERE tgrelid IN (SELECT oid FROM reached) AND NOT tgisinternal
    UNION ALL
    SELECT adrelid, 'pg_attrdef'::regclass, oid, jsonb_build_array(adnum, pg_get_expr(adbin, adrelid))
    FROM pg_attrdef WHERE adrelid IN (SELECT oid FROM reached)
    UNION ALL
    SELECT conrelid, 'pg_constraint'::regclass, oid,
      jsonb_build_array(conname, convalidated, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE conrelid IN (SELECT oid FROM reached))`;

/**
 * `called`: functions that those parts call and PostgreSQL has a record of. `in_views`: every function in the stored
 * query of a view or rule, PostgreSQL's own too, of which there is no record; so their numbers are taken from the stored
 * tree, in which a space in a name is escaped and cannot pass for the end of a field.
 */
const CALLED = `
  called AS MATERIALIZED (
    SELECT DISTINCT coalesce(o.oprcode::oid, d.refobjid) AS oid
    FROM parts JOIN pg_depend d ON d.classid = parts.classid AND d.objid = parts.objid
    LEFT JOIN pg_operator o ON d.refclassid = 'pg_operator'::regclass AND o.oid = d.refobjid
    WHERE d.refclassid IN ('pg_proc'::regclass, 'pg_operator'::regclass)),
  in_views AS MATERIALIZED (
    SELECT DISTINCT p.oid, p.proname FROM pg_rewrite w CROSS JOIN LATERAL
      regexp_matches(w.ev_action::text, ' :(?:funcid|opfuncid|aggfnoid|winfnoid|tsmhandler) (\\d+) ', 'g') AS number
    JOIN pg_proc p ON p.oid = number[1]::oid
    WHERE w.ev_class IN (SELECT oid FROM reached))`;

const RELATIONS = `
  SELECT coalesce(json_agg(json_build_object(
    'labels', (SELECT json_agg(label) FROM named WHERE named.oid = c.oid),
    'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'relkind', c.relkind, 'is_partition', c.relispartition,
    'columns', (
      SELECT coalesce(json_agg(json_build_object('name', attname, 'number', attnum, 'bases', (
          SELECT coalesce(json_agg(base ORDER BY base), '[]') FROM generated
          WHERE generated.relation = c.oid AND generated.name = attname)) ORDER BY attnum), '[]')
      FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
    'kin', (
      SELECT json_agg(json_build_object('schema', kn.nspname, 'name', k.relname) ORDER BY kn.nspname, k.relname)
      FROM kin JOIN pg_class k ON k.oid = kin.oid JOIN pg_namespace kn ON kn.oid = k.relnamespace
      WHERE kin.relation = c.oid),
    'sources', (
      SELECT coalesce(json_agg(DISTINCT jsonb_build_object('oid', d.refobjid::int8, 'number', d.refobjsubid)), '[]')
      FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
      WHERE w.ev_class = c.oid AND w.rulename = '_RETURN' AND d.refclassid = 'pg_class'::regclass
        AND d.refobjid <> c.oid),
    'takes_rows', EXISTS (
      SELECT FROM pg_rewrite w
      WHERE w.ev_class = c.oid AND w.rulename = '_RETURN' AND position(' :varattno 0 ' IN w.ev_action::text) > 0),
    'definition', json_build_array(n.nspname, c.relname, c.relkind, c.relowner::int8, c.relrowsecurity,
      c.relforcerowsecurity, c.reloptions,
      (SELECT json_agg(json_build_array(attnum, attname, format_type(atttypid, atttypmod), attnotnull, attgenerated)
         ORDER BY attnum)
       FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped),
      (SELECT json_agg(text ORDER BY classid, text) FROM parts WHERE relation = c.oid))
    ) ORDER BY n.nspname, c.relname), '[]')
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid IN (SELECT oid FROM reached)`;

const INVOLVED = `p.oid IN (SELECT oid FROM called UNION SELECT oid FROM in_views WHERE oid >= ${FIRST_NORMAL_OID})`;

/** One round trip, because it is made twice in each run. */
export const READ_DEFINITIONS = `
  WITH RECURSIVE ${REACHED}, ${KIN}, ${PARTS}, ${CALLED}
  SELECT json_build_object(
    'relations', (${RELATIONS}),
    'functions', (SELECT json_agg(to_jsonb(p) - 'proacl' ORDER BY p.oid) FROM pg_proc p WHERE ${INVOLVED}),
    'stamps', (SELECT json_agg(json_build_array(p.oid::int8, p.xmin::text) ORDER BY p.oid) FROM pg_proc p WHERE ${INVOLVED}),
    'view_functions', (
      SELECT coalesce(json_agg(DISTINCT p.proname), '[]') FROM pg_proc p JOIN in_views USING (oid)
      WHERE NOT ${isStrangeFunction('p')} AND NOT ${isImplied('p')}),
    'stranger', (
      SELECT min(p.oid::regprocedure::text) FROM pg_proc p JOIN in_views USING (oid) WHERE ${isStrangeFunction('p')})
  ) AS found`;
