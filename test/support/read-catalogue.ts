import type { Client } from 'pg';
import type { Catalogue, CatalogueRelation } from '../../lambdas/core/sql/catalogue.ts';

const RELATIONS = `
  WITH RECURSIVE uses AS (
    SELECT r.ev_class AS relation, d.refobjid AS source, d.refobjsubid AS number
    FROM pg_rewrite r JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
    WHERE d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0 AND d.refobjid <> r.ev_class
  ), made AS (
    SELECT * FROM uses
    UNION SELECT m.relation, u.source, u.number FROM made m JOIN uses u ON u.relation = m.source
  )
  SELECT c.oid::int, n.nspname AS schema, c.relname AS name, c.relkind AS kind,
    (SELECT json_agg(json_build_object('name', a.attname, 'number', a.attnum) ORDER BY a.attnum)
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
    (SELECT json_agg(format('%s.%s.%s', sn.nspname, s.relname, sa.attname))
     FROM made JOIN pg_class s ON s.oid = made.source JOIN pg_namespace sn ON sn.oid = s.relnamespace
     JOIN pg_attribute sa ON sa.attrelid = s.oid AND sa.attnum = made.number WHERE made.relation = c.oid) AS "madeOf"
  FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'v')`;

/** Every relation of a test's `public`, under both names that a statement may use. */
export const readCatalogue = async (client: Client): Promise<Catalogue> => {
  const { rows } = await client.query<Omit<CatalogueRelation, 'kind'> & { kind: string }>(RELATIONS);
  const relations = rows.flatMap((row): [string, CatalogueRelation][] => {
    const kind = row.kind === 'v' ? 'view' : 'table';
    const relation: CatalogueRelation = { ...row, kind, madeOf: row.madeOf ?? [] };
    return [
      [row.name, relation],
      [`${row.schema}.${row.name}`, relation],
    ];
  });
  return { relations: new Map(relations), digest: '' };
};
