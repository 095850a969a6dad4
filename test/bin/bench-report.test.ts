import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { kindTable, kindTableIn, withKindTable } from '../../bin/bench-kind-table.ts';
import { AIMS, benchmarkPage, SECTIONS, verdicts } from '../../bin/bench-report.ts';
import type { BenchResults, BundleResult } from '../../bin/bench-results.ts';
import { type Summary, summarize } from '../../bin/bench-statistics.ts';
import { ms, table } from '../../bin/bench-table.ts';
import { MEASURED, MEASURED_NAMES } from '../../bin/kind-access.ts';
import { readConfig } from '../../bin/read-config.ts';
import { compileConfig } from '../../lambdas/core/config/compile.ts';
import { CONFIG_PARTS } from '../../lambdas/core/config/compiled.ts';
import { ROUTES } from '../../lambdas/http/routes.ts';

const about = (value: number): Summary => summarize([value, value, value * 3]);

const READER: BundleResult = {
  name: 'reader',
  importMs: about(60),
  importWithoutPolicyMs: undefined,
  codeBytes: 400_000,
  wasmBytes: 0,
};

const ENDED = { deadAfter: about(50), cut: about(30) };

const RESULTS: BenchResults = {
  machine: {
    cores: 2,
    memoryGb: 8,
    platform: 'linux x64',
    nodeVersion: '24.0.0',
    postgresVersion: '18',
    loadBefore: 0.1,
    loadAfter: 1,
  },
  routes: ROUTES.map((route) => ({
    route,
    times: about(9),
    calls: { fewest: ['GetItem', 'GetItem'], most: 5 },
  })),
  vend: { handler: about(6), floor: about(5) },
  bundles: [READER],
  kinds: MEASURED_NAMES.map((name) => ({ name, active: about(80), credential: about(90), ...ENDED })),
  endedAtOnce: { first: ENDED, again: ENDED },
  approvals: { credential: about(200), run: about(250) },
  runs: {
    governed: [{ rows: 1, cells: 4, governed: about(6), plain: about(5) }],
    classifyMs: about(0.2),
    maskMbPerSecond: 40,
    runnerMemoryMib: 200,
  },
};

const aimOf = (results: BenchResults, what: RegExp) => {
  const found = verdicts(results).find((verdict) => what.test(verdict.what));
  assert.ok(found);
  return found;
};

test('a table has one line for its header, one below it, and one for each row', () => {
  assert.equal(table(['a', 'b'], [['1', '2']]), '| a | b |\n| --- | --- |\n| 1 | 2 |');
});

test('times keep a digit after the point only while it counts', () => {
  assert.deepEqual([0.04, 9.94, 10.06, 148.6, -0.26].map(ms), [
    '0.0 ms',
    '9.9 ms',
    '10 ms',
    '149 ms',
    '-0.3 ms',
  ]);
});

test('an aim is met up to its limit and missed above it', () => {
  const floor = about(10);
  for (const [handler, isMet] of [
    [10 * AIMS.vendRatio, true],
    [10 * AIMS.vendRatio + 0.1, false],
  ] as const)
    assert.equal(aimOf({ ...RESULTS, vend: { handler: about(handler), floor } }, /multiple/).isMet, isMet);
  assert.equal(aimOf({ ...RESULTS, vend: { handler: about(13), floor } }, /own code/).isMet, false);
});

test('a run may add three milliseconds and a microsecond for each cell', () => {
  const [one] = RESULTS.runs.governed;
  assert.ok(one);
  const withRun = (cells: number, governed: number) => {
    const runs = { ...RESULTS.runs, governed: [{ ...one, cells, governed: about(governed) }] };
    return aimOf({ ...RESULTS, runs }, /over plain/).isMet;
  };
  assert.deepEqual(
    [withRun(0, 8), withRun(0, 8.1), withRun(1_000, 9), withRun(1_000, 9.1)],
    [true, false, true, false],
  );
});

test('WebAssembly counts neither into the size nor into the import that have an aim', () => {
  const withEngine: BundleResult = {
    ...READER,
    name: 'api',
    importMs: about(300),
    importWithoutPolicyMs: about(110),
    wasmBytes: 4_000_000,
  };
  const results = { ...RESULTS, bundles: [READER, withEngine] };
  assert.deepEqual([aimOf(results, /import/).figure, aimOf(results, /import/).isMet], ['110 ms', true]);
  assert.equal(aimOf(results, /largest/).isMet, true);
  const large = { ...READER, codeBytes: AIMS.bundleKb * 1_000 + 1_000 };
  assert.equal(aimOf({ ...RESULTS, bundles: [READER, large] }, /largest/).isMet, false);
});

test('a figure that misses its aim is on the page as one', () => {
  assert.equal(benchmarkPage(RESULTS).includes('**no**'), false);
  assert.ok(benchmarkPage({ ...RESULTS, vend: { handler: about(90), floor: about(1) } }).includes('**no**'));
});

test('each row of a table has as many cells as its header', () => {
  const cells = (line: string) => line.split(' | ').length;
  let header = 0;
  for (const line of benchmarkPage(RESULTS).split('\n')) {
    if (!line.startsWith('|')) header = 0;
    else if (header === 0) header = cells(line);
    else assert.equal(cells(line), header, line);
  }
});

test('the page in docs has every section, route and function', () => {
  const page = readFileSync('docs/benchmarks.md', 'utf8');
  const headings = (text: string) => text.split('\n').filter((line) => line.startsWith('#'));
  assert.deepEqual(headings(page), headings(benchmarkPage(RESULTS)));
  assert.deepEqual(
    headings(page).slice(1),
    SECTIONS.map((section) => `## ${section}`),
  );
  for (const { method, path } of ROUTES) assert.ok(page.includes(`| \`${method} ${path}\` |`), path);
  for (const name of Object.keys(CONFIG_PARTS)) assert.ok(page.includes(`\n| ${name} |`), name);
});

const kindsIn = (table: string): readonly string[] =>
  table
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ')[0]?.slice(2) ?? '');

test('every kind that the sample offers is measured, and stands beside AWS’s own limit on both pages', () => {
  const sample = compileConfig(readConfig('config'));
  assert.ok(sample.ok);
  const offered = new Set(sample.value.resources.map(({ kind }) => kind));
  assert.deepEqual(new Set(Object.values(MEASURED).map(({ kind }) => kind)), offered);
  assert.deepEqual(kindsIn(kindTable(RESULTS.kinds)), MEASURED_NAMES);
  const shown = kindTableIn(readFileSync('docs/revocation.md', 'utf8'));
  assert.deepEqual(kindsIn(shown), MEASURED_NAMES);
  assert.ok(readFileSync('docs/benchmarks.md', 'utf8').includes(`\n${shown}\n`), 'two tables that differ');
});

test('a page gets its table in its one place, and nothing else of it changes', () => {
  const page = readFileSync('docs/revocation.md', 'utf8');
  const written = withKindTable(page, kindTable(RESULTS.kinds));
  assert.equal(kindTableIn(written), kindTable(RESULTS.kinds));
  assert.equal(withKindTable(written, kindTableIn(page)), page);
  assert.throws(() => withKindTable('no place', 'table'), /place/);
});

test('the page says nothing of whose machine it was', () => {
  const page = readFileSync('docs/benchmarks.md', 'utf8');
  assert.doesNotMatch(page, /\/(home|work|tmp|Users|root)\b|https?:\/\//);
});
