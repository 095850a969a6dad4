import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { loadParser } from '../../../lambdas/core/sql/parser.ts';
import { EVERYDAY_QUERIES } from './everyday-queries.ts';
import { understood } from './statements.ts';

before(loadParser);

const kept = (sql: string): readonly [string, ...string[]] => {
  const { normalised, literals } = understood(sql);
  return [normalised, ...literals];
};

test('constants become parameters after the statement’s own, their values apart and in order', () => {
  assert.deepEqual(kept("SELECT * FROM a WHERE b = $2 AND c = 'it''s' LIMIT 10"), [
    'SELECT * FROM a WHERE b = $2 AND c = $3 LIMIT $4',
    "it's",
    '10',
  ]);
});

test('every way of writing a constant is known', () => {
  const ways: Readonly<Record<string, string>> = {
    "'a'": 'a',
    "E'a\\n'": 'a\n',
    "U&'\\0061'": 'a',
    $$a$$: 'a',
    "$q$it's$q$": "it's",
    "B'101'": 'b101',
    "X'1F'": 'x1F',
    "'a'\n'b'": 'ab',
    '42': '42',
    '-42': '-42',
    '- 4.5': '-4.5',
    '1_000': '1000',
    '0x1F': '31',
    '1e10': '1e10',
    '.5': '.5',
    '99999999999999999999': '99999999999999999999',
    true: 'true',
    FALSE: 'false',
    null: 'null',
  };
  for (const [written, value] of Object.entries(ways))
    assert.deepEqual(kept(`SELECT a = ${written} FROM b`), ['SELECT a = $1 FROM b', value], written);
});

test('nothing that looks like a constant to people stays', () => {
  const looks: Readonly<Record<string, string>> = {
    'SELECT 1 -- secret': 'SELECT $1',
    'SELECT/* secret */1/* more */+2': 'SELECT $1 +$2',
    'SELECT a FROM b ORDER BY 1, 2': 'SELECT a FROM b ORDER BY $1, $2',
    "SELECT interval '3' second(2), date '2026-01-01'": 'SELECT interval $1 second($2), date $3',
    "SELECT U&'a!0062' UESCAPE '!'": 'SELECT $1 UESCAPE $2',
    "SELECT N'a', '1'::numeric(10, 2)": 'SELECT N $1, $2::numeric($3, $4)',
    "EXPLAIN (FORMAT 'json') SELECT 'a'": 'EXPLAIN (FORMAT $1) SELECT $2',
    "SELECT JSON_VALUE(a, '$.secret') FROM b": 'SELECT JSON_VALUE(a, $1) FROM b',
    "COMMENT ON TABLE a IS 'secret'": 'COMMENT ON TABLE a IS $1',
    'COMMENT ON TABLE a IS NULL': 'COMMENT ON TABLE a IS NULL',
    "CREATE TABLE a (b text DEFAULT 'secret' CHECK (b <> 'x'))":
      'CREATE TABLE a (b text DEFAULT $1 CHECK (b <> $2))',
    'CREATE SEQUENCE a START 5': 'CREATE SEQUENCE a START $1',
    'SELECT a IS NULL, b IS NOT TRUE': 'SELECT a IS NULL, b IS NOT TRUE',
    'SELECT a FROM b;': 'SELECT a FROM b;',
  };
  for (const [sql, expected] of Object.entries(looks))
    assert.equal(understood(sql).normalised, expected, sql);
});

const SECRET = fc.stringMatching(/^[a-z]{3}q[0-9]{6}z$/);
const DIGITS = fc.stringMatching(/^[1-9]7[0-9]{7}31$/);

/** A constant that holds a secret, and a place for a comment that holds another. */
const WRITTEN = fc.oneof(
  SECRET.map((secret) => [secret, `'${secret}'`] as const),
  SECRET.map((secret) => [secret, `E'\\t${secret}'`] as const),
  SECRET.map((secret) => [secret, `U&'${secret}'`] as const),
  SECRET.map((secret) => [secret, `$$${secret}$$`] as const),
  SECRET.map((secret) => [secret, `$tag$ ' ${secret} $tag$`] as const),
  SECRET.map((secret) => [secret, `'a'\n '${secret}'`] as const),
  SECRET.map((secret) => [secret, `/* ${secret} /* ' */ */ 'x'`] as const),
  SECRET.map((secret) => [secret, `'x' -- ${secret}\n`] as const),
  DIGITS.map((secret) => [secret, secret] as const),
  DIGITS.map((secret) => [secret, `-${secret}`] as const),
  DIGITS.map((secret) => [secret, `0x${secret}`] as const),
  DIGITS.map((secret) => [secret, `1.${secret}`] as const),
  DIGITS.map((secret) => [secret, `X'${secret}'`] as const),
);

const PLACES: readonly ((constant: string) => string)[] = [
  (constant) => `SELECT ${constant}`,
  (constant) => `SELECT a FROM b WHERE c = ${constant} LIMIT 5`,
  (constant) => `EXPLAIN SELECT a FROM b WHERE c IN (1, ${constant})`,
  (constant) => `UPDATE a SET b = ${constant} WHERE c = ${constant}`,
  (constant) => `INSERT INTO a VALUES (${constant})`,
  (constant) => `CREATE TABLE a (b text DEFAULT ${constant})`,
  (constant) => `ALTER TABLE a ALTER b SET DEFAULT ${constant}`,
  (constant) => `CREATE VIEW a AS SELECT ${constant} AS b`,
  (constant) => `CREATE INDEX ON a (b) WHERE c = ${constant}`,
];

test('no constant and no comment is ever in what is kept', () => {
  fc.assert(
    fc.property(WRITTEN, fc.constantFrom(...PLACES), ([secret, written], place) => {
      const { normalised } = understood(place(written));
      assert.ok(!normalised.includes(secret), normalised);
    }),
    { numRuns: 1_000 },
  );
});

test('what is kept does not depend on the constants', () => {
  for (const sql of EVERYDAY_QUERIES) {
    const { normalised, literals } = understood(sql);
    assert.ok(!normalised.includes("'") && !normalised.includes('--') && !normalised.includes('/*'), sql);
    const { length } = normalised.match(/\$\d+/g) ?? [];
    assert.ok((length ?? 0) >= literals.length, sql);
  }
});
