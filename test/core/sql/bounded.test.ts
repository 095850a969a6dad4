import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { loadParser } from '../../../lambdas/core/sql/parser.ts';
import { understood } from './statements.ts';

before(loadParser);

/** Conditions on the table `t` that name rows. */
const NAMING = [
  'id = 7',
  '7 = id',
  'id = $1',
  't.id = 7',
  'public.t.id = 7',
  "at < now() - interval '30 days'",
  'id BETWEEN 1 AND 5',
  'id IN (1, 2)',
  'id = ANY (ARRAY[1, 2])',
  "name LIKE 'a%'",
  'name IS NULL',
  'archived',
  'archived IS TRUE',
  'id = 7 AND true',
  'true AND id = 7',
  'id = 7 OR id = 8',
  "lower(name) = 'a'",
  "date_trunc('day', at) = $1",
  'extract(year FROM at) = 2020',
  "ctid = '(0,1)'",
  "at::date = '2026-01-01'",
  "payload ->> 'kind' = 'a'",
  '(id, name) IN ((1, 2))',
  'id IN (SELECT s.id FROM stale s)',
  'customer_id IN (SELECT id FROM customers WHERE gone)',
  'customer_id = (SELECT id FROM customers WHERE email = $1)',
  'id IN (SELECT id FROM t WHERE at < $1)',
  'id IN (SELECT id FROM t LIMIT 100)',
  'EXISTS (SELECT 1 FROM customers c WHERE c.id = t.customer_id)',
];

/** Conditions that are true for every row, or may be, or only say which rows stay. */
const EVERYTHING = [
  'true',
  '1 = 1',
  '$1',
  '$1 = 1',
  'id = id',
  't.id = id',
  'id = t.id + 0',
  'id IS NOT NULL',
  'id IS NOT NULL OR true',
  'id = 7 OR true',
  'id = 7 OR id = id',
  'id <> 7',
  'NOT id = 7',
  'NOT (id = 7 AND false)',
  'id NOT IN (1)',
  'id IS DISTINCT FROM 7',
  'id NOT BETWEEN 1 AND 5',
  'id = ALL (ARRAY[]::int[])',
  "name LIKE '%'",
  "name LIKE '%_%'",
  'name LIKE $1',
  "name NOT LIKE 'a'",
  "name ~ '.*'",
  "payload @> '{}'",
  'id * 0 = 0',
  'length(name) >= 0',
  'coalesce(id, 7) = 7',
  'CASE WHEN id = 7 THEN true ELSE true END',
  'archived IS NOT TRUE',
  'id IN (SELECT id FROM t)',
  'id IN (SELECT id FROM t LIMIT ALL)',
  'id IN (SELECT id FROM t WHERE true)',
  'id IN (SELECT x.id FROM t x WHERE x.id = t.id)',
  'id IN (SELECT x.id FROM t x WHERE x.id = id)',
  'id IN (SELECT id FROM other)',
  'id IN (SELECT t.id FROM other)',
  'id = (SELECT o.id FROM other o WHERE o.id = t.id)',
  'id IN (SELECT 1 UNION SELECT id FROM t)',
  'id NOT IN (SELECT s.id FROM stale s)',
  'tableoid = 16400',
  'xmin IN (1, 2)',
  "btrim('', name) = ''",
  "btrim(name, name) = ''",
  `jsonb_extract_path_text('{}', 'a', name) IS NULL`,
  'EXISTS (SELECT 1 FROM (SELECT t.id AS k) u WHERE u.k = t.id)',
  'EXISTS (SELECT 1 FROM LATERAL (SELECT t.id AS k) u WHERE t.id = u.k)',
  'EXISTS (WITH w AS (SELECT id FROM t) SELECT 1 FROM w WHERE w.id = t.id)',
  'EXISTS (SELECT 1)',
  'EXISTS (SELECT 1 FROM other)',
  'EXISTS (SELECT 1 FROM t)',
  'EXISTS (SELECT 1 FROM other t WHERE t.id = 1)',
  'NOT EXISTS (SELECT 1 FROM customers c WHERE c.id = t.customer_id)',
];

test('a condition that compares a column of the table with something else names rows', () => {
  for (const condition of NAMING) {
    assert.ok(understood(`DELETE FROM t WHERE ${condition}`).bounded, condition);
    assert.ok(understood(`UPDATE t SET a = 1 WHERE ${condition}`).bounded, condition);
  }
});

test('a condition that every row may meet is none', () => {
  for (const condition of EVERYTHING) {
    assert.ok(!understood(`DELETE FROM t WHERE ${condition}`).bounded, condition);
    assert.ok(!understood(`UPDATE t SET a = 1 WHERE ${condition}`).bounded, condition);
  }
  assert.ok(!understood('DELETE FROM t').bounded);
  assert.ok(!understood('UPDATE t SET a = 1').bounded);
});

test('with other tables beside it, a column counts only by the table’s name', () => {
  assert.ok(understood('DELETE FROM t USING s WHERE t.id = s.id').bounded);
  assert.ok(understood('UPDATE t AS x SET a = 1 FROM s WHERE x.id = s.id').bounded);
  assert.ok(!understood('DELETE FROM t USING s').bounded);
  assert.ok(!understood('DELETE FROM t USING s WHERE s.id = 1').bounded);
  assert.ok(!understood('DELETE FROM t USING s WHERE gone').bounded);
  assert.ok(!understood('DELETE FROM t USING s WHERE t.id = id').bounded);
});

test('a row that is compared with all of the table again is compared with itself', () => {
  for (const sql of [
    'DELETE FROM t USING t u WHERE t.id = u.id',
    'DELETE FROM t USING (SELECT * FROM t) u WHERE t.id = u.id',
    'DELETE FROM t USING s JOIN public.t u ON true WHERE t.id = u.id',
    'UPDATE t SET a = 1 FROM t u WHERE t.id = u.id',
    'WITH w AS (SELECT * FROM t) DELETE FROM t USING w WHERE t.id = w.id',
    'WITH w AS (SELECT id AS k FROM t) DELETE FROM t WHERE id IN (SELECT k FROM w)',
    'WITH w AS (SELECT id AS k FROM t) DELETE FROM t WHERE EXISTS (SELECT 1 FROM w WHERE w.k = t.id)',
    'MERGE INTO t USING t u ON t.id = u.id WHEN MATCHED THEN DELETE',
    'INSERT INTO t SELECT * FROM t ON CONFLICT (id) DO UPDATE SET a = 1',
  ])
    assert.ok(!understood(sql).bounded, sql);
});

test('a part of the table that is read first names rows', () => {
  for (const sql of [
    'WITH w AS (SELECT id FROM t WHERE at < $1 LIMIT 100) DELETE FROM t USING w WHERE t.id = w.id',
    'WITH w AS (SELECT id FROM t WHERE at < $1) DELETE FROM t WHERE id IN (SELECT w.id FROM w)',
    'DELETE FROM t USING (SELECT id FROM t WHERE gone) u WHERE t.id = u.id',
    'DELETE FROM t USING t u WHERE t.id = 7',
    'INSERT INTO t SELECT * FROM t ON CONFLICT DO NOTHING',
    'INSERT INTO t VALUES (1) ON CONFLICT (id) DO UPDATE SET a = 1',
  ])
    assert.ok(understood(sql).bounded, sql);
});

test('a merge is bounded when each change in it is', () => {
  const merge = (on: string, ...clauses: string[]): boolean =>
    understood(`MERGE INTO t USING s ON ${on} ${clauses.map((clause) => `WHEN ${clause}`).join(' ')}`)
      .bounded;
  const insert = 'NOT MATCHED THEN INSERT VALUES (1)';
  assert.ok(merge('true', insert));
  assert.ok(merge('t.id = s.id', 'MATCHED THEN UPDATE SET a = 1', insert));
  assert.ok(merge('true', 'MATCHED AND t.id = 7 THEN DELETE'));
  assert.ok(merge('true', 'MATCHED THEN DO NOTHING'));
  assert.ok(!merge('true', 'MATCHED THEN DELETE'));
  assert.ok(!merge('t.id = s.id', 'NOT MATCHED BY SOURCE THEN DELETE'));
  assert.ok(merge('t.id = s.id', 'NOT MATCHED BY SOURCE AND t.gone THEN DELETE'));
});

test('what adds rows, and what reads, is bounded', () => {
  for (const sql of ['INSERT INTO t SELECT * FROM s', 'SELECT * FROM t', 'DROP TABLE t'])
    assert.ok(understood(sql).bounded, sql);
});
