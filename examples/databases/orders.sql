-- The sample database `orders`: small, believable, and as somebody else's migrations left it.

CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL,
  country text NOT NULL
);
CREATE TABLE orders (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  customer_id bigint NOT NULL REFERENCES customers,
  placed_at timestamptz NOT NULL,
  total_cents integer NOT NULL
);
INSERT INTO customers (name, email, country)
  SELECT 'Customer ' || n, 'customer' || n || '@example.com', (ARRAY['DE', 'FR', 'IT', 'ES'])[1 + n % 4]
  FROM generate_series(1, 120) AS n;
INSERT INTO orders (customer_id, placed_at, total_cents)
  SELECT 1 + n % 120, timestamptz '2026-01-01 00:00Z' + n * interval '3 hours', 500 + (n * 7919) % 20000
  FROM generate_series(1, 600) AS n;
