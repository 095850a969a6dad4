import type { ReachedColumn, ReachedRelation } from './read-definitions.ts';

/**
 * Every other column whose values one column may hold, as `schema.table.column`: those of its name in what it inherits
 * from and in what inherits from it, and those that it is computed from.
 */
export const heldBy = ({ schema, name, kin }: ReachedRelation, column: ReachedColumn): readonly string[] => {
  const own = `${schema}.${name}.${column.name}`;
  return kin
    .flatMap((relative) =>
      [column.name, ...column.bases].map((held) => `${relative.schema}.${relative.name}.${held}`),
    )
    .filter((held) => held !== own);
};

/**
 * Every column that a relation is made of, as `schema.table.column`; sorted, each once. PostgreSQL records which columns
 * a view's query uses, not for which of its own, so a view of views is made of all that those are made of. A query that
 * takes whole rows is made of every column of whatever it names. A table is made of what its columns hold of others.
 */
export const madeOf = (
  relation: ReachedRelation,
  all: ReadonlyMap<number, ReachedRelation>,
): readonly string[] => {
  const columns = new Set(relation.columns.flatMap((column) => heldBy(relation, column)));
  const seen = new Set<number>();
  const follow = ({ oid, sources, takes_rows: takesRows }: ReachedRelation): void => {
    if (seen.has(oid)) return;
    seen.add(oid);
    for (const { oid: sourceOid, number } of sources) {
      const source = all.get(sourceOid);
      if (!source) continue;
      for (const column of source.columns)
        if (column.number === number || takesRows)
          for (const held of [`${source.schema}.${source.name}.${column.name}`, ...heldBy(source, column)])
            columns.add(held);
      follow(source);
    }
  };
  follow(relation);
  return [...columns].sort();
};
