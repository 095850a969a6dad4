import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import fc from 'fast-check';
import { classify } from '../../../lambdas/core/sql/classify.ts';
import { loadParser } from '../../../lambdas/core/sql/parser.ts';
import { EVERYDAY_QUERIES } from './everyday-queries.ts';
import { MEASURED, TRIED } from './forbidden-statements.ts';
import { refused, understood } from './statements.ts';

before(loadParser);

test('what analysts ask every day is a read', () => {
  assert.ok(EVERYDAY_QUERIES.length >= 300);
  for (const sql of EVERYDAY_QUERIES) assert.equal(understood(sql).class, 'read', sql);
});

test('each way round that was measured on a server is refused, by its name', () => {
  for (const [sql, part] of MEASURED) assert.match(refused(sql).part, part, sql);
});

test('so is each of our own, and more of them', () => {
  assert.ok(TRIED.length >= MEASURED.length);
  for (const [sql, part, why] of TRIED) {
    const refusal = refused(sql);
    assert.match(refusal.part, part, `${sql}: ${why}`);
    assert.equal(refusal.code, 'statement_forbidden', sql);
    assert.match(refusal.reason, /^[A-Z].*[.]$/, sql);
  }
});

test('class and verb are what people would say', () => {
  const said: Readonly<Record<string, string>> = {
    'SELECT 1': 'read select',
    'VALUES (1)': 'read select',
    'TABLE orders': 'read select',
    'EXPLAIN SELECT 1': 'read explain',
    'SHOW timezone': 'read show',
    'INSERT INTO orders DEFAULT VALUES': 'write insert',
    'INSERT INTO orders SELECT * FROM old ON CONFLICT (id) DO UPDATE SET id = excluded.id RETURNING *':
      'write insert',
    'WITH x AS (SELECT 1) UPDATE orders SET id = 1 FROM x': 'write update',
    'DELETE FROM orders USING x WHERE orders.id = x.id RETURNING OLD.id': 'write delete',
    'MERGE INTO a USING b ON a.id = b.id WHEN NOT MATCHED THEN INSERT VALUES (1)': 'write merge',
    'CREATE TABLE a (id bigserial PRIMARY KEY, b numeric(10, 2) NOT NULL DEFAULT 0 CHECK (b >= 0), c text REFERENCES d)':
      'ddl create table',
    'CREATE TABLE a (b int GENERATED ALWAYS AS IDENTITY (START 5), c int GENERATED ALWAYS AS (b * 2) STORED)':
      'ddl create table',
    'ALTER TABLE a ADD COLUMN b text COLLATE "C", ALTER c TYPE int USING c::int, DROP COLUMN d':
      'ddl alter table',
    'ALTER TABLE a ADD CONSTRAINT b UNIQUE (c)': 'ddl alter table',
    'CREATE UNIQUE INDEX i ON a USING btree (lower(b) text_pattern_ops, c DESC) WHERE d': 'ddl create index',
    'CREATE OR REPLACE VIEW v AS SELECT id FROM orders': 'ddl create view',
    'CREATE SEQUENCE s START 10 INCREMENT 5': 'ddl create sequence',
    'DROP TABLE IF EXISTS a': 'ddl drop table',
    'DROP INDEX a': 'ddl drop index',
    'DROP VIEW a': 'ddl drop view',
    'DROP SEQUENCE a': 'ddl drop sequence',
    "COMMENT ON COLUMN a.b IS 'x'": 'ddl comment',
  };
  for (const [sql, expected] of Object.entries(said)) {
    const statement = understood(sql);
    assert.equal(`${statement.class} ${statement.verb}`, expected, sql);
  }
});

const relationsOf = (sql: string): string[] =>
  understood(sql).relations.map(({ schema, name }) => (schema === undefined ? name : `${schema}.${name}`));

test('tables are found wherever they stand, and a name of WITH hides one only where PostgreSQL says so', () => {
  const named: Readonly<Record<string, readonly string[]>> = {
    'SELECT * FROM b, a JOIN s.c ON true': ['a', 'b', 's.c'],
    'SELECT (SELECT 1 FROM a WHERE EXISTS (SELECT 1 FROM b))': ['a', 'b'],
    'WITH t AS (SELECT 1) SELECT * FROM t': [],
    'WITH t AS (SELECT 1) SELECT * FROM public.t': ['public.t'],
    'WITH t AS (SELECT * FROM t) SELECT * FROM t': ['t'],
    'WITH RECURSIVE t AS (SELECT 1 UNION ALL SELECT * FROM t) SELECT * FROM t': [],
    'WITH a AS (SELECT * FROM b), b AS (SELECT 1) SELECT * FROM a, b': ['b'],
    'WITH a AS (SELECT 1), b AS (SELECT * FROM a) SELECT * FROM b': [],
    'SELECT (WITH t AS (SELECT 1) SELECT 1), x.* FROM t x': ['t'],
    '(WITH t AS (SELECT 1) SELECT 1) UNION SELECT 1 FROM t': ['t'],
    'WITH t AS (SELECT 1) SELECT * FROM (SELECT * FROM t) x': [],
    'WITH t AS (SELECT 1) UPDATE t SET a = 1 FROM t AS other WHERE t.id = 1': ['t'],
    'WITH s AS (SELECT 1 AS id) MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN DELETE': ['t'],
    'WITH pg_class AS (SELECT 1) SELECT * FROM pg_class': [],
    'DROP TABLE a.b, c': ['a.b', 'c'],
    "COMMENT ON COLUMN a.b.c IS 'x'": ['a.b'],
    'CREATE TABLE a (b int REFERENCES c)': ['a', 'c'],
    'CREATE VIEW a AS SELECT * FROM b': ['a', 'b'],
  };
  for (const [sql, expected] of Object.entries(named)) assert.deepEqual(relationsOf(sql), expected, sql);
});

test('names of columns, functions and operators are listed once and in order, those that are not written among them', () => {
  const { columns, functions, operators, parameterCount } = understood(
    `SELECT o.total, lower(a), upper(a), LOWER(b), c.* FROM o JOIN p USING (k)
     WHERE x BETWEEN $2 AND 3 AND y LIKE 'a' AND z IN (1) AND (r).f = ANY (SELECT 1) OR CASE w WHEN 1 THEN true END`,
  );
  assert.deepEqual(columns, ['a', 'b', 'c.*', 'f', 'k', 'o.total', 'r', 'w', 'x', 'y', 'z']);
  assert.deepEqual(functions, ['lower', 'upper']);
  assert.deepEqual(operators, ['<=', '=', '>=', '~~']);
  assert.equal(parameterCount, 2);
  assert.deepEqual(understood('INSERT INTO t (b, a) VALUES (1, 2)').columns, ['a', 'b']);
  assert.deepEqual(understood('UPDATE t SET a = 1, (b, c) = (SELECT 1, 2)').columns, ['a', 'b', 'c']);
});

test('a call that is written like a column is listed among the columns, where the database can tell', () => {
  assert.deepEqual(understood('SELECT c.evil, (c).sly FROM customers c').columns, ['c', 'c.evil', 'sly']);
});

test('a text that others could read differently is refused before it is parsed', () => {
  const texts = [
    '',
    '  \n',
    '-- nothing',
    ';',
    'SELECT 1\0; DROP TABLE t',
    "SELECT '\uD800'",
    "SELECT '\uFFFD'",
  ];
  for (const text of [...texts, `SELECT '${'é'.repeat(33_000)}'`])
    assert.equal(refused(text).code, 'statement_not_understood', JSON.stringify(text.slice(0, 30)));
  assert.equal(understood(`SELECT '${'x'.repeat(60_000)}'`).class, 'read');
});

test('a mistake is told by its place, and nothing of the statement is repeated', () => {
  assert.deepEqual(refused("SELECT 'é',\n  sélect FROM 'CANARY' x"), {
    code: 'statement_not_understood',
    part: 'syntax',
    reason: 'PostgreSQL does not understand the statement at line 2, character 15.',
  });
  for (const text of ["SELECT 'CANARY", 'SELECT "CANARY', "SELECT 1 'CANARY'", 'SELECT 0xCANARY'])
    assert.doesNotMatch(refused(text).reason, /CANARY/, text);
});

test('any text is answered, none throws', () => {
  const word = fc.constantFrom(
    ...[
      'SELECT',
      'FROM',
      '(',
      ')',
      ',',
      "'",
      '"',
      '$$',
      '--',
      '/*',
      '*/',
      'WITH',
      'AS',
      ';',
      '1',
      'a',
      '::',
      '[',
      ']',
    ],
    ...[
      '\0',
      '\\',
      'E',
      'U&',
      '$1',
      '.',
      '*',
      'NOT',
      'UNION',
      'é',
      '\u{1F600}',
      '\n',
      'CASE',
      'WHEN',
      'END',
      '-',
    ],
  );
  const text = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    fc.array(word, { maxLength: 30 }).map((words) => words.join('')),
  );
  fc.assert(
    fc.property(text, (sql) => {
      assert.equal(typeof classify(sql).ok, 'boolean');
    }),
    { numRuns: 1_000 },
  );
});
