/** What is told of many timings of one thing, in the unit they were measured in. */
export interface Summary {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * The smallest measured value that at least `percent` of all values do not exceed (nearest rank): always a value that
 * was really measured, never one between two. Throws on an empty list, about which nothing can be said.
 */
export const percentile = (values: readonly number[], percent: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError(`no ${percent}th percentile of ${values.length} values`);
  return value;
};

export const summarize = (values: readonly number[]): Summary => ({
  count: values.length,
  p50: percentile(values, 50),
  p99: percentile(values, 99),
  max: percentile(values, 100),
});
