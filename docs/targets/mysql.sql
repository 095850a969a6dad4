-- Makes one database of a MySQL 8 or MariaDB 10.6 (or later) instance on Amazon RDS a target of Latchkey.
--
-- Apply it as the instance's master user, over TLS:
--
--     mysql --host=… --user=master --password --ssl-mode=VERIFY_IDENTITY --ssl-ca=global-bundle.pem < mysql.sql
--
-- `orders` is the database of the sample configuration: write your own name in its place, everywhere. Then say what
-- agents may do, in part 4. It may be applied again, also for a second database. `docs/targets/mysql.md` gives the
-- reason for each line.

-- Kept with each procedure below: text is quoted in one way, whatever the server's own mode.
SET SESSION sql_mode = 'STRICT_ALL_TABLES';

-- 1. What belongs to Latchkey, once for each instance. Whoever applies this file becomes the definer of the procedures:
--    they do what only the master user may, for users of grants and for nobody else.
CREATE DATABASE IF NOT EXISTS latchkey CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
CREATE TABLE IF NOT EXISTS latchkey.templates (name varchar(32) NOT NULL PRIMARY KEY);
CREATE TABLE IF NOT EXISTS latchkey.users (name varchar(32) NOT NULL PRIMARY KEY, grant_id varchar(35) NOT NULL);

-- The administrator of grants. It may call what part 2 says and nothing else of the instance.
-- With `auth: password` write IDENTIFIED BY '<40 random letters and digits>' in place of what follows IDENTIFIED, up to
-- REQUIRE, and put the same into the secret that `adminSecretArn` names: {"password": "…"}.
CREATE USER IF NOT EXISTS 'latchkey_admin'@'%' IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL WITH MAX_USER_CONNECTIONS 20;

-- 2. The procedures. Those without a GRANT serve the others only.
DELIMITER //

DROP PROCEDURE IF EXISTS latchkey.run//
CREATE PROCEDURE latchkey.run(IN p_statement text)
BEGIN
  SET @latchkey_statement = p_statement;
  PREPARE latchkey_run FROM @latchkey_statement;
  EXECUTE latchkey_run;
  DEALLOCATE PREPARE latchkey_run;
END//

DROP PROCEDURE IF EXISTS latchkey.user_of//
CREATE PROCEDURE latchkey.user_of(IN p_grant varchar(64), OUT p_user varchar(32))
BEGIN
  IF p_grant IS NULL OR CHAR_LENGTH(p_grant) <> 35 OR p_grant NOT REGEXP '^g_[0-9a-z]{20}_[0-9a-z]{12}$' THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 31001, MESSAGE_TEXT = 'not the id of a grant';
  END IF;
  SET p_user = CONCAT('lk_', RIGHT(p_grant, 12), '_', SUBSTRING(p_grant, 3, 16));
END//

DROP PROCEDURE IF EXISTS latchkey.identify//
CREATE PROCEDURE latchkey.identify(IN p_plugin varchar(64), IN p_string varchar(128), OUT p_clause text)
BEGIN
  IF NOT COALESCE(
    (p_plugin = 'AWSAuthenticationPlugin' AND p_string = 'RDS')
    OR (p_plugin = 'caching_sha2_password' AND CHAR_LENGTH(p_string) = 70 AND p_string REGEXP '^[$]A[$]005[$][./0-9A-Za-z]{63}$')
    OR (p_plugin = 'mysql_native_password' AND CHAR_LENGTH(p_string) = 41 AND p_string REGEXP '^[*][0-9A-F]{40}$'), FALSE)
  THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 31002, MESSAGE_TEXT = 'not a way to log in';
  END IF;
  SET p_clause = CONCAT('IDENTIFIED WITH ', p_plugin, ' AS ', QUOTE(p_string), ' REQUIRE SSL');
END//

-- Makes the user of a grant, or goes on where an earlier attempt stopped. It can log in with the last statement only.
DROP PROCEDURE IF EXISTS latchkey.make_user//
CREATE PROCEDURE latchkey.make_user(
  IN p_grant varchar(64), IN p_plugin varchar(64), IN p_string varchar(128), IN p_template varchar(64), IN p_connections int)
BEGIN
  DECLARE v_user varchar(32);
  DECLARE v_account varchar(64);
  DECLARE v_clause text;
  CALL latchkey.user_of(p_grant, v_user);
  CALL latchkey.identify(p_plugin, p_string, v_clause);
  IF NOT EXISTS (SELECT 1 FROM latchkey.templates WHERE name = p_template) THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 31003, MESSAGE_TEXT = 'not a template';
  END IF;
  IF NOT COALESCE(p_connections BETWEEN 1 AND 50, FALSE) THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 31004, MESSAGE_TEXT = 'not a limit of connections';
  END IF;
  SET v_account = CONCAT(QUOTE(v_user), '@', QUOTE('%'));
  IF NOT EXISTS (SELECT 1 FROM mysql.user WHERE User = v_user) THEN
    REPLACE INTO latchkey.users (name, grant_id) VALUES (v_user, p_grant);
    CALL latchkey.run(CONCAT('CREATE USER ', v_account, ' ', v_clause, ' ACCOUNT LOCK'));
  ELSEIF NOT EXISTS (SELECT 1 FROM latchkey.users WHERE name = v_user AND grant_id = p_grant) THEN
    SIGNAL SQLSTATE '45000' SET MYSQL_ERRNO = 31005, MESSAGE_TEXT = 'somebody else has this name';
  END IF;
  CALL latchkey.run(CONCAT('GRANT ', QUOTE(p_template), ' TO ', v_account));
  CALL latchkey.run(CONCAT(
    'SET DEFAULT ROLE ', QUOTE(p_template), IF(VERSION() LIKE '%MariaDB%', ' FOR ', ' TO '), v_account));
  CALL latchkey.run(CONCAT(
    'ALTER USER ', v_account, ' ', v_clause, ' WITH MAX_USER_CONNECTIONS ', p_connections, ' ACCOUNT UNLOCK'));
END//

-- Forbids the login, puts back the password if its user changed it, and takes every role away. Answers whether it is there.
DROP PROCEDURE IF EXISTS latchkey.lock_user//
CREATE PROCEDURE latchkey.lock_user(IN p_grant varchar(64), IN p_plugin varchar(64), IN p_string varchar(128))
BEGIN
  DECLARE v_user varchar(32);
  DECLARE v_account varchar(64);
  DECLARE v_clause text;
  CALL latchkey.user_of(p_grant, v_user);
  CALL latchkey.identify(p_plugin, p_string, v_clause);
  SET v_account = CONCAT(QUOTE(v_user), '@', QUOTE('%'));
  IF EXISTS (SELECT 1 FROM mysql.user WHERE User = v_user) THEN
    CALL latchkey.run(CONCAT('ALTER USER ', v_account, ' ', v_clause, ' ACCOUNT LOCK'));
    CALL latchkey.run(IF(VERSION() LIKE '%MariaDB%',
      CONCAT('SELECT GROUP_CONCAT(QUOTE(Role)) INTO @latchkey_roles FROM mysql.roles_mapping WHERE User = ', QUOTE(v_user)),
      CONCAT('SELECT GROUP_CONCAT(QUOTE(FROM_USER)) INTO @latchkey_roles FROM mysql.role_edges WHERE TO_USER = ', QUOTE(v_user))));
    IF @latchkey_roles IS NOT NULL THEN
      CALL latchkey.run(CONCAT('REVOKE ', @latchkey_roles, ' FROM ', v_account));
    END IF;
    SELECT 1 AS found;
  ELSE
    SELECT 0 AS found;
  END IF;
END//

-- Ends every session of the user, the events that run in its name among them, and answers how many there were.
DROP PROCEDURE IF EXISTS latchkey.end_sessions//
CREATE PROCEDURE latchkey.end_sessions(IN p_grant varchar(64))
BEGIN
  DECLARE v_user varchar(32);
  DECLARE v_session bigint;
  DECLARE v_found int DEFAULT 0;
  DECLARE v_done int DEFAULT FALSE;
  DECLARE sessions CURSOR FOR SELECT ID FROM information_schema.PROCESSLIST WHERE USER = v_user;
  DECLARE CONTINUE HANDLER FOR NOT FOUND SET v_done = TRUE;
  -- It has ended by itself meanwhile.
  DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
  CALL latchkey.user_of(p_grant, v_user);
  OPEN sessions;
  each_one: LOOP
    FETCH sessions INTO v_session;
    IF v_done THEN LEAVE each_one; END IF;
    SET v_found = v_found + 1;
    CALL mysql.rds_kill(v_session);
  END LOOP;
  CLOSE sessions;
  SELECT v_found AS found;
END//

-- Any user may take any lock by its name. Whoever holds the one of a grant, and is the user of a grant, is ended.
DROP PROCEDURE IF EXISTS latchkey.free_lock//
CREATE PROCEDURE latchkey.free_lock(IN p_grant varchar(64))
BEGIN
  DECLARE v_user varchar(32);
  DECLARE v_holder bigint;
  DECLARE CONTINUE HANDLER FOR 1094 BEGIN END;
  CALL latchkey.user_of(p_grant, v_user);
  SET v_holder = IS_USED_LOCK(CONCAT('latchkey ', v_user));
  IF EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = v_holder AND LEFT(USER, 3) = 'lk_') THEN
    CALL mysql.rds_kill(v_holder);
  END IF;
END//

-- What would go on acting as the user, or as a template to which it gave it (MariaDB).
DROP PROCEDURE IF EXISTS latchkey.definitions//
CREATE PROCEDURE latchkey.definitions(IN p_grant varchar(64))
BEGIN
  DECLARE v_user varchar(32);
  CALL latchkey.user_of(p_grant, v_user);
  SELECT * FROM (
    SELECT 'EVENT' AS kind, EVENT_SCHEMA AS place, EVENT_NAME AS name, DEFINER AS definer FROM information_schema.EVENTS
    UNION ALL
    SELECT 'TRIGGER', TRIGGER_SCHEMA, TRIGGER_NAME, DEFINER FROM information_schema.TRIGGERS
    UNION ALL
    SELECT ROUTINE_TYPE, ROUTINE_SCHEMA, ROUTINE_NAME, DEFINER FROM information_schema.ROUTINES
    UNION ALL
    SELECT 'VIEW', TABLE_SCHEMA, TABLE_NAME, DEFINER FROM information_schema.VIEWS) AS defined
  WHERE SUBSTRING_INDEX(definer, '@', 1) = v_user
    OR SUBSTRING_INDEX(definer, '@', 1) IN (SELECT name FROM latchkey.templates);
END//

DROP PROCEDURE IF EXISTS latchkey.drop_view//
CREATE PROCEDURE latchkey.drop_view(IN p_grant varchar(64), IN p_place varchar(64), IN p_name varchar(64))
BEGIN
  DECLARE v_user varchar(32);
  CALL latchkey.user_of(p_grant, v_user);
  IF EXISTS (
    SELECT 1 FROM information_schema.VIEWS WHERE TABLE_SCHEMA = p_place AND TABLE_NAME = p_name
      AND (SUBSTRING_INDEX(DEFINER, '@', 1) = v_user
        OR SUBSTRING_INDEX(DEFINER, '@', 1) IN (SELECT name FROM latchkey.templates)))
  THEN
    CALL latchkey.run(CONCAT('DROP VIEW `', REPLACE(p_place, '`', '``'), '`.`', REPLACE(p_name, '`', '``'), '`'));
  END IF;
END//

DROP PROCEDURE IF EXISTS latchkey.drop_user//
CREATE PROCEDURE latchkey.drop_user(IN p_grant varchar(64))
BEGIN
  DECLARE v_user varchar(32);
  CALL latchkey.user_of(p_grant, v_user);
  IF EXISTS (SELECT 1 FROM mysql.user WHERE User = v_user) THEN
    CALL latchkey.run(CONCAT('DROP USER ', QUOTE(v_user), '@', QUOTE('%')));
  END IF;
  DELETE FROM latchkey.users WHERE name = v_user;
END//

-- Of a user that is not in our table the grant's id is made up, as far as its name tells it: no grant that lives has it.
DROP PROCEDURE IF EXISTS latchkey.inventory//
CREATE PROCEDURE latchkey.inventory()
BEGIN
  SELECT COALESCE(known.grant_id, CONCAT('g_', RIGHT(held.User, 16), '0000_', SUBSTRING(held.User, 4, 12))) AS grant_id
  FROM mysql.user held LEFT JOIN latchkey.users known ON known.name = held.User
  WHERE CHAR_LENGTH(held.User) = 32 AND held.User REGEXP '^lk_[0-9a-z]{12}_[0-9a-z]{16}$';
END//

-- What is not as this file makes it: for `npm run config -- check`.
DROP PROCEDURE IF EXISTS latchkey.lacking//
CREATE PROCEDURE latchkey.lacking(IN p_template varchar(64))
BEGIN
  SELECT 'template_unlisted' AS wrong FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM latchkey.templates WHERE name = p_template)
  UNION ALL
  SELECT 'template_missing' FROM DUAL WHERE NOT EXISTS (SELECT 1 FROM mysql.user WHERE User = p_template)
  UNION ALL
  SELECT 'kill_missing' FROM DUAL WHERE NOT EXISTS (
    SELECT 1 FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'mysql' AND ROUTINE_NAME = 'rds_kill')
  UNION ALL
  SELECT 'nameless_user' FROM DUAL WHERE EXISTS (SELECT 1 FROM mysql.user WHERE User = '')
  UNION ALL
  SELECT 'clear_text' FROM DUAL WHERE NOT @@require_secure_transport;
END//

-- For `auth: password`, where the administrator's own is replaced after use.
DROP PROCEDURE IF EXISTS latchkey.change_own_password//
CREATE PROCEDURE latchkey.change_own_password(IN p_plugin varchar(64), IN p_string varchar(128))
BEGIN
  DECLARE v_clause text;
  CALL latchkey.identify(p_plugin, p_string, v_clause);
  CALL latchkey.run(CONCAT('ALTER USER ', QUOTE('latchkey_admin'), '@', QUOTE('%'), ' ', v_clause));
END//

DELIMITER ;

GRANT EXECUTE ON PROCEDURE latchkey.make_user TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.lock_user TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.end_sessions TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.free_lock TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.definitions TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.drop_view TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.drop_user TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.inventory TO 'latchkey_admin'@'%';
GRANT EXECUTE ON PROCEDURE latchkey.lacking TO 'latchkey_admin'@'%';
-- With `auth: password` only:
-- GRANT EXECUTE ON PROCEDURE latchkey.change_own_password TO 'latchkey_admin'@'%';

-- 3. The template, whose rights the user of a grant has. Nobody logs in as it. Only what is listed here can be given.
CREATE ROLE IF NOT EXISTS 'orders_app';
REPLACE INTO latchkey.templates (name) VALUES ('orders_app');

-- What MySQL lets no procedure drop, and neither reads nor changes a row.
GRANT TRIGGER, EVENT, ALTER ROUTINE ON orders.* TO 'latchkey_admin'@'%';

-- MySQL, not MariaDB: the names of prepared XA transactions, and those alone.
/*!80000 GRANT XA_RECOVER_ADMIN ON *.* TO 'latchkey_admin'@'%' */;

-- 4. What agents may do: edit this. Views, routines, triggers and events act as whoever made them, so they end with their
--    grant: give CREATE VIEW, CREATE ROUTINE, TRIGGER and EVENT only for what may be gone then.
GRANT SELECT, INSERT, UPDATE, DELETE ON orders.* TO 'orders_app';
