import { ADMIN_USER } from '../lambdas/adapters/database/sign-own.ts';
import { ADMIN_DATABASE, type Session } from '../lambdas/adapters/postgres/session.ts';
import type { PostgresResource } from '../lambdas/core/config/resource.ts';
import { checkMaskedTemplate } from './check-masked-template.ts';
import { membership, type PreparedRole, plainRole, type Question, type TargetCheck } from './target-check.ts';
import { type Template, templateQuestions, templatesOf } from './template-questions.ts';

/** Asks a target, as its administrator in the resource's database, whether grants can be made, and ended, as promised. */
export const checkPostgresTarget = async (
  session: Session,
  resource: Pick<PostgresResource, 'target' | 'sensitive'>,
): Promise<readonly TargetCheck[]> => {
  const { target } = resource;
  const templates = templatesOf(target);
  const asks = [
    ...QUESTIONS.map((question) => ({ question, role: target.templateRole })),
    ...templates.flatMap((template) =>
      templateQuestions(template).map((question) => ({ question, role: template.role })),
    ),
  ];
  const checks: TargetCheck[] = [];
  for (const { question, role } of asks) checks.push(await answered(session, { question, role, target }));
  return [...checks, ...(await checkMaskedTemplate(session, resource))];
};

interface Asked {
  readonly question: Question;
  readonly role: Template['role'];
  readonly target: PostgresResource['target'];
}

const answered = async (session: Session, { question, role, target }: Asked): Promise<TargetCheck> => {
  const { item, sql, mend } = question;
  const values = [role, target.objectOwner, ADMIN_USER, target.database];
  const rows = await session.ask<{ wrong: string }>(`WITH given AS (${GIVEN}) ${sql}`, values);
  const wrong = rows.map((row) => row.wrong).join(', ');
  return { item, ok: rows.length === 0, mend: rows.length === 0 ? undefined : mend(wrong, target) };
};

/** Roles that do not exist have a null oid here, instead of an error. */
const GIVEN = `SELECT to_regrole(quote_ident($1::text))::oid AS template, to_regrole(quote_ident($2::text))::oid AS heir,
  to_regrole(quote_ident($3::text))::oid AS admin, $4::text AS database`;

/** What the limits of databases leave free: the administrator has 20, and PostgreSQL keeps a few for superusers. */
const SPARE_CONNECTIONS = 30;

const HEIR: PreparedRole = { column: 'heir', label: 'heir', name: ({ objectOwner }) => objectOwner };

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
  plainRole(HEIR),
  membership(HEIR),
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
