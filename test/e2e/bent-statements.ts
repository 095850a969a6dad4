import { createHash } from 'node:crypto';

/**
 * Values of one customer, sensitive by their columns. No detector would know the last two: what hides them is where they
 * come from.
 */
export const BIRD = {
  email: 'Zyxwvuk.Quintorn@canary.example',
  phone: 'Plumbisq-Vexjorwk',
  card: 'Knarvilq-Tweqxoz-0620',
} as const;

/** The only customer of this country. */
export const PLANT = `
  INSERT INTO customers (name, email, phone, card, country)
    VALUES ('Birdie', '${BIRD.email}', '${BIRD.phone}', '${BIRD.card}', 'XX');
  CREATE VIEW faces AS SELECT id, email AS label, phone || '/' || card AS rest, country FROM customers;
  GRANT SELECT ON faces TO orders_reader;`;

const PIECES = ['Zyxwvuk', 'Quintorn', 'Plumbisq', 'Vexjorwk', 'Knarvilq', 'Tweqxoz'];

const reversed = (text: string): string => [...text].reverse().join('');

/** Base64 of the same text differs by where it begins; these are the characters that depend on nothing around it. */
const base64Forms = (text: string): string[] =>
  [0, 1, 2].map((offset) => {
    const encoded = Buffer.from('x'.repeat(offset) + text).toString('base64');
    return encoded.slice(Math.ceil((offset * 8) / 6), Math.floor(((offset + text.length) * 8) / 6));
  });

/** Base64 minds case; everything else is looked for in lower case. */
const EXACT: readonly string[] = PIECES.flatMap((piece) => [piece, reversed(piece)]).flatMap((piece) =>
  [piece, piece.toLowerCase(), piece.toUpperCase()].flatMap(base64Forms),
);
const LOWER: readonly string[] = [
  ...PIECES.flatMap((piece) => [piece, reversed(piece)]),
  ...PIECES.flatMap((piece) =>
    [piece, piece.toLowerCase(), piece.toUpperCase(), reversed(piece)].map((form) =>
      Buffer.from(form).toString('hex'),
    ),
  ),
  ...Object.values(BIRD).flatMap((value) =>
    ['md5', 'sha256'].map((algorithm) => createHash(algorithm).update(value).digest('hex')),
  ),
].map((form) => form.toLowerCase());

/** Every form of a bird that can be found in a text; none in what may be shown. */
export const birdsIn = (text: string): string[] => {
  const lower = text.toLowerCase();
  const bare = lower.replace(/[^a-z0-9]/g, '');
  return [
    ...EXACT.filter((form) => text.includes(form)),
    ...LOWER.filter((form) => lower.includes(form) || bare.includes(form)),
  ];
};

/** The same forms, for searching bytes. */
export const BIRD_FORMS: readonly string[] = [...new Set([...EXACT, ...PIECES, ...LOWER])];

const HERE = "WHERE country = 'XX'";
const BIRDIE = `FROM customers ${HERE}`;

/** Values, one by one. */
const CELLS = [
  '*',
  'email, phone, card',
  'card AS sku',
  'phone AS "country"',
  'customers',
  'customers.*',
  '(customers).card',
  'customers::text',
  'ROW(id, phone)',
  'ROW(customers.*)',
  'phone::varchar(50)',
  'card::bytea',
  "encode(phone::bytea, 'hex')",
  "encode(card::bytea, 'base64')",
  "encode(convert_to(phone, 'UTF8'), 'escape')",
  'md5(phone)',
  "encode(sha256(card::bytea), 'hex')",
  'reverse(phone)',
  'upper(card)',
  'lower(card)',
  'initcap(phone)',
  'substring(phone, 1, 8)',
  "substring(card from '^[^-]+')",
  'left(phone, 10)',
  'right(card, 15)',
  "split_part(email, '@', 1)",
  "string_to_array(card, '-')",
  "regexp_replace(phone, '-', '')",
  "regexp_split_to_array(phone, '')",
  "translate(card, '-', '')",
  "replace(phone, '-', '*')",
  "overlay(phone placing '' from 1 for 1)",
  'ascii(phone)',
  'quote_literal(card)',
  'lpad(phone, 40)',
  'repeat(phone, 2)',
  "'x' || phone || 'y'",
  "concat(card, '!')",
  "concat_ws('-', id, phone, card)",
  "format('%s and %I', phone, card)",
  'coalesce(phone, name)',
  "nullif(card, '')",
  "CASE WHEN id > 0 THEN phone ELSE 'none' END",
  'greatest(name, phone)',
  'ARRAY[phone, card]',
  '(ARRAY[phone])[1]',
  'row_to_json(customers)',
  'to_json(phone)',
  'to_jsonb(customers)',
  "to_jsonb(customers) ->> 'card'",
  "json_build_object('a', phone)",
  'json_build_array(card, phone)',
  'jsonb_build_object(phone, 1)',
  "JSON_OBJECT('a': card)",
  'JSON_ARRAY(phone)',
  'array_agg(phone)',
  "string_agg(card, ',')",
  'json_agg(customers)',
  'json_object_agg(id, phone)',
  'min(phone)',
  'max(card)',
  'mode() WITHIN GROUP (ORDER BY phone)',
  'first_value(phone) OVER ()',
  'lag(card, 0) OVER (ORDER BY id)',
  '(SELECT phone)',
  '(SELECT c.card FROM customers c WHERE c.id = customers.id)',
  'ARRAY(SELECT c.phone FROM customers c WHERE c.id = customers.id)',
  'to_tsvector(phone)',
  'xmlelement(name a, phone)',
  'phone COLLATE "C"',
  'length(phone), octet_length(card)',
  'phone::int',
  'card::date',
  'phone::uuid',
  'card::json',
  'email::inet',
  'to_number(card, phone)',
  "to_date(phone, 'YYYY')",
  'date_trunc(phone, placed.at) FROM (SELECT now() AS at) AS placed, customers -- ',
  'decode(phone, card)',
  '1 / (length(phone) - length(phone))',
  'CASE WHEN phone > name THEN 1 / (id - id) END',
].map((cell) => `SELECT ${cell} ${BIRDIE}`);

/** Ways that take a statement of their own. */
const STATEMENTS = [
  'TABLE customers',
  `SELECT c FROM customers c ${HERE}`,
  `SELECT x FROM (SELECT phone AS x ${BIRDIE}) AS s`,
  `SELECT s FROM (SELECT card, phone ${BIRDIE}) AS s`,
  `WITH c AS (SELECT * ${BIRDIE}) SELECT card FROM c`,
  `WITH c (a, b, d, e, f, g) AS (TABLE customers) SELECT d, e FROM c WHERE g = 'XX'`,
  `WITH RECURSIVE n AS (SELECT phone AS p, 1 AS i ${BIRDIE} UNION ALL SELECT reverse(p), i + 1 FROM n WHERE i < 3) SELECT * FROM n`,
  `SELECT name ${BIRDIE} UNION SELECT card ${BIRDIE}`,
  `SELECT name AS card ${BIRDIE} UNION ALL SELECT phone ${BIRDIE} ORDER BY 1`,
  `SELECT phone ${BIRDIE} INTERSECT SELECT phone FROM customers`,
  `SELECT phone ${BIRDIE} EXCEPT SELECT name FROM customers`,
  `SELECT label FROM faces ${HERE}`,
  `SELECT rest FROM faces ${HERE}`,
  `SELECT f FROM faces f ${HERE}`,
  `SELECT row_to_json(f) FROM faces f ${HERE}`,
  `SELECT * FROM faces NATURAL JOIN customers ${HERE}`,
  `SELECT * FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id ${HERE}`,
  `SELECT l.* FROM customers c, LATERAL (SELECT c.phone, c.card) AS l ${HERE}`,
  `SELECT key, value FROM customers c, json_each_text(row_to_json(c)) ${HERE}`,
  `SELECT u FROM customers c, unnest(ARRAY[c.phone, c.card]) AS u ${HERE}`,
  `SELECT p FROM customers c, regexp_split_to_table(c.phone, '-') AS p ${HERE}`,
  `SELECT v.a FROM customers c, LATERAL (VALUES (c.card), (c.phone)) AS v (a) ${HERE}`,
  `SELECT * FROM json_table((SELECT json_build_object('a', phone)::jsonb ${BIRDIE}), '$' COLUMNS (a text))`,
  `SELECT count(*), phone ${BIRDIE} GROUP BY phone`,
  `SELECT id ${BIRDIE} ORDER BY phone`,
  `SELECT DISTINCT ON (card) id ${BIRDIE}`,
  "SELECT count(*) FROM customers WHERE phone LIKE 'P%'",
  'SELECT a.id FROM customers a JOIN customers b ON a.card > b.card',
  'SELECT a.id FROM customers a JOIN customers b USING (phone)',
  "SELECT id FROM customers WHERE card ~ '^K'",
  'SELECT count(*) FROM customers HAVING max(phone) > min(card)',
  "SELECT count(*) FILTER (WHERE phone > 'P') FROM customers",
  'SELECT rank() OVER (ORDER BY card), id FROM customers',
  `SELECT id FROM customers ${HERE} AND 1 / (ascii(phone) - 80) = 1`,
  `SELECT id FROM customers ${HERE} AND phone::int = 1`,
  `SELECT id FROM customers c ${HERE} AND EXISTS (SELECT FROM orders WHERE c.card < 'L')`,
  `SELECT id FROM customers ${HERE} LIMIT (SELECT ascii(phone) ${BIRDIE})`,
  `EXPLAIN SELECT * FROM customers WHERE phone = (SELECT card ${BIRDIE})`,
  `EXPLAIN VERBOSE SELECT phone ${BIRDIE}`,
  `EXPLAIN ANALYZE SELECT phone ${BIRDIE}`,
  'SELECT most_common_vals FROM pg_stats',
  "SELECT query_to_xml('TABLE customers', true, false, '')",
  "SELECT pg_read_file('base')",
  `INSERT INTO orders (customer_id, placed_at, total_cents) SELECT 1, now(), ascii(phone) ${BIRDIE} RETURNING *`,
  `UPDATE customers SET name = phone ${HERE} RETURNING *`,
  `DELETE FROM customers ${HERE} RETURNING *`,
  `CREATE TABLE copied AS SELECT * ${BIRDIE}`,
  `CREATE VIEW copied AS SELECT phone ${BIRDIE}`,
  `SELECT phone INTO copied ${BIRDIE}`,
  `COPY customers TO STDOUT`,
  `DO $$ BEGIN RAISE NOTICE '%', (SELECT phone ${BIRDIE}); END $$`,
  `DO $$ BEGIN RAISE EXCEPTION '%', (SELECT card ${BIRDIE}); END $$`,
];

/** Every way to bend a sensitive value out that somebody thought of. None holds a piece of one itself. */
export const BENT_STATEMENTS: readonly string[] = [...CELLS, ...STATEMENTS];

/** The same for whoever may write: what a write returns and what its errors say. */
export const BENT_WRITES: readonly string[] = [
  `UPDATE customers SET name = phone ${HERE}`,
  `UPDATE customers SET name = name ${HERE} RETURNING *`,
  `UPDATE customers SET name = name ${HERE} RETURNING phone AS x`,
  `UPDATE customers SET name = name ${HERE} RETURNING customers`,
  `UPDATE customers SET country = NULL ${HERE}`,
  `UPDATE customers SET id = 1 ${HERE}`,
  `UPDATE orders SET total_cents = (SELECT phone ${BIRDIE})::int WHERE id = 1`,
  `UPDATE orders SET total_cents = total_cents FROM customers c ${HERE} AND orders.id = 1 RETURNING c.card`,
  `INSERT INTO customers (name, email, phone, card, country) SELECT phone, name, name, name, 'YY' ${BIRDIE} RETURNING name`,
  `INSERT INTO customers (name, email, phone, card, country) SELECT name, email, phone, card, NULL ${BIRDIE}`,
  `DELETE FROM customers ${HERE} AND phone::int = 1`,
  `DELETE FROM customers ${HERE} AND id < 0 RETURNING email`,
  `MERGE INTO orders o USING customers c ON o.customer_id = c.id AND c.country = 'XX' WHEN MATCHED THEN UPDATE SET total_cents = 1 RETURNING c.card`,
];
