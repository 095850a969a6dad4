/** A column of a relation, as the tree and as `RowDescription` name it. */
export interface BaseColumn {
  /** `schema.table.column`. */
  readonly key: string;
  readonly tableOid: number;
  readonly number: number;
}

/** Where a value comes from. */
export interface Lineage {
  /** The one column that it is, unchanged; undefined for everything else. */
  readonly exact: BaseColumn | undefined;
  /** Keys of every masked column that it may carry something of. What cannot be told carries all in reach. */
  readonly carries: ReadonlySet<string>;
}

export const NOTHING: Lineage = { exact: undefined, carries: new Set() };

export const isSafe = (lineage: Lineage): boolean => lineage.carries.size === 0;

export const carrying = (keys: Iterable<string>): Lineage => ({ exact: undefined, carries: new Set(keys) });

/** Made of all of these. */
export const combine = (lineages: readonly Lineage[]): Lineage => {
  const carriers = lineages.filter((lineage) => !isSafe(lineage));
  if (carriers.length === 0) return NOTHING;
  return carrying(carriers.flatMap(({ carries }) => [...carries]));
};

/** Either of the two: arms that agree on a column are that column. */
export const either = (left: Lineage, right: Lineage): Lineage =>
  left.exact !== undefined && left.exact.key === right.exact?.key ? left : combine([left, right]);

/** The same value after something happened to it. */
export const changed = (lineage: Lineage): Lineage => (isSafe(lineage) ? NOTHING : carrying(lineage.carries));

export const isSame = (a: Lineage, b: Lineage): boolean =>
  a.exact?.key === b.exact?.key && a.carries.size === b.carries.size;
