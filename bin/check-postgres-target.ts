import { ADMIN_DATABASE, ADMIN_USER, type Session } from '../lambdas/adapters/postgres/session.ts';
import type { PostgresTargetAddress } from '../lambdas/core/config/resource.ts';

/** One thing that `docs/targets/postgres.sql` sets up, and whether it is so. `mend` says what to do when it is not. */
export interface TargetCheck {
  readonly item: string;
  readonly ok: boolean;
  readonly mend: string | undefined;
}

/** A question whose every row is something that is wrong, by a name that goes into the mend. Nothing is changed. */
interface Question {
  readonly item: string;
  /** Its parameters: $1 the template, $2 the heir, $3 the administrator, $4 the database. All are text. */
  readonly sql: string;
  readonly mend: (wrong: string, target: PostgresTargetAddress) => string;
}

/** Asks a target, as its administrator in the resource's database, whether grants can be made, and ended, as promised. */
export const checkPostgresTarget = async (
  session: Session,
  target: PostgresTargetAddress,
): Promise<readonly TargetCheck[]> => {
  const checks: TargetCheck[] = [];
  const values = [target.templateRole, target.objectOwner, ADMIN_USER, target.database];
  for (const { item, sql, mend } of QUESTIONS) {
    const rows = await session.ask<{ wrong: string }>(`WITH given AS (${GIVEN}) ${sql}`, values);
    const wrong = rows.map((row) => row.wrong).join(', ');
    checks.push({ item, ok: rows.length === 0, mend: rows.length === 0 ? undefined : mend(wrong, target) });
  }
  return checks;
};

/** Roles that do not exist have a null oid here, instead of an error. */
const GIVEN = `SELECT to_regrole(quote_ident($1::text))::oid AS template, to_regrole(quote_ident($2::text))::oid AS heir,
  to_regrole(quote_ident($3::text))::oid AS admin, $4::text AS database`;

/** Memberships that reach over the database's own privileges. */
const REACHING_FAR = [
  'pg_execute_server_program',
  'pg_read_server_files',
  'pg_write_server_files',
  'pg_signal_backend',
  'pg_create_subscription',
  'pg_use_reserved_connections',
  'rds_superuser',
  'rds_replication',
  'rds_password',
  'rds_iam',
];

/** What the limits of databases leave free: the administrator has 20, and PostgreSQL keeps a few for superusers. */
const SPARE_CONNECTIONS = 30;

const apply = 'Apply docs/targets/postgres.sql as the master user.';

const membership = (
  role: 'template' | 'heir',
  name: (target: PostgresTargetAddress) => string,
): Question => ({
  item: `the administrator may hand on the ${role}, and not use it`,
  sql: `SELECT 'missing' AS wrong FROM given WHERE NOT EXISTS (
      SELECT FROM pg_auth_members WHERE roleid = ${role} AND member = admin AND admin_option)
    UNION ALL
    SELECT 'in use' FROM given, pg_auth_members WHERE roleid = ${role} AND member = admin AND (inherit_option OR set_option)`,
  mend: (_wrong, target) =>
    `GRANT ${name(target)} TO ${ADMIN_USER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;`,
});

const plainRole = (role: 'template' | 'heir', name: (target: PostgresTargetAddress) => string): Question => ({
  item: `the ${role} exists and nobody logs in as it`,
  sql: `SELECT 'missing' AS wrong FROM given WHERE ${role} IS NULL
    UNION ALL
    SELECT 'more than a plain role' FROM given JOIN pg_roles r ON r.oid = ${role}
    WHERE rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls`,
  mend: (wrong, target) =>
    wrong === 'missing'
      ? apply
      : `Name another role than ${name(target)}: it must be NOLOGIN, without attributes.`,
});

const QUESTIONS: readonly Question[] = [
  {
    item: 'PostgreSQL 16 or later',
    sql: "SELECT current_setting('server_version') AS wrong FROM given WHERE current_setting('server_version_num')::int < 160000",
    mend: (wrong) => `It is ${wrong}: older versions cannot limit what a member of a role may do. Upgrade.`,
  },
  {
    item: 'TLS is required of everybody',
    sql: "SELECT 'off' AS wrong FROM given WHERE current_setting('rds.force_ssl', true) NOT IN ('1', 'on')",
    mend: () => 'Set rds.force_ssl to 1 in the parameter group.',
  },
  {
    item: 'the server speaks English, by which a refused login is known',
    sql: String.raw`SELECT current_setting('lc_messages') AS wrong FROM given
      WHERE current_setting('lc_messages') !~* '^(|c|posix|c\..*|en.*)$'`,
    mend: (wrong) => `Set lc_messages to en_US.UTF-8 in the parameter group; it is ${wrong}.`,
  },
  {
    item: 'the administrator makes roles and is nothing else',
    sql: `SELECT 'attributes' AS wrong FROM given WHERE NOT EXISTS (
      SELECT FROM pg_roles WHERE oid = admin AND rolcanlogin AND rolcreaterole
        AND NOT (rolsuper OR rolcreatedb OR rolreplication OR rolbypassrls))`,
    mend: () => `Give ${ADMIN_USER} LOGIN and CREATEROLE, and take every other attribute away.`,
  },
  {
    item: 'the administrator logs in by token and may let others',
    sql: `SELECT 'missing' AS wrong FROM given WHERE NOT EXISTS (
      SELECT FROM pg_auth_members JOIN pg_roles r ON r.oid = roleid
      WHERE rolname = 'rds_iam' AND member = admin AND admin_option AND inherit_option)`,
    mend: () => `GRANT rds_iam TO ${ADMIN_USER} WITH ADMIN TRUE, INHERIT TRUE, SET FALSE;`,
  },
  {
    item: 'the administrator may end sessions',
    sql: `SELECT 'missing' AS wrong FROM given
      WHERE admin IS NULL OR NOT pg_has_role(admin, 'pg_signal_backend', 'USAGE')`,
    mend: () => `GRANT pg_signal_backend TO ${ADMIN_USER} WITH ADMIN FALSE, INHERIT TRUE, SET FALSE;`,
  },
  plainRole('template', ({ templateRole }) => templateRole),
  plainRole('heir', ({ objectOwner }) => objectOwner),
  membership('template', ({ templateRole }) => templateRole),
  membership('heir', ({ objectOwner }) => objectOwner),
  {
    item: 'the template owns nothing: its members could give it away',
    sql: `SELECT coalesce(datname, 'the instance') AS wrong FROM given
      JOIN pg_shdepend ON refclassid = 'pg_authid'::regclass AND refobjid = template AND deptype = 'o'
      LEFT JOIN pg_database d ON d.oid = dbid GROUP BY 1`,
    mend: (wrong, { templateRole }) =>
      `Give what ${templateRole} owns in ${wrong} to the application's own role.`,
  },
  {
    item: 'the template does not reach beyond its database',
    sql: `SELECT rolname AS wrong FROM given, pg_roles r WHERE pg_has_role(template, r.oid, 'MEMBER')
      AND rolname = ANY ('{${REACHING_FAR.join(',')}}')`,
    mend: (wrong, { templateRole }) => `REVOKE ${wrong} FROM ${templateRole};`,
  },
  {
    item: 'the heir has no rights but to create: what agents leave behind may act with them',
    sql: `SELECT rolname AS wrong FROM given JOIN pg_auth_members ON member = heir JOIN pg_roles r ON r.oid = roleid
      UNION ALL
      SELECT c.oid::regclass::text FROM given, pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname <> 'information_schema' AND nspname !~ '^pg_'
        AND heir IS NOT NULL AND relowner <> heir AND has_table_privilege(heir, c.oid, 'SELECT, INSERT, UPDATE, DELETE')
        AND NOT has_table_privilege('public', c.oid, 'SELECT, INSERT, UPDATE, DELETE')`,
    mend: (wrong, { objectOwner }) => `REVOKE ALL on ${wrong} from ${objectOwner}.`,
  },
  {
    item: 'the heir may create wherever the template may',
    sql: `SELECT quote_ident(nspname) AS wrong FROM given, pg_namespace n
      WHERE nspname !~ '^pg_' AND template IS NOT NULL AND heir IS NOT NULL
        AND has_schema_privilege(template, n.oid, 'CREATE') AND NOT has_schema_privilege(heir, n.oid, 'CREATE')`,
    mend: (wrong, { objectOwner }) => `GRANT USAGE, CREATE ON SCHEMA ${wrong} TO ${objectOwner};`,
  },
  {
    item: 'the heir may create schemas if the template may',
    sql: `SELECT quote_ident(database) AS wrong FROM given WHERE template IS NOT NULL AND heir IS NOT NULL
      AND has_database_privilege(template, database, 'CREATE') AND NOT has_database_privilege(heir, database, 'CREATE')`,
    mend: (wrong, { objectOwner }) => `GRANT CREATE ON DATABASE ${wrong} TO ${objectOwner};`,
  },
  {
    item: 'not everybody may connect, to any database of the instance',
    sql: `SELECT quote_ident(datname) AS wrong FROM given, pg_database d
      WHERE datallowconn AND datname <> 'rdsadmin' AND has_database_privilege('public', d.oid, 'CONNECT')`,
    mend: (wrong) =>
      `REVOKE CONNECT ON DATABASE ${wrong} FROM PUBLIC; after a GRANT to each role that needs it.`,
  },
  {
    item: 'agents cannot take every connection of the server, without which no grant could be ended',
    sql: `SELECT quote_ident(datname) AS wrong FROM given JOIN pg_database ON datname = database
      WHERE datconnlimit = -1 OR datconnlimit > current_setting('max_connections')::int - ${SPARE_CONNECTIONS}`,
    mend: (wrong) =>
      `ALTER DATABASE ${wrong} CONNECTION LIMIT …; all databases together ${SPARE_CONNECTIONS} below max_connections.`,
  },
  {
    item: 'the template may connect to its database and to no other',
    sql: `SELECT quote_ident(datname) AS wrong FROM given, pg_database d
      WHERE datallowconn AND template IS NOT NULL
        AND has_database_privilege(template, d.oid, 'CONNECT') <> (datname = database)
        AND NOT (datname <> database AND has_database_privilege('public', d.oid, 'CONNECT'))`,
    mend: (wrong, { templateRole, database }) =>
      `Let ${templateRole} connect to ${database} alone; it is otherwise for ${wrong}.`,
  },
  {
    item: `agents stay out of ${ADMIN_DATABASE}, where the administrator keeps its locks`,
    sql: `SELECT database AS wrong FROM given WHERE database = '${ADMIN_DATABASE}'`,
    mend: () => 'Give agents a database of their own.',
  },
  {
    item: `the administrator may connect to ${ADMIN_DATABASE}`,
    sql: `SELECT '${ADMIN_DATABASE}' AS wrong FROM given
      WHERE admin IS NULL OR NOT has_database_privilege(admin, '${ADMIN_DATABASE}', 'CONNECT')`,
    mend: () => `GRANT CONNECT ON DATABASE ${ADMIN_DATABASE} TO ${ADMIN_USER};`,
  },
  {
    item: 'every role that begins with lk_ is of a grant',
    sql: `SELECT quote_ident(rolname) AS wrong FROM given, pg_roles r WHERE starts_with(rolname, 'lk_')
      AND shobj_description(r.oid, 'pg_authid') IS DISTINCT FROM 'g_' || substr(rolname, 4)`,
    mend: (wrong) => `Rename or drop ${wrong}: the prefix belongs to Latchkey, which would try to end it.`,
  },
];
