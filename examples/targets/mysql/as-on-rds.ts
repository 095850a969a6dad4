/** The master user, which has what RDS documents of it and no `SUPER`. */
export const MASTER = 'dbmaster';

const RIGHTS =
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, RELOAD, PROCESS, REFERENCES, INDEX, ALTER, SHOW DATABASES, CREATE TEMPORARY TABLES, LOCK TABLES, EXECUTE, REPLICATION SLAVE, REPLICATION CLIENT, CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, CREATE USER, EVENT, TRIGGER';

/** RDS's way to end somebody's session without `SUPER`, as its users call it. */
const rdsKill = (rights: string): string => `
CREATE USER 'rdsadmin'@'localhost' ACCOUNT LOCK;
GRANT ${rights}, PROCESS ON *.* TO 'rdsadmin'@'localhost';
GRANT EXECUTE ON mysql.* TO 'rdsadmin'@'localhost';
DELIMITER //
CREATE DEFINER='rdsadmin'@'localhost' PROCEDURE mysql.rds_kill(IN thread bigint)
BEGIN
  IF EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = thread AND USER = 'rdsadmin') THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'CANNOT KILL RDSADMIN SESSION';
  END IF;
  KILL thread;
END//
DELIMITER ;`;

/** An instance as RDS hands it over, made by the superuser that RDS keeps. */
export const asOnRds = (engine: 'mysql' | 'mariadb', masterPassword: string): string =>
  AS_ON_RDS[engine].replace('<password>', masterPassword);

const AS_ON_RDS: Readonly<Record<'mysql' | 'mariadb', string>> = {
  mariadb: `${rdsKill('CONNECTION ADMIN')}
CREATE USER '${MASTER}'@'%' IDENTIFIED BY '<password>';
GRANT ${RIGHTS} ON *.* TO '${MASTER}'@'%' WITH GRANT OPTION;
`,
  // From 8.0.36 on the master user has its rights through a role.
  mysql: `${rdsKill('CONNECTION_ADMIN')}
CREATE ROLE 'rds_superuser_role';
GRANT ${RIGHTS}, CREATE ROLE, DROP ROLE ON *.* TO 'rds_superuser_role' WITH GRANT OPTION;
GRANT ROLE_ADMIN, SET_ANY_DEFINER, XA_RECOVER_ADMIN, APPLICATION_PASSWORD_ADMIN ON *.* TO 'rds_superuser_role' WITH GRANT OPTION;
CREATE USER '${MASTER}'@'%' IDENTIFIED BY '<password>';
GRANT 'rds_superuser_role' TO '${MASTER}'@'%';
SET DEFAULT ROLE ALL TO '${MASTER}'@'%';
`,
};
