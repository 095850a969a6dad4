/**
 * What the queries need beside the sample database `orders`, which brings `customers` and `orders`. Run it as somebody
 * who may create tables there.
 */
export const EVERYDAY_SCHEMA = `
  CREATE TABLE products (id bigint PRIMARY KEY, sku text NOT NULL, title text NOT NULL, price_cents int NOT NULL, category text);
  CREATE TABLE order_items (order_id bigint NOT NULL, product_id bigint NOT NULL, quantity int NOT NULL);
  CREATE TABLE events (id bigint PRIMARY KEY, kind text NOT NULL, at timestamptz NOT NULL, payload jsonb NOT NULL);
  INSERT INTO products
    SELECT n, 'SKU-' || n, 'Product ' || n, 100 * n, (ARRAY['tools', 'toys', 'books', NULL])[1 + n % 4]
    FROM generate_series(1, 40) AS n;
  INSERT INTO order_items SELECT 1 + n % 600, 1 + n % 40, 1 + n % 5 FROM generate_series(1, 1500) AS n;
  INSERT INTO events
    SELECT n, (ARRAY['view', 'cart', 'buy'])[1 + n % 3], timestamptz '2026-01-01 00:00Z' + n * interval '20 minutes',
      jsonb_build_object('user', n % 50, 'path', '/p/' || n % 7, 'tags', jsonb_build_array('a', n % 3),
        'device', jsonb_build_object('os', (ARRAY['ios', 'android'])[1 + n % 2]), 'ms', n % 900)
    FROM generate_series(1, 900) AS n;`;

/** One query a line: what analysts and their agents ask a shop's database every day. Each runs on a real server. */
export const EVERYDAY_QUERIES: readonly string[] = String.raw`
SELECT * FROM customers
SELECT * FROM customers LIMIT 10
SELECT id, name FROM customers ORDER BY name LIMIT 20 OFFSET 40
SELECT count(*) FROM orders
SELECT count(DISTINCT customer_id) FROM orders
SELECT country, count(*) FROM customers GROUP BY country ORDER BY 2 DESC
SELECT country, count(*) AS n FROM customers GROUP BY country HAVING count(*) > 10
SELECT DISTINCT country FROM customers
SELECT DISTINCT ON (customer_id) customer_id, placed_at FROM orders ORDER BY customer_id, placed_at DESC
SELECT min(placed_at), max(placed_at) FROM orders
SELECT avg(total_cents)::numeric(12, 2) FROM orders
SELECT sum(total_cents) / 100.0 AS revenue FROM orders
SELECT round(avg(total_cents) / 100.0, 2) AS average_order FROM orders
SELECT * FROM orders WHERE total_cents > 10000
SELECT * FROM orders WHERE total_cents BETWEEN 1000 AND 2000
SELECT * FROM orders WHERE total_cents NOT BETWEEN 1000 AND 2000
SELECT * FROM customers WHERE country IN ('DE', 'FR')
SELECT * FROM customers WHERE country NOT IN ('DE', 'FR')
SELECT * FROM customers WHERE email LIKE '%@example.com'
SELECT * FROM customers WHERE name ILIKE 'customer 1%'
SELECT * FROM customers WHERE email ~ '^customer[0-9]+@'
SELECT * FROM customers WHERE email !~* 'EXAMPLE'
SELECT * FROM customers WHERE name SIMILAR TO '%(1|2)'
SELECT * FROM products WHERE category IS NULL
SELECT * FROM products WHERE category IS NOT NULL AND price_cents < 2000
SELECT * FROM products WHERE category IS DISTINCT FROM 'tools'
SELECT * FROM products WHERE NOT (category = 'tools' OR category = 'toys')
SELECT coalesce(category, 'none') AS category, count(*) FROM products GROUP BY 1
SELECT nullif(category, 'tools') FROM products
SELECT greatest(price_cents, 500), least(price_cents, 2000) FROM products
SELECT CASE WHEN price_cents < 1000 THEN 'cheap' WHEN price_cents < 3000 THEN 'fair' ELSE 'dear' END AS band, count(*) FROM products GROUP BY band
SELECT CASE category WHEN 'tools' THEN 1 WHEN 'toys' THEN 2 END FROM products
SELECT o.id, c.name FROM orders o JOIN customers c ON c.id = o.customer_id
SELECT o.id, c.name FROM orders AS o INNER JOIN customers AS c ON (c.id = o.customer_id) WHERE c.country = 'DE'
SELECT c.name, o.id FROM customers c LEFT JOIN orders o ON o.customer_id = c.id
SELECT c.name FROM customers c LEFT JOIN orders o ON o.customer_id = c.id WHERE o.id IS NULL
SELECT c.name, o.id FROM orders o RIGHT JOIN customers c ON o.customer_id = c.id
SELECT c.name, o.id FROM orders o FULL OUTER JOIN customers c ON o.customer_id = c.id
SELECT a.country, b.category FROM (SELECT DISTINCT country FROM customers) a CROSS JOIN (SELECT DISTINCT category FROM products) b
SELECT * FROM orders JOIN (SELECT id AS customer_id, country FROM customers) c USING (customer_id)
SELECT * FROM order_items NATURAL JOIN (SELECT id AS product_id, title FROM products) p
SELECT c.name, p.title, sum(i.quantity) FROM customers c JOIN orders o ON o.customer_id = c.id JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id GROUP BY c.name, p.title
SELECT c.country, sum(o.total_cents) FROM customers c, orders o WHERE c.id = o.customer_id GROUP BY c.country
SELECT a.name, b.name FROM customers a JOIN customers b ON a.country = b.country AND a.id < b.id LIMIT 50
SELECT name FROM customers WHERE id IN (SELECT customer_id FROM orders WHERE total_cents > 15000)
SELECT name FROM customers c WHERE EXISTS (SELECT 1 FROM orders o WHERE o.customer_id = c.id)
SELECT name FROM customers c WHERE NOT EXISTS (SELECT FROM orders o WHERE o.customer_id = c.id AND o.total_cents > 20000)
SELECT name, (SELECT count(*) FROM orders o WHERE o.customer_id = c.id) AS orders FROM customers c
SELECT * FROM orders WHERE total_cents > (SELECT avg(total_cents) FROM orders)
SELECT * FROM orders WHERE total_cents > ALL (SELECT price_cents FROM products)
SELECT * FROM orders WHERE customer_id = ANY (ARRAY[1, 2, 3])
SELECT * FROM orders WHERE customer_id = ANY ('{1,2,3}'::bigint[])
SELECT * FROM orders WHERE (customer_id, total_cents) IN ((1, 500), (2, 700))
SELECT * FROM (SELECT id, total_cents FROM orders) AS o WHERE o.total_cents > 100
WITH big AS (SELECT * FROM orders WHERE total_cents > 15000) SELECT count(*) FROM big
WITH a AS (SELECT id FROM customers), b AS (SELECT id FROM a WHERE id > 10) SELECT * FROM b
WITH a AS MATERIALIZED (SELECT * FROM orders) SELECT count(*) FROM a
WITH a AS NOT MATERIALIZED (SELECT * FROM orders) SELECT count(*) FROM a
WITH orders_de AS (SELECT o.* FROM orders o JOIN customers c ON c.id = o.customer_id WHERE c.country = 'DE') SELECT date_trunc('week', placed_at), count(*) FROM orders_de GROUP BY 1
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10) SELECT i FROM n
WITH RECURSIVE d AS (SELECT date '2026-01-01' AS day UNION ALL SELECT (day + 1)::date FROM d WHERE day < '2026-01-31') SELECT d.day, count(o.id) FROM d LEFT JOIN orders o ON o.placed_at::date = d.day GROUP BY d.day
WITH monthly AS (SELECT date_trunc('month', placed_at) AS m, sum(total_cents) AS s FROM orders GROUP BY 1) SELECT m, s, s - lag(s) OVER (ORDER BY m) AS change FROM monthly
WITH ranked AS (SELECT o.*, row_number() OVER (PARTITION BY customer_id ORDER BY placed_at DESC) AS rn FROM orders o) SELECT * FROM ranked WHERE rn = 1
WITH t(x, y) AS (VALUES (1, 'a'), (2, 'b')) SELECT * FROM t
WITH customers AS (SELECT * FROM customers WHERE country = 'DE') SELECT count(*) FROM customers
VALUES (1, 'one'), (2, 'two')
TABLE customers
SELECT 1
SELECT 'now is', now()
SELECT
SELECT id FROM customers UNION SELECT customer_id FROM orders
SELECT id FROM customers UNION ALL SELECT customer_id FROM orders ORDER BY 1 LIMIT 5
SELECT id FROM customers INTERSECT SELECT customer_id FROM orders
SELECT id FROM customers EXCEPT SELECT customer_id FROM orders
(SELECT id FROM customers ORDER BY id LIMIT 1) UNION ALL (SELECT id FROM orders ORDER BY id DESC LIMIT 1)
SELECT 'customers' AS what, count(*) FROM customers UNION ALL SELECT 'orders', count(*) FROM orders
SELECT row_number() OVER (ORDER BY total_cents DESC), id FROM orders
SELECT rank() OVER (ORDER BY total_cents DESC), dense_rank() OVER (ORDER BY total_cents DESC), id FROM orders
SELECT id, ntile(4) OVER (ORDER BY total_cents) AS quartile FROM orders
SELECT id, percent_rank() OVER w, cume_dist() OVER w FROM orders WINDOW w AS (ORDER BY total_cents)
SELECT id, lag(total_cents) OVER (PARTITION BY customer_id ORDER BY placed_at) FROM orders
SELECT id, lead(placed_at, 1, now()) OVER (PARTITION BY customer_id ORDER BY placed_at) - placed_at AS gap FROM orders
SELECT id, first_value(id) OVER w, last_value(id) OVER w, nth_value(id, 2) OVER w FROM orders WINDOW w AS (PARTITION BY customer_id ORDER BY placed_at)
SELECT placed_at, sum(total_cents) OVER (ORDER BY placed_at ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) AS running FROM orders
SELECT placed_at, avg(total_cents) OVER (ORDER BY placed_at ROWS BETWEEN 6 PRECEDING AND CURRENT ROW) AS moving FROM orders
SELECT placed_at, sum(total_cents) OVER (ORDER BY placed_at RANGE BETWEEN interval '7 days' PRECEDING AND CURRENT ROW) FROM orders
SELECT id, count(*) OVER (ORDER BY total_cents GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM orders
SELECT country, count(*), round(100.0 * count(*) / sum(count(*)) OVER (), 1) AS share FROM customers GROUP BY country
SELECT id, total_cents - avg(total_cents) OVER (PARTITION BY customer_id) AS off FROM orders
SELECT sum(total_cents) FILTER (WHERE total_cents > 10000) AS big, count(*) FILTER (WHERE total_cents <= 10000) AS small FROM orders
SELECT country, array_agg(name ORDER BY name) FROM customers GROUP BY country
SELECT country, string_agg(name, ', ' ORDER BY name DESC) FROM customers GROUP BY country
SELECT country, string_agg(DISTINCT left(name, 3), '/') FROM customers GROUP BY country
SELECT bool_and(total_cents > 0), bool_or(total_cents > 20000), every(total_cents > 1) FROM orders
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY total_cents) FROM orders
SELECT percentile_cont(ARRAY[0.25, 0.5, 0.75]) WITHIN GROUP (ORDER BY total_cents) FROM orders
SELECT percentile_disc(0.95) WITHIN GROUP (ORDER BY total_cents) FROM orders
SELECT mode() WITHIN GROUP (ORDER BY country) FROM customers
SELECT stddev(total_cents), variance(total_cents), stddev_pop(total_cents), var_samp(total_cents) FROM orders
SELECT corr(quantity, product_id), regr_slope(quantity, product_id), covar_pop(quantity, product_id) FROM order_items
SELECT width_bucket(total_cents, 0, 25000, 5) AS bucket, count(*) FROM orders GROUP BY bucket ORDER BY bucket
SELECT any_value(name) FROM customers
SELECT country, date_trunc('month', placed_at)::date AS month, sum(total_cents) FROM orders JOIN customers c ON c.id = customer_id GROUP BY GROUPING SETS ((country, month), (country), ())
SELECT country, extract(month FROM placed_at) AS m, count(*), grouping(country) FROM orders JOIN customers c ON c.id = customer_id GROUP BY ROLLUP (country, m)
SELECT category, price_cents > 1000 AS dear, count(*) FROM products GROUP BY CUBE (category, price_cents > 1000)
SELECT category, sum(price_cents) FROM products GROUP BY GROUPING SETS (ROLLUP (category), ())
SELECT count(*) FROM products GROUP BY ()
SELECT DISTINCT ON (category) category, title FROM products ORDER BY category, price_cents
SELECT date_trunc('day', placed_at) AS day, count(*) FROM orders GROUP BY day ORDER BY day
SELECT date_trunc('month', placed_at, 'Europe/Berlin'), sum(total_cents) FROM orders GROUP BY 1
SELECT extract(year FROM placed_at) AS y, extract(quarter FROM placed_at) AS q, count(*) FROM orders GROUP BY 1, 2
SELECT extract(dow FROM placed_at), extract(hour FROM placed_at), count(*) FROM orders GROUP BY 1, 2
SELECT date_part('week', placed_at), count(*) FROM orders GROUP BY 1
SELECT to_char(placed_at, 'YYYY-MM'), count(*) FROM orders GROUP BY 1
SELECT to_char(total_cents / 100.0, 'FM999G999D00') FROM orders
SELECT * FROM orders WHERE placed_at >= now() - interval '30 days'
SELECT * FROM orders WHERE placed_at >= date '2026-01-15' AND placed_at < date '2026-01-15' + 7
SELECT * FROM orders WHERE placed_at::date = '2026-02-01'
SELECT * FROM orders WHERE placed_at >= date_trunc('month', current_date) - interval '1 month'
SELECT * FROM orders WHERE placed_at BETWEEN timestamp '2026-01-01' AND timestamptz '2026-02-01 00:00Z'
SELECT placed_at AT TIME ZONE 'Europe/Berlin' FROM orders
SELECT placed_at AT TIME ZONE 'UTC' AT TIME ZONE 'America/New_York' FROM orders
SELECT age(max(placed_at), min(placed_at)) FROM orders
SELECT justify_interval(now() - min(placed_at)) FROM orders
SELECT date_bin('6 hours', placed_at, timestamptz '2026-01-01 00:00Z'), count(*) FROM orders GROUP BY 1
SELECT make_date(2026, 1, 31), make_interval(days => 3, hours => 2), make_timestamptz(2026, 1, 1, 0, 0, 0)
SELECT to_timestamp(1767225600), to_date('2026-01-31', 'YYYY-MM-DD')
SELECT current_date, current_time, current_timestamp(0), localtime, localtimestamp
SELECT date(placed_at), count(*) FROM orders GROUP BY date(placed_at)
SELECT count(*) FROM orders WHERE (placed_at, placed_at + interval '1 day') OVERLAPS (timestamptz '2026-01-01', timestamptz '2026-01-03')
SELECT extract(epoch FROM max(placed_at) - min(placed_at)) / 3600 AS hours FROM orders
SELECT interval '1 day' * 3, interval '2' hour, interval '1-2' year to month
SELECT d::date, count(o.id) FROM generate_series(date '2026-01-01', date '2026-01-31', interval '1 day') AS d LEFT JOIN orders o ON o.placed_at::date = d::date GROUP BY d
SELECT n FROM generate_series(1, 10, 2) AS n
SELECT isfinite(placed_at) FROM orders
SELECT upper(name), lower(email), initcap(country), length(name) FROM customers
SELECT concat(name, ' <', email, '>') FROM customers
SELECT concat_ws(', ', name, country) FROM customers
SELECT name || ' (' || country || ')' FROM customers
SELECT split_part(email, '@', 2) AS domain, count(*) FROM customers GROUP BY domain
SELECT substring(email FROM position('@' IN email) + 1) FROM customers
SELECT substring(name, 1, 3), substr(name, 2), left(name, 2), right(name, 2) FROM customers
SELECT substring(email from '@(.*)$') FROM customers
SELECT regexp_replace(email, '@.*$', '@…') FROM customers
SELECT (regexp_match(email, '^([a-z]+)([0-9]+)'))[2]::int FROM customers
SELECT id, regexp_matches(email, '[0-9]', 'g') FROM customers
SELECT regexp_count(name, 'e'), regexp_like(name, '1$'), regexp_substr(name, '[0-9]+'), regexp_instr(name, 'C') FROM customers
SELECT word FROM customers, regexp_split_to_table(name, '\s+') AS word
SELECT string_to_array(name, ' ') FROM customers
SELECT trim(name), ltrim(name), rtrim(name), trim(BOTH ' ' FROM name), btrim(name, 'C') FROM customers
SELECT lpad(id::text, 8, '0'), rpad(name, 20, '.') FROM customers
SELECT replace(name, 'Customer', 'Client'), translate(name, 'abc', 'xyz'), overlay(name placing 'XX' from 2 for 2) FROM customers
SELECT reverse(name), repeat('*', 3), ascii(name), chr(65) FROM customers
SELECT strpos(email, '@'), starts_with(email, 'customer1'), char_length(name), octet_length(name) FROM customers
SELECT format('%s has %s orders', c.name, count(o.id)) FROM customers c JOIN orders o ON o.customer_id = c.id GROUP BY c.name
SELECT quote_literal(name), quote_ident(name) FROM customers
SELECT md5(email), encode(sha256(convert_to(email, 'UTF8')), 'hex') FROM customers
SELECT encode(decode('SGk=', 'base64'), 'escape')
SELECT E'tab\there', U&'\0041', $$dollar $ quoted$$, $tag$it's$tag$, B'101', X'1F', N'national'
SELECT 'it''s' AS quoted, '' AS empty
SELECT name COLLATE "C" FROM customers ORDER BY name COLLATE "C"
SELECT name FROM customers ORDER BY lower(name) DESC NULLS LAST
SELECT * FROM customers WHERE name > 'M' COLLATE "en-x-icu"
SELECT normalize(name, NFC), name IS NORMALIZED FROM customers
SELECT abs(-5), ceil(1.2), floor(1.8), round(2.5), trunc(3.99, 1), sign(-3), mod(7, 3), 7 % 3, 2 ^ 10
SELECT sqrt(2), power(2, 3), exp(1), ln(10), log(100), log(2, 8), pi(), cbrt(27), degrees(pi()), radians(180)
SELECT div(7, 2), gcd(12, 18), lcm(4, 6), factorial(5), 1_000_000, 0x1F, 1.5e3
SELECT 5 & 3, 5 | 3, 5 # 3, ~5, 1 << 4, 16 >> 2, @ -5, |/ 16, ||/ 27
SELECT total_cents::numeric / 100, total_cents::float8, cast(total_cents AS text), total_cents::text::int FROM orders
SELECT random() < 0.5, random(1, 6), gen_random_uuid()
SELECT * FROM orders ORDER BY random() LIMIT 5
SELECT * FROM orders TABLESAMPLE BERNOULLI (10)
SELECT * FROM orders TABLESAMPLE SYSTEM (50) REPEATABLE (7)
SELECT trunc(random() * 100), setseed.n FROM (SELECT 1 AS n) setseed
SELECT ARRAY[1, 2, 3], ARRAY[[1, 2], [3, 4]], '{a,b}'::text[], ARRAY[]::int[]
SELECT ARRAY(SELECT id FROM customers ORDER BY id LIMIT 3)
SELECT (ARRAY['a', 'b', 'c'])[2], (ARRAY[1, 2, 3])[2:3], (ARRAY[1, 2, 3])[:2]
SELECT array_length(ARRAY[1, 2], 1), cardinality(ARRAY[1, 2]), array_position(ARRAY['a', 'b'], 'b'), array_upper(ARRAY[1], 1)
SELECT array_append(ARRAY[1], 2), array_prepend(0, ARRAY[1]), array_cat(ARRAY[1], ARRAY[2]), array_remove(ARRAY[1, 2], 1), ARRAY[1] || 2
SELECT ARRAY[1, 2] @> ARRAY[1], ARRAY[1] <@ ARRAY[1, 2], ARRAY[1] && ARRAY[2], 1 = ANY (ARRAY[1]), 1 <> ALL (ARRAY[2])
SELECT array_to_string(array_agg(country), ',', '-') FROM customers
SELECT unnest(ARRAY['a', 'b']) AS letter
SELECT t.n, t.letter FROM unnest(ARRAY[1, 2], ARRAY['a', 'b']) AS t(n, letter)
SELECT letter, nr FROM unnest(ARRAY['a', 'b']) WITH ORDINALITY AS t(letter, nr)
SELECT * FROM ROWS FROM (generate_series(1, 3), unnest(ARRAY['x', 'y'])) AS t(n, s)
SELECT generate_subscripts(ARRAY[5, 6], 1)
SELECT country, (array_agg(name ORDER BY id))[1:3] AS first_three FROM customers GROUP BY country
SELECT array_agg(DISTINCT country ORDER BY country) FROM customers
SELECT payload ->> 'user' AS visitor, count(*) FROM events GROUP BY 1
SELECT payload -> 'device' ->> 'os' AS os, count(*) FROM events GROUP BY os
SELECT payload #>> '{device,os}' FROM events
SELECT payload #> '{tags,0}' FROM events
SELECT (payload ->> 'ms')::int FROM events WHERE (payload ->> 'ms')::int > 500
SELECT avg((payload ->> 'ms')::numeric) FROM events WHERE kind = 'view'
SELECT * FROM events WHERE payload @> '{"device": {"os": "ios"}}'
SELECT * FROM events WHERE payload ? 'user' AND payload ?| ARRAY['path', 'ref'] AND payload ?& ARRAY['user']
SELECT payload['device']['os'] FROM events
SELECT e.id, tag FROM events e, jsonb_array_elements_text(e.payload -> 'tags') AS tag
SELECT e.id, t.key, t.value FROM events e CROSS JOIN LATERAL jsonb_each_text(e.payload) AS t
SELECT DISTINCT jsonb_object_keys(payload) FROM events
SELECT jsonb_array_length(payload -> 'tags'), jsonb_typeof(payload -> 'user') FROM events
SELECT jsonb_path_query_first(payload, '$.device.os') FROM events
SELECT * FROM events WHERE payload @? '$.tags[*] ? (@ == "a")'
SELECT * FROM events WHERE payload @@ '$.ms > 500'
SELECT jsonb_pretty(payload) FROM events LIMIT 1
SELECT jsonb_build_object('id', id, 'name', name) FROM customers
SELECT json_build_object('total', sum(total_cents), 'n', count(*)) FROM orders
SELECT json_agg(json_build_object('sku', sku, 'price', price_cents)) FROM products
SELECT jsonb_agg(title ORDER BY title) FILTER (WHERE category = 'toys') FROM products
SELECT jsonb_object_agg(sku, price_cents) FROM products
SELECT row_to_json(p) FROM products p
SELECT to_jsonb(p) - 'price_cents' FROM products p
SELECT jsonb_set(payload, '{device,os}', '"other"'), payload || '{"x": 1}', payload #- '{device,os}' FROM events
SELECT jsonb_strip_nulls(payload), jsonb_insert(payload, '{tags,0}', '"new"') FROM events
SELECT x.* FROM events, jsonb_to_record(payload) AS x(path text, ms int)
SELECT * FROM jsonb_to_recordset('[{"a": 1, "b": "x"}]') AS x(a int, b text)
SELECT json_object('{a,1,b,2}'), json_typeof('[1]'), json_array_length('[1,2]')
SELECT JSON_OBJECT('id' : id, 'name' : name ABSENT ON NULL) FROM customers
SELECT JSON_ARRAY(1, 'a', NULL), JSON_ARRAYAGG(id ORDER BY id) FROM customers
SELECT JSON_OBJECTAGG(sku : price_cents RETURNING jsonb) FROM products
SELECT JSON_VALUE(payload, '$.ms' RETURNING int DEFAULT 0 ON EMPTY), JSON_QUERY(payload, '$.tags' WITH WRAPPER), JSON_EXISTS(payload, '$.user') FROM events
SELECT e.id, j.* FROM events e, JSON_TABLE(e.payload, '$' COLUMNS (path text PATH '$.path', os text PATH '$.device.os')) AS j
SELECT '{"a": 1}' IS JSON OBJECT, payload::text IS JSON FROM events
SELECT JSON('{"a": 1}'), JSON_SCALAR(1), JSON_SERIALIZE('{"a": 1}' RETURNING text)
SELECT kind, count(*) FROM events GROUP BY kind
SELECT kind, date_trunc('hour', at) AS hour, count(*) FROM events GROUP BY kind, hour ORDER BY hour
SELECT count(*) FILTER (WHERE kind = 'buy')::numeric / nullif(count(*) FILTER (WHERE kind = 'view'), 0) AS conversion FROM events
SELECT payload ->> 'user' AS u, min(at) FILTER (WHERE kind = 'view') AS first_view, min(at) FILTER (WHERE kind = 'buy') AS first_buy FROM events GROUP BY u
WITH s AS (SELECT payload ->> 'user' AS u, at, at - lag(at) OVER (PARTITION BY payload ->> 'user' ORDER BY at) > interval '30 minutes' AS fresh FROM events) SELECT u, count(*) FILTER (WHERE fresh OR fresh IS NULL) AS sessions FROM s GROUP BY u
WITH firsts AS (SELECT customer_id, min(date_trunc('month', placed_at)) AS cohort FROM orders GROUP BY 1) SELECT cohort, date_trunc('month', o.placed_at) AS month, count(DISTINCT o.customer_id) FROM orders o JOIN firsts f USING (customer_id) GROUP BY 1, 2 ORDER BY 1, 2
SELECT c.name, l.placed_at, l.total_cents FROM customers c CROSS JOIN LATERAL (SELECT placed_at, total_cents FROM orders o WHERE o.customer_id = c.id ORDER BY placed_at DESC LIMIT 3) l
SELECT c.name, s.n FROM customers c LEFT JOIN LATERAL (SELECT count(*) AS n FROM orders o WHERE o.customer_id = c.id) s ON true
SELECT category, title, price_cents FROM (SELECT p.*, rank() OVER (PARTITION BY category ORDER BY price_cents DESC) AS r FROM products p) x WHERE r <= 3
SELECT p.title, sum(i.quantity * p.price_cents) AS revenue FROM order_items i JOIN products p ON p.id = i.product_id GROUP BY p.title ORDER BY revenue DESC LIMIT 10
SELECT p.title FROM products p LEFT JOIN order_items i ON i.product_id = p.id GROUP BY p.id, p.title HAVING count(i.order_id) = 0
SELECT a.product_id, b.product_id, count(*) FROM order_items a JOIN order_items b ON a.order_id = b.order_id AND a.product_id < b.product_id GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 10
SELECT o.id, o.total_cents, sum(i.quantity * p.price_cents) AS items FROM orders o JOIN order_items i ON i.order_id = o.id JOIN products p ON p.id = i.product_id GROUP BY o.id, o.total_cents HAVING o.total_cents <> sum(i.quantity * p.price_cents)
SELECT email, count(*) FROM customers GROUP BY email HAVING count(*) > 1
SELECT country, avg(n)::numeric(10, 2) FROM (SELECT c.country, o.customer_id, count(*) AS n FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY 1, 2) x GROUP BY country
SELECT date_trunc('week', placed_at) AS w, sum(total_cents), sum(sum(total_cents)) OVER (ORDER BY date_trunc('week', placed_at)) FROM orders GROUP BY 1
SELECT m, s, round(100.0 * (s - prev) / prev, 1) AS growth FROM (SELECT m, s, lag(s) OVER (ORDER BY m) AS prev FROM (SELECT date_trunc('month', placed_at) AS m, sum(total_cents) AS s FROM orders GROUP BY 1) a) b
SELECT sum(CASE WHEN country = 'DE' THEN 1 ELSE 0 END) AS de, sum((country = 'FR')::int) AS fr FROM customers
SELECT customer_id, max(placed_at) AS last_order, current_date - max(placed_at)::date AS days_ago FROM orders GROUP BY customer_id ORDER BY days_ago DESC LIMIT 10
SELECT ntile, avg(total_cents) FROM (SELECT total_cents, ntile(10) OVER (ORDER BY total_cents) FROM orders) t GROUP BY ntile ORDER BY 1
SELECT count(*), count(category), count(*) - count(category) AS missing FROM products
SELECT 'id' AS col, min(id)::text, max(id)::text FROM products UNION ALL SELECT 'price', min(price_cents)::text, max(price_cents)::text FROM products
SELECT * FROM customers WHERE id = $1
SELECT * FROM orders WHERE customer_id = $1 AND placed_at >= $2 LIMIT $3
SELECT * FROM customers FETCH FIRST 5 ROWS ONLY
SELECT * FROM orders ORDER BY total_cents DESC FETCH FIRST 3 ROWS WITH TIES
SELECT * FROM orders ORDER BY total_cents USING > LIMIT 3
SELECT o.* FROM orders o WHERE o.id = 1
SELECT public.customers.name FROM public.customers
SELECT c FROM customers c LIMIT 1
SELECT (c).name FROM customers c LIMIT 1
SELECT ROW(1, 'a'), (1, 2) = (1, 2), ROW(id, name) FROM customers LIMIT 1
SELECT "id", "name" AS "Full Name" FROM "customers"
SELECT id AS "order", total_cents "select" FROM orders
SELECT count(*) AS total FROM orders -- how many in all
SELECT /* the name */ name FROM customers /* nested /* comment */ here */
SELECT 'DROP TABLE customers; -- not a statement' AS text
SELECT 'a;b' AS semicolon;
SELECT name FROM customers WHERE name = 'Robert''); DROP TABLE students;--'
SELECT true, false, null, NOT true, 1 IS NULL, true IS NOT FALSE, null IS UNKNOWN
SELECT pg_typeof(total_cents) FROM orders LIMIT 1
SELECT num_nulls(category, sku), num_nonnulls(category, sku) FROM products
SELECT current_user, session_user, current_catalog, current_schema
SELECT to_tsvector('english', title) @@ to_tsquery('english', 'product') FROM products
SELECT title, ts_rank(to_tsvector('simple', title), plainto_tsquery('simple', 'product')) AS r FROM products ORDER BY r DESC
SELECT ts_headline('english', title, websearch_to_tsquery('english', 'product')) FROM products
SELECT int4range(1, 5) @> 3, daterange('2026-01-01', '2026-02-01', '[)') && daterange('2026-01-15', '2026-03-01')
SELECT lower(r), upper(r), isempty(r) FROM (SELECT int4range(1, 5) AS r) t
SELECT range_agg(int4range(id::int, id::int + 3)) FROM products
SELECT '10.0.0.1'::inet << '10.0.0.0/8'::cidr, host('10.0.0.1/24'::inet), masklen('10.0.0.0/8'::inet)
SELECT point(1, 2) <-> point(4, 6), box '((0,0),(1,1))' @> point '(0.5,0.5)'
SELECT count(*) FROM customers c WHERE c.country = 'DE' AND c.id = ANY (SELECT customer_id FROM orders)
SELECT max(n) FROM (SELECT customer_id, count(*) AS n FROM orders GROUP BY customer_id) t
SELECT x.n FROM (VALUES (1), (2), (3)) AS x(n) WHERE x.n > 1
SELECT c.country, o.total_cents FROM customers c JOIN orders o ON o.customer_id = c.id AND o.total_cents = (SELECT max(total_cents) FROM orders i WHERE i.customer_id = c.id)
SELECT country FROM customers GROUP BY country HAVING sum(id) > (SELECT avg(id) FROM customers) ORDER BY count(*) DESC, country ASC
SELECT bit_count(B'1011'), bit_length('abc'), get_bit(B'101', 0)
SELECT to_hex(255), to_number('1,234.5', '9G999D9'), to_char(now(), 'Day')
SELECT id, CASE WHEN EXISTS (SELECT 1 FROM order_items i WHERE i.order_id = o.id) THEN 'has items' ELSE 'empty' END FROM orders o
SELECT min(total_cents), max(total_cents), percentile_cont(0.9) WITHIN GROUP (ORDER BY total_cents) - percentile_cont(0.1) WITHIN GROUP (ORDER BY total_cents) AS spread FROM orders
SELECT extract(isodow FROM placed_at) AS dow, avg(total_cents)::int FROM orders GROUP BY 1 HAVING avg(total_cents) > 1000 ORDER BY 1
SELECT country, rank() OVER (ORDER BY sum(total_cents) DESC) FROM orders o JOIN customers c ON c.id = o.customer_id GROUP BY country
SELECT rank(5000) WITHIN GROUP (ORDER BY total_cents) FROM orders
SELECT grouping(category, sku), category, sku, sum(price_cents) FROM products GROUP BY CUBE (category, sku) HAVING grouping(category, sku) < 3
SELECT category, count(*) FROM products GROUP BY category ORDER BY category NULLS FIRST
SELECT e1.id, e2.id FROM events e1 JOIN events e2 ON e2.at > e1.at AND e2.at < e1.at + interval '25 minutes' AND e1.kind = 'view' AND e2.kind = 'buy' LIMIT 20
WITH RECURSIVE t(id, path) AS (SELECT 1, ARRAY[1] UNION ALL SELECT id + 1, path || (id + 1) FROM t WHERE id < 5) SEARCH DEPTH FIRST BY id SET o SELECT * FROM t ORDER BY o
WITH RECURSIVE t(id) AS (SELECT 1 UNION ALL SELECT id % 3 + 1 FROM t) CYCLE id SET looped USING path SELECT * FROM t WHERE NOT looped
SELECT substring('abcdef' similar '%#"cd#"%' escape '#'), 'a_c' LIKE 'a!_c' ESCAPE '!'
SELECT string_agg(chr(64 + n), '') FROM generate_series(1, 26) n
SELECT sku, price_cents, price_cents * 1.19 AS gross, (price_cents * 0.19)::int AS tax FROM products WHERE sku LIKE 'SKU-1_' ORDER BY price_cents
SELECT kind, (payload ->> 'ms')::int AS ms, avg((payload ->> 'ms')::int) OVER (PARTITION BY kind ORDER BY at ROWS 10 PRECEDING) FROM events
SELECT t.day, t.n, sum(t.n) OVER (ORDER BY t.day) AS cumulative FROM (SELECT at::date AS day, count(*) AS n FROM events GROUP BY 1) AS t
SELECT c.*, o.n FROM customers c JOIN (SELECT customer_id, count(*) n FROM orders GROUP BY 1) o ON o.customer_id = c.id ORDER BY o.n DESC LIMIT 5
EXPLAIN SELECT * FROM orders WHERE customer_id = 1
EXPLAIN (FORMAT json, COSTS off) SELECT count(*) FROM orders
EXPLAIN VERBOSE SELECT c.name FROM customers c JOIN orders o ON o.customer_id = c.id
SHOW timezone
SHOW server_version
SHOW TRANSACTION ISOLATION LEVEL
`
  .split('\n')
  .filter((line) => line.trim() !== '');

/** Values for `$1`, `$2` and `$3`, as far as a query uses them. */
export const EVERYDAY_VALUES: readonly string[] = ['1', '2026-01-01', '3'];
