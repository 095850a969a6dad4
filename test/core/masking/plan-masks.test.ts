import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import type { SensitiveColumn } from '../../../lambdas/core/masking/mask.ts';
import { planMasks } from '../../../lambdas/core/masking/plan-masks.ts';
import type { Catalogue, CatalogueRelation, ResultField } from '../../../lambdas/core/sql/catalogue.ts';
import { loadStatements, namedBy, parseStatement } from '../../support/parse-statement.ts';

before(loadStatements);

const relation = (name: string, oid: number, columns: readonly string[]): CatalogueRelation => ({
  ...{ schema: 'public', name, oid, kind: 'table', madeOf: [] },
  columns: columns.map((column, at) => ({ name: column, number: at + 1 })),
});

const CUSTOMERS = relation('customers', 1, ['id', 'name', 'email', 'city']);
const ORDERS = relation('orders', 2, ['id', 'customer', 'total', 'note']);
const VIEW: CatalogueRelation = {
  ...relation('contacts', 3, ['id', 'mail']),
  ...{ kind: 'view', madeOf: ['public.customers.id', 'public.customers.email'] },
};
const PART: CatalogueRelation = {
  ...relation('customers_eu', 4, ['id', 'name', 'email', 'city']),
  kind: 'partition',
  madeOf: ['public.customers.id', 'public.customers.email'],
  columns: [
    { name: 'id', number: 1, madeOf: ['public.customers.id'] },
    { name: 'email', number: 3, madeOf: ['public.customers.email'] },
    { name: 'domain', number: 5, madeOf: ['public.customers.domain', 'public.customers.email'] },
  ],
};
const CATALOGUE: Catalogue = {
  relations: new Map(
    [CUSTOMERS, ORDERS, VIEW, PART].flatMap((found) => [
      [found.name, found],
      [`public.${found.name}`, found],
    ]),
  ),
  digest: '',
};
const EMAIL: SensitiveColumn = {
  ...{ schema: 'public', table: 'customers', column: 'email', category: 'email' },
  form: { kind: 'token' },
};

const field = (tableOid = 0, columnNumber = 0): ResultField => ({
  name: 'x',
  tableOid,
  columnNumber,
  typeOid: 25,
});

const plan = (
  sql: string,
  change: {
    fields?: readonly ResultField[];
    sensitive?: readonly SensitiveColumn[];
    unmasked?: readonly string[];
  } = {},
) => {
  const statement = parseStatement(sql);
  return planMasks({
    statement,
    catalogue: namedBy(CATALOGUE, statement),
    fields: change.fields ?? [field()],
    sensitive: change.sensitive ?? [EMAIL],
    unmasked: new Set(change.unmasked),
  });
};

const kinds = (...args: Parameters<typeof plan>): string => {
  const plans = plan(...args);
  return plans.ok ? plans.value.map(({ kind }) => kind).join(' ') : plans.failure.code;
};

test('a masked column as it is gets its own form, however it came', () => {
  const form = { kind: 'sensitive', category: 'email', form: { kind: 'token' } };
  for (const sql of [
    'SELECT email FROM customers',
    'SELECT c.email AS city FROM public.customers AS c',
    'SELECT public.customers.email FROM public.customers',
    'SELECT q FROM (SELECT email AS q FROM customers) s',
    'WITH a AS (SELECT email FROM customers), b(q) AS (SELECT * FROM a) SELECT q FROM b',
    'SELECT email FROM customers UNION ALL SELECT email FROM customers',
    'SELECT (SELECT email FROM customers WHERE id = customer) FROM orders',
    "UPDATE customers SET email = 'x' WHERE id = 1 RETURNING email",
  ])
    assert.deepEqual(plan(sql), { ok: true, value: [form] }, sql);
});

test('anything made of it is hidden whole', () => {
  for (const sql of [
    'SELECT lower(email) FROM customers',
    'SELECT email::text FROM customers',
    'SELECT city || email FROM customers',
    'SELECT c FROM customers c',
    'SELECT email FROM customers UNION ALL SELECT city FROM customers',
    'SELECT max(email) FROM customers',
    'SELECT mail FROM contacts',
    'SELECT id FROM contacts',
  ])
    assert.equal(kinds(sql), 'undecided', sql);
});

test('where it would only decide, the statement is refused', () => {
  for (const rest of [
    "WHERE email = 'x'",
    "WHERE lower(email) LIKE 'x%'",
    'ORDER BY email',
    'GROUP BY id, email',
    "GROUP BY id HAVING max(email) > 'x'",
    'JOIN customers d USING (email)',
    'JOIN orders o ON o.note = email',
    'LIMIT (SELECT length(email) FROM customers LIMIT 1)',
    "WHERE id IN (SELECT id FROM customers WHERE email > 'm')",
  ])
    assert.equal(kinds(`SELECT 1 FROM customers ${rest}`), 'sensitive_predicate', rest);
  for (const output of [
    "email = 'x'",
    "CASE email WHEN 'x' THEN 1 END",
    'nullif(email, city)',
    'email::int',
    'f(email)',
  ])
    assert.equal(kinds(`SELECT ${output} FROM customers`), 'sensitive_predicate', output);
});

test('a refusal names the column and says what to do instead', () => {
  const refused = plan('SELECT 1 FROM customers ORDER BY email');
  assert.ok(!refused.ok);
  assert.equal(refused.failure.column, 'public.customers.email');
  assert.match(refused.failure.reason, /in your own code/);
});

test('copying it is refused, and writing to it is not', () => {
  for (const sql of [
    'INSERT INTO orders (note) SELECT email FROM customers',
    'UPDATE customers SET name = email',
    'UPDATE orders SET (note, total) = (SELECT email, 1 FROM customers LIMIT 1)',
    'MERGE INTO orders o USING customers c ON o.customer = c.id WHEN MATCHED THEN UPDATE SET note = c.email',
    'CREATE VIEW v AS SELECT email FROM customers',
    'CREATE TABLE t AS SELECT * FROM customers',
    'CREATE INDEX ON customers (email)',
    'CREATE INDEX ON customers (id) WHERE customers IS NOT NULL',
    'ALTER TABLE customers RENAME TO clients',
    'ALTER TABLE customers ADD COLUMN copy text GENERATED ALWAYS AS (lower(email)) STORED',
  ])
    assert.equal(kinds(sql, { fields: [] }), 'sensitive_copy', sql);
  for (const sql of [
    'UPDATE customers SET email = $1 WHERE id = 2',
    "INSERT INTO customers (id, email) VALUES (1, 'x') ON CONFLICT (id) DO UPDATE SET email = excluded.email",
    'CREATE VIEW v AS SELECT id, city FROM customers',
    'CREATE INDEX ON customers (city)',
    'ALTER TABLE customers ADD COLUMN age int',
    'CREATE TABLE t (customer int REFERENCES customers (id))',
  ])
    assert.equal(kinds(sql, { fields: [] }), '', sql);
});

test('what policy unmasks is a column like any other', () => {
  const sql = "SELECT lower(email) FROM customers WHERE email LIKE 'a%' ORDER BY email";
  assert.equal(kinds(sql), 'sensitive_predicate');
  assert.equal(kinds(sql, { unmasked: ['email'] }), 'pass');
});

test('the origin that PostgreSQL states is masked whatever the tree says', () => {
  assert.equal(kinds('SELECT city FROM customers', { fields: [field(1, 4)] }), 'pass');
  assert.equal(kinds('SELECT coalesce(city) FROM customers', { fields: [field(1, 3)] }), 'sensitive');
});

test('where the tree and PostgreSQL differ, nothing is shown', () => {
  const both = { fields: [field(1, 1), field(1, 2)] };
  assert.equal(kinds('SELECT id, city FROM customers', both), 'undecided undecided');
  assert.equal(kinds('SELECT id FROM customers', both), 'undecided undecided');
  assert.equal(kinds('SELECT id FROM customers', { fields: [field(9, 1)] }), 'undecided');
});

test('a view’s own column that the configuration lists has its own form, and a partition’s are its parent’s', () => {
  const mail: SensitiveColumn = { ...EMAIL, table: 'contacts', column: 'mail' };
  assert.equal(kinds('SELECT mail FROM contacts', { sensitive: [EMAIL, mail] }), 'sensitive');
  assert.equal(kinds('SELECT email FROM customers_eu'), 'undecided');
  assert.equal(kinds('SELECT id FROM customers_eu'), 'pass');
});

test('a column that is computed from a masked one is masked, and cannot be compared or copied', () => {
  assert.equal(kinds('SELECT domain FROM customers_eu'), 'undecided');
  assert.equal(kinds("SELECT id FROM customers_eu WHERE domain = 'a.example'"), 'sensitive_predicate');
  assert.equal(kinds('INSERT INTO orders (note) SELECT domain FROM customers_eu'), 'sensitive_copy');
});

test('a relation that the catalogue does not hold may be anything', () => {
  assert.equal(kinds('SELECT a FROM elsewhere'), 'undecided');
  assert.equal(kinds('SELECT 1 FROM elsewhere WHERE a = 1'), 'sensitive_predicate');
});

test('queries that nest to multiply come to an end, and are refused', () => {
  const nested = Array.from({ length: 40 }).reduce<string>(
    (inner) => `WITH RECURSIVE r AS ((${inner}) UNION ALL SELECT * FROM r) SELECT * FROM r`,
    'SELECT email FROM customers',
  );
  const started = performance.now();
  assert.equal(kinds(nested), 'sensitive_predicate');
  assert.ok(performance.now() - started < 5_000);
});

test('deep queries are decided up to a limit, and beyond it refused', () => {
  const sum = (terms: number) => Array.from({ length: terms }, (_, n) => n).join(' + ');
  const arms = (count: number) =>
    Array.from({ length: count }, () => 'SELECT email FROM customers').join(' UNION ALL ');
  assert.equal(kinds(`SELECT id + ${sum(300)} FROM customers`), 'pass');
  assert.equal(kinds(`SELECT id + ${sum(900)} FROM customers`), 'sensitive_predicate');
  assert.equal(kinds(arms(300)), 'sensitive');
  assert.equal(kinds(arms(600)), 'sensitive_predicate');
});

test('rows are not made distinct by a masked column: whoever sees them beside it would see its order', () => {
  assert.equal(kinds('SELECT DISTINCT email, id FROM customers LIMIT 5'), 'sensitive_predicate');
  assert.equal(kinds('SELECT DISTINCT email FROM customers'), 'sensitive_predicate');
  assert.equal(kinds('SELECT email FROM customers UNION SELECT email FROM customers'), 'sensitive_predicate');
  assert.equal(kinds('SELECT DISTINCT city FROM customers'), 'pass');
  assert.equal(kinds('SELECT count(DISTINCT email) FROM customers'), 'pass');
});
