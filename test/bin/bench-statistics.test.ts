import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { percentile, summarize } from '../../bin/bench-statistics.ts';

const VALUES = fc.array(fc.double({ noNaN: true }), { minLength: 1 });

test('percentiles are by nearest rank: the second largest of a hundred is their 99th', () => {
  const hundred = Array.from({ length: 100 }, (_, index) => index + 1);
  assert.deepEqual(summarize(hundred), { count: 100, p50: 50, p99: 99, max: 100 });
  assert.deepEqual(summarize([7]), { count: 1, p50: 7, p99: 7, max: 7 });
  assert.equal(percentile([4, 1, 3, 2], 50), 2);
});

test('numbers are ordered as numbers, and the list that was given stays as it was', () => {
  const values = [10, 9, 100];
  assert.equal(percentile(values, 100), 100);
  assert.deepEqual(values, [10, 9, 100]);
});

test('a percentile is a measured value that the asked share does not exceed, and one less would be too few', () => {
  fc.assert(
    fc.property(VALUES, fc.integer({ min: 1, max: 100 }), (values, percent) => {
      const found = percentile(values, percent);
      const share = (isIn: (value: number) => boolean) => (100 * values.filter(isIn).length) / values.length;
      assert.ok(values.includes(found));
      assert.ok(share((value) => value <= found) >= percent);
      assert.ok(share((value) => value < found) < percent);
    }),
  );
});

test('nothing is said about no values', () => {
  assert.throws(() => summarize([]), RangeError);
});
