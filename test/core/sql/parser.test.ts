import assert from 'node:assert/strict';
import { before, beforeEach, test } from 'node:test';
import { loadParser, parseText } from '../../../lambdas/core/sql/parser.ts';
import { refused, understood } from './statements.ts';

before(loadParser);
beforeEach(loadParser);

const around = (open: string, close: string, levels: number): string =>
  `SELECT ${open.repeat(levels)}a${close.repeat(levels)}`;

/** Each overflows a stack on its way: the grammar's, the parser's own, or none of them and then the walk's. */
const DEEP: Readonly<Record<string, string>> = {
  parentheses: around('(', ')', 30_000),
  subqueries: around('(SELECT ', ')', 1_000),
  'more subqueries': around('(SELECT ', ')', 6_000),
  calls: around('abs(', ')', 2_000),
  NOT: around('NOT ', '', 2_500),
  minus: around('- ', '', 4_000),
  casts: around('', '::int', 10_000),
  sums: around('', '+a', 20_000),
  'fewer sums': around('', '+a', 400),
  cases: around('CASE WHEN true THEN ', ' END', 2_000),
  arrays: around('ARRAY[', ']', 3_000),
  joins: `SELECT * FROM a${' CROSS JOIN a'.repeat(4_000)}`,
  unions: `SELECT 1${' UNION SELECT 1'.repeat(4_000)}`,
  'nested WITH': `${'WITH a AS ('.repeat(2_000)}SELECT 1${') SELECT 1'.repeat(2_000)}`,
};

test('what nests too deeply is refused, and the next statement is understood as ever', async () => {
  const expected = understood("SELECT a FROM b WHERE c = 'x'");
  for (const [name, sql] of Object.entries(DEEP)) {
    await loadParser();
    const { code, part } = refused(sql);
    assert.ok(code === 'statement_not_understood' || part === 'the nesting', name);
    assert.deepEqual(understood("SELECT a FROM b WHERE c = 'x'"), expected, name);
  }
});

test('a parser that broke is not used again', async () => {
  const sql = around('', '::int', 12_000);
  for (let broken = 0; broken < 10; broken += 1) {
    await loadParser();
    assert.match(refused(sql).reason, /too deeply/);
  }
  await loadParser();
  assert.equal(understood('SELECT 1').class, 'read');
});

test('while no parser is at hand everything is refused', async () => {
  const sql = around('', '::int', 12_000);
  parseText(sql);
  parseText(sql);
  assert.match(refused('SELECT 1').reason, /not ready/);
  await loadParser();
  assert.equal(understood('SELECT 1').class, 'read');
});

test('what is long but flat is understood', () => {
  const flat = [
    `SELECT a FROM b WHERE true${' AND a = 1'.repeat(5_000)}`,
    `SELECT a FROM b WHERE a = 1${' OR a = 1'.repeat(5_000)}`,
    `SELECT ${'1,'.repeat(20_000)}1`,
    `SELECT 1 WHERE 1 IN (${'1,'.repeat(20_000)}1)`,
    `VALUES (1)${',(1)'.repeat(10_000)}`,
    around('(', ')', 1_000),
  ];
  for (const sql of flat) assert.equal(understood(sql).class, 'read', sql.slice(0, 40));
});

test('numbers of tokens are those that normalising stands on', () => {
  const parsed = parseText(
    `SELECT "a", U&"b", 1.5, 's', U&'s', B'1', X'1', 1, $1, a::b, f(a => 1), a <= b, a >= b, a <> b, a || b -- c
     /* d */`,
  );
  assert.ok(parsed.ok);
  const seen = new Set(parsed.value.tokens.map(({ tokenType }) => tokenType).filter((type) => type >= 256));
  const kinds = [258, 259, 260, 261, 262, 263, 264, 265, 266, 267, 268, 271, 272, 273, 274, 275, 276];
  for (const kind of kinds) assert.ok(seen.has(kind), String(kind));
});
