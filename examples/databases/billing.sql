-- The sample database `billing`: small, believable, and as somebody else's migrations left it.

CREATE TABLE invoices (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  order_id bigint NOT NULL,
  iban text NOT NULL,
  amount_cents integer NOT NULL,
  paid boolean NOT NULL
);
INSERT INTO invoices (order_id, iban, amount_cents, paid)
  SELECT n, 'DE89370400440532013000', 500 + (n * 7919) % 20000, n % 5 <> 0 FROM generate_series(1, 600) AS n;
