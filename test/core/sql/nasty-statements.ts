import fc from 'fast-check';

/** What the fragments name beside the everyday tables, each with a way to change something. */
export const NASTY_SCHEMA = `
  CREATE TABLE ledger (id int PRIMARY KEY, note text);
  INSERT INTO ledger SELECT n, 'note ' || n FROM generate_series(1, 5) AS n;
  CREATE SEQUENCE counter;
  CREATE FUNCTION evil(int) RETURNS int LANGUAGE sql AS 'INSERT INTO ledger SELECT max(id) + 1, $$evil$$ FROM ledger RETURNING id';
  CREATE FUNCTION sly(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS 'BEGIN PERFORM nextval($$counter$$); RETURN 1; END';
  CREATE TYPE mood AS ENUM ('good', 'bad');`;

const HARMLESS = [
  '1',
  '-2',
  "'a'",
  "'it''s'",
  '$$b$$',
  "E'\\\\'",
  'true',
  'null',
  'l.id',
  'note',
  'current_date',
  '0.5',
  "U&'\\0061'",
  'ARRAY[1, 2]',
  '\'{"a": 1}\'::jsonb',
  'count(*)',
  'sum(l.id) OVER (ORDER BY l.id)',
  "date '2026-01-01'",
];

const HARMFUL = [
  'evil(1)',
  'public.evil(1)',
  '"evil"(1)',
  'EVIL(1)',
  'U&"\\0065vil"(1)',
  'evil/**/(1)',
  'sly(1)',
  'public.sly(2)',
  "nextval('counter')",
  "pg_catalog.nextval('counter')",
  "setval('counter', 9)",
  "nextval('counter'::regclass)",
  'pg_advisory_lock(7)',
  'pg_advisory_xact_lock(7)',
  "set_config('search_path', 'x', false)",
  'setseed(0.1)',
  'lo_create(0)',
  "lo_from_bytea(0, 'x')",
  "pg_notify('a', 'b')",
  "pg_logical_emit_message(false, 'a', 'b')",
  "query_to_xml('SELECT evil(1)', true, true, '')",
  "ts_rewrite('a'::tsquery, 'SELECT evil(1)::text::tsquery, $$b$$')",
  "(SELECT count(*) FROM ts_stat('SELECT to_tsvector(evil(1)::text)'))",
  "pg_import_system_collations('public')",
  "pg_create_physical_replication_slot('s' || l.id)",
  'pg_current_xact_id()',
  'pg_stat_reset()',
];

const FUNCTIONS = [
  'lower',
  'length',
  'abs',
  'coalesce',
  'evil',
  'to_jsonb',
  'pg_typeof',
  'format',
  'sly',
  'pg_catalog.md5',
];

const { expression } = fc.letrec<{ expression: string }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 8, arbitrary: fc.constantFrom(...HARMLESS) },
    fc.constantFrom(...HARMFUL),
    fc
      .tuple(fc.constantFrom(...FUNCTIONS), tie('expression'))
      .map(([name, argument]) => `${name}(${argument})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, b]) => `(${a})::text || (${b})::text`),
    tie('expression').map((inner) => `(SELECT ${inner} LIMIT 1)`),
    tie('expression').map((inner) => `CASE WHEN true THEN ${inner} ELSE null END`),
    tie('expression').map((inner) => `ARRAY[${inner}]`),
    tie('expression').map((inner) => `/* ' */ ${inner} -- '\n`),
    tie('expression').map((inner) => `JSON_ARRAY(${inner})`),
  ),
}));

const table = fc.constantFrom(
  'ledger l',
  'ledger AS l',
  'ONLY ledger l',
  'public.ledger l',
  '"ledger" l',
  'ledger l TABLESAMPLE BERNOULLI (50)',
  'ledger l, generate_series(1, 3)',
  'ledger l CROSS JOIN LATERAL evil(l.id)',
  'ledger l NATURAL JOIN ledger m',
);

/** As often as all others together. */
const nothing = { weight: 1, arbitrary: fc.constant('') };

const before = fc.oneof(
  nothing,
  fc.constantFrom(
    '/* SELECT */ ',
    '-- x\n',
    '(',
    'EXPLAIN ',
    'EXPLAIN ANALYZE ',
    'EXPLAIN (ANALYZE, COSTS off) ',
    'BEGIN; ',
    'WITH w AS (SELECT 1) ',
    'WITH w AS (DELETE FROM ledger RETURNING *) ',
    'WITH w AS (SELECT evil(1)) ',
    "WITH w AS (INSERT INTO ledger VALUES (99, 'x') RETURNING *) ",
    'WITH RECURSIVE w AS (SELECT 1 UNION SELECT 2) ',
    'PREPARE p AS ',
    'DECLARE c CURSOR WITH HOLD FOR ',
    'CREATE TABLE made AS ',
    'CREATE TEMP VIEW seen AS ',
    'COPY (',
  ),
);

const after = fc.oneof(
  nothing,
  fc.constantFrom(
    ';',
    ' -- x',
    ' LIMIT 2',
    ' ORDER BY 1',
    ' GROUP BY 1',
    ' FOR UPDATE',
    ' FOR SHARE OF l',
    ')',
    ' LIMIT evil(1)',
    "; INSERT INTO ledger VALUES (77, 'x')",
    '; COMMIT',
    ' UNION ALL SELECT null',
    ' WINDOW w AS (ORDER BY evil(1))',
    ') TO STDOUT',
    " RETURNING 'x'",
    ' ORDER BY 1 USING <',
    ' FETCH FIRST 1 ROW WITH TIES',
  ),
);

const into = fc.constantFrom('', '', '', '', ' INTO made', ' INTO TEMP made', ' INTO UNLOGGED made');

const select = fc
  .record({ before, expression, into, table, condition: fc.option(expression, { nil: undefined }), after })
  .map((parts) => {
    const where = parts.condition === undefined ? '' : ` WHERE (${parts.condition}) IS NOT NULL`;
    return `${parts.before}SELECT ${parts.expression}${parts.into} FROM ${parts.table}${where}${parts.after}`;
  });

const plain = fc.constantFrom(
  "INSERT INTO ledger VALUES (88, 'x')",
  'DELETE FROM ledger',
  'UPDATE ledger SET note = null',
  'TRUNCATE ledger',
  'LOCK ledger',
  'LISTEN x',
  'NOTIFY x',
  'SET search_path = x',
  'RESET ALL',
  'SHOW timezone',
  'TABLE ledger',
  'VALUES (1)',
  'DO $$ BEGIN PERFORM evil(1); END $$',
  'SELECT',
  'ALTER TABLE ledger ADD x int',
  'DROP TABLE ledger',
  'ANALYZE ledger',
  'CREATE TABLE other (a int)',
  'GRANT ALL ON ledger TO PUBLIC',
  "SELECT 'x'::mood",
  'SET ROLE latchkey_admin',
);

/** Statements of every intention. About a third of them are reads. */
export const NASTY_STATEMENT = fc.oneof({ weight: 8, arbitrary: select }, { weight: 1, arbitrary: plain });
