-- Makes one database of a PostgreSQL 16 (or later) instance on Amazon RDS a target of Latchkey.
--
-- Apply it as the instance's master user, connected to the database itself:
--
--     psql "host=… dbname=orders user=master sslmode=verify-full" --set ON_ERROR_STOP=1 --file postgres.sql
--
-- `orders` is the database of the sample configuration: write your own name in its place, everywhere. Then say
-- what agents may do, in parts 4 and 5. `docs/targets/postgres.md` gives the reason for each line.

BEGIN;

-- 1. The administrator of grants, once for each instance. It makes and ends roles, and is no superuser.
DO $$
BEGIN
  IF current_setting('server_version_num')::int < 160000 THEN
    RAISE EXCEPTION 'Latchkey needs PostgreSQL 16 or later';
  END IF;
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'latchkey_admin') THEN
    CREATE ROLE latchkey_admin LOGIN NOSUPERUSER CREATEROLE CONNECTION LIMIT 20;
    GRANT rds_iam TO latchkey_admin WITH ADMIN TRUE, INHERIT TRUE, SET FALSE;
    GRANT pg_signal_backend TO latchkey_admin WITH ADMIN FALSE, INHERIT TRUE, SET FALSE;
  END IF;
  -- Connections that a server keeps back for such roles (reserved_connections), where the master user may give them.
  BEGIN
    GRANT pg_use_reserved_connections TO latchkey_admin WITH ADMIN FALSE, INHERIT TRUE, SET FALSE;
  EXCEPTION WHEN insufficient_privilege THEN NULL;
  END;
END
$$;

-- 2. Roles whose rights the user of a grant inherits, one of them for each grant: orders_app for a login; orders_app_masked
--    for a login that must not read sensitive columns; orders_reader, orders_writer and orders_ddl for what is run. And
--    orders_owner, the heir of what such a user creates. Nobody logs in as any of them. The administrator may hand them
--    on but not use them.
CREATE ROLE orders_app NOLOGIN;
CREATE ROLE orders_app_masked NOLOGIN;
CREATE ROLE orders_reader NOLOGIN;
CREATE ROLE orders_writer NOLOGIN;
CREATE ROLE orders_ddl NOLOGIN;
CREATE ROLE orders_owner NOLOGIN;
GRANT orders_app, orders_app_masked, orders_reader, orders_writer, orders_ddl, orders_owner
  TO latchkey_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;

-- 3. Who may connect: no longer everybody, in every database of the instance, because a user of a grant belongs to
--    PUBLIC in all of them. Whoever can log in today keeps what PUBLIC gave; later users need a GRANT of their own,
--    and so does a later database need its REVOKE.
DO $$
DECLARE
  place text;
  login text;
BEGIN
  FOR place IN
    SELECT datname FROM pg_database
    WHERE datallowconn AND datname <> 'rdsadmin' AND has_database_privilege('public', oid, 'CONNECT')
  LOOP
    FOR login IN
      SELECT rolname FROM pg_roles
      WHERE rolcanlogin AND NOT rolsuper AND rolname <> 'latchkey_admin' AND NOT starts_with(rolname, 'lk_')
    LOOP
      EXECUTE format('GRANT CONNECT ON DATABASE %I TO %I', place, login);
    END LOOP;
    EXECUTE format('REVOKE CONNECT ON DATABASE %I FROM PUBLIC', place);
  END LOOP;
END
$$;
GRANT CONNECT ON DATABASE postgres TO latchkey_admin;
GRANT CONNECT ON DATABASE orders
  TO orders_app, orders_app_masked, orders_reader, orders_writer, orders_ddl, latchkey_admin;

-- How many connections this database has in all. Choose it so that the limits of all databases of the instance
-- together stay at least 30 below max_connections: the administrator works from the database postgres, and so gets
-- in however many connections agents hold. 35 suits two databases and max_connections = 100.
ALTER DATABASE orders CONNECTION LIMIT 35;

-- 4. What agents may do: edit this. Where one of these roles may create, the heir must be able to as well, or what was
--    created cannot be handed on. Give the heir nothing else: a view that an agent leaves behind acts with its heir's
--    rights.
GRANT USAGE, CREATE ON SCHEMA public TO orders_app, orders_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO orders_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orders_app;

GRANT USAGE ON SCHEMA public TO orders_reader, orders_writer;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO orders_reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO orders_writer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orders_writer;

-- Only an owner may change or drop a table. As a member of the heir, what is run under a grant for DDL may do so to what
-- earlier grants left behind. For tables of your application, grant their owner in the same way, if that is a role that
-- nobody logs in as. No SELECT: a copy of a table would have none of its masks.
GRANT USAGE, CREATE ON SCHEMA public TO orders_ddl;
GRANT REFERENCES ON ALL TABLES IN SCHEMA public TO orders_ddl;
GRANT orders_owner TO orders_ddl WITH ADMIN FALSE, INHERIT TRUE, SET FALSE;

-- 5. What a login may do that must not read sensitive columns: work with the rows of every table, but for those columns.
--    The list is that of `sensitive` in resources.yaml: edit both. A table that is not in this database is passed over.
--    Run this block again after each migration; it begins from nothing. Views are left out, for they show what their owner
--    may read: grant one by hand once you know what is in it. It may create nothing that somebody with more rights calls.
DO $$
DECLARE
  sensitive CONSTANT text[] := ARRAY[
    'public.customers.email',
    'public.customers.phone',
    'public.customers.card',
    'public.invoices.iban'
  ];
  place record;
  unknown text;
BEGIN
  SELECT string_agg(listed, ', ') INTO unknown FROM unnest(sensitive) AS listed
  WHERE to_regclass(format('%I.%I', split_part(listed, '.', 1), split_part(listed, '.', 2))) IS NOT NULL
    AND NOT EXISTS (
      SELECT FROM pg_attribute
      WHERE attrelid = to_regclass(format('%I.%I', split_part(listed, '.', 1), split_part(listed, '.', 2)))
        AND attname = split_part(listed, '.', 3) AND NOT attisdropped);
  IF unknown IS NOT NULL THEN
    RAISE EXCEPTION 'the table has no such column: %', unknown;
  END IF;

  REVOKE ALL ON ALL TABLES IN SCHEMA public FROM orders_app_masked;
  FOR place IN
    SELECT c.oid::regclass AS name, string_agg(quote_ident(attname), ', ' ORDER BY attnum) AS others
    FROM pg_class c JOIN pg_attribute ON attrelid = c.oid AND attnum > 0 AND NOT attisdropped
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND format('%s.%s.%s', 'public', relname, attname) <> ALL (sensitive)
    GROUP BY c.oid
  LOOP
    EXECUTE format('GRANT SELECT (%1$s), INSERT (%1$s), UPDATE (%1$s), DELETE ON %2$s TO orders_app_masked',
      place.others, place.name);
  END LOOP;
END
$$;
GRANT USAGE ON SCHEMA public TO orders_app_masked;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orders_app_masked;

COMMIT;
