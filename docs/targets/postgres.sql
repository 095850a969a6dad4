-- Makes one database of a PostgreSQL 16 (or later) instance on Amazon RDS a target of Latchkey.
--
-- Apply it as the instance's master user, connected to the database itself:
--
--     psql "host=… dbname=orders user=master sslmode=verify-full" --set ON_ERROR_STOP=1 --file postgres.sql
--
-- `orders` is the database of the sample configuration: write your own name in its place, everywhere. Then say
-- what the template may do, at the end. `docs/targets/postgres.md` gives the reason for each line.

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

-- 2. The template, whose rights the user of a grant inherits, and the heir of what such a user creates.
--    Both are roles that nobody logs in as. The administrator may hand the template on but not use it.
CREATE ROLE orders_app NOLOGIN;
CREATE ROLE orders_owner NOLOGIN;
GRANT orders_app TO latchkey_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;
GRANT orders_owner TO latchkey_admin WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;

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
GRANT CONNECT ON DATABASE orders TO orders_app, latchkey_admin;

-- How many connections this database has in all. Choose it so that the limits of all databases of the instance
-- together stay at least 30 below max_connections: the administrator works from the database postgres, and so gets
-- in however many connections agents hold. 35 suits two databases and max_connections = 100.
ALTER DATABASE orders CONNECTION LIMIT 35;

-- 4. What the template may do, and so every user of a grant: edit this. Where the template may create, the heir
--    must be able to as well, or what was created cannot be handed on. Give the heir nothing else: a view that
--    an agent leaves behind acts with its heir's rights.
GRANT USAGE, CREATE ON SCHEMA public TO orders_app, orders_owner;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO orders_app;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO orders_app;

COMMIT;
