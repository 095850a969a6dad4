-- The sample database `orders`: small, believable, and as somebody else's migrations left it.

CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL,
  phone text NOT NULL,
  card text NOT NULL,
  country text NOT NULL
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  placed_at timestamptz NOT NULL,
  total_cents integer NOT NULL
);
-- Card numbers that no bank gives out: a test range, and the check digit that makes them well-formed (Luhn).
INSERT INTO customers (name, email, phone, card, country)
  SELECT 'Customer ' || n, 'customer' || n || '@example.com', '+49 30 9018' || lpad(n::text, 4, '0'),
    body || (10 - checked % 10) % 10, (ARRAY['DE', 'FR', 'IT', 'ES'])[1 + n % 4]
  FROM generate_series(1, 120) AS n
  CROSS JOIN LATERAL (SELECT '42424242' || lpad(n::text, 7, '0') AS body) AS numbered
  CROSS JOIN LATERAL (
    SELECT sum(CASE WHEN place % 2 = 0 THEN digit ELSE digit * 2 - CASE WHEN digit > 4 THEN 9 ELSE 0 END END) AS checked
    FROM generate_series(1, 15) AS place CROSS JOIN LATERAL (SELECT substr(body, place, 1)::integer AS digit) AS taken
  ) AS summed;
INSERT INTO orders (customer_id, placed_at, total_cents)
  SELECT 1 + n % 120, timestamptz '2026-01-01 00:00Z' + n * interval '3 hours', 500 + (n * 7919) % 20000
  FROM generate_series(1, 600) AS n;
