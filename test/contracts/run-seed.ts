/** What the proofs of execution need in the database `orders` beside its sample. */
export const RUN_SEED = `
  CREATE FUNCTION say(count integer) RETURNS integer LANGUAGE plpgsql AS $$
  BEGIN
    FOR i IN 1..count LOOP RAISE NOTICE 'notice %', i USING DETAIL = 'with detail'; END LOOP;
    RETURN count;
  END $$;

  CREATE TABLE stock (id integer PRIMARY KEY, left_over integer NOT NULL CHECK (left_over >= 0));
  INSERT INTO stock SELECT i, 10 FROM generate_series(1, 1000) AS i;
  CREATE TABLE stock_moves (
    id integer PRIMARY KEY,
    stock integer REFERENCES stock ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
  INSERT INTO stock_moves SELECT i, 1 FROM generate_series(1, 500) AS i;
  ANALYZE;

  CREATE VIEW buyers AS SELECT id, email AS address, country FROM customers WHERE country <> 'XX';
  CREATE VIEW german_buyers AS SELECT address, lower(address) AS low FROM buyers WHERE country = 'DE';
  CREATE VIEW whole_buyers AS SELECT to_jsonb(c) AS all_of_it FROM customers c;
  CREATE VIEW buyer_count AS SELECT count(*) AS count FROM customers;
  CREATE MATERIALIZED VIEW old_orders AS SELECT id, total_cents FROM orders WHERE id < 10;
  CREATE FUNCTION email_of(bigint) RETURNS text LANGUAGE sql STABLE AS 'SELECT email FROM customers WHERE id = $1';
  CREATE VIEW sly_buyers AS SELECT id, email_of(id) AS note FROM customers;
  CREATE TABLE kept (id integer PRIMARY KEY, tenant text);
  INSERT INTO kept VALUES (1, 'mine'), (2, 'theirs');
  CREATE FUNCTION my_tenant() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'mine' $$;
  ALTER TABLE kept ENABLE ROW LEVEL SECURITY;
  CREATE POLICY own ON kept USING (tenant = my_tenant());

  CREATE TABLE visits (id integer, card text) PARTITION BY RANGE (id);
  CREATE TABLE visits_old PARTITION OF visits FOR VALUES FROM (0) TO (100) PARTITION BY RANGE (id);
  CREATE TABLE visits_older (card text, id integer);
  ALTER TABLE visits_old ATTACH PARTITION visits_older FOR VALUES FROM (0) TO (50);
  CREATE TABLE members (id integer, card text, last_four text GENERATED ALWAYS AS (right(card, 4)) STORED);
  CREATE TABLE members_gold (level integer) INHERITS (members);
  CREATE VIEW gold_endings AS SELECT last_four FROM members_gold;

  CREATE FUNCTION wipe() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$
    WITH gone AS (DELETE FROM stock_moves RETURNING 1) SELECT count(*) FROM gone $$;
  CREATE FUNCTION lift_and_wipe() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS $$
  BEGIN SET LOCAL transaction_read_only = off; DELETE FROM stock_moves; END $$;
  CREATE FUNCTION constant_wipe() RETURNS bigint LANGUAGE plpgsql IMMUTABLE SECURITY DEFINER AS $$
  BEGIN DELETE FROM stock_moves; RETURN 1; END $$;
  CREATE VIEW wiping AS SELECT wipe();
  CREATE SEQUENCE numbers;
`;
