import type { PostgresTargetAddress } from '../lambdas/core/config/resource.ts';
import { membership, plainRole, type Question } from './target-check.ts';

/** A role whose rights users of grants inherit. */
export interface Template {
  readonly role: string;
  readonly label: string;
  /** Runs of class read have its rights, so it should have no others. */
  readonly readsOnly: boolean;
}

export const templatesOf = (target: PostgresTargetAddress): readonly Template[] => {
  const { maskedTemplateRole, runRoles } = target;
  const named: readonly (readonly [string, string | undefined])[] = [
    ['template', target.templateRole],
    ['masked template', maskedTemplateRole],
    ['role of reads', runRoles.read],
    ['role of writes', runRoles.write],
    ['role of ddl', runRoles.ddl],
  ];
  return named.flatMap(([label, role]) =>
    role === undefined ? [] : [{ role, label, readsOnly: label === 'role of reads' }],
  );
};

export const templateQuestions = (template: Template): readonly Question[] => {
  const role = { column: 'template', label: template.label, name: () => template.role } as const;
  return [
    plainRole(role),
    membership(role),
    ...boundsOf(template),
    ...placesOf(template),
    ...(template.readsOnly ? [writesNothing(template)] : []),
  ];
};

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

const boundsOf = ({ role, label }: Template): readonly Question[] => [
  {
    item: `the ${label} owns nothing: its members could give it away`,
    sql: `SELECT coalesce(datname, 'the instance') AS wrong FROM given
      JOIN pg_shdepend ON refclassid = 'pg_authid'::regclass AND refobjid = template AND deptype = 'o'
      LEFT JOIN pg_database d ON d.oid = dbid GROUP BY 1`,
    mend: (wrong) => `Give what ${role} owns in ${wrong} to the application's own role.`,
  },
  {
    item: `the ${label} does not reach beyond its database`,
    sql: `SELECT rolname AS wrong FROM given, pg_roles r WHERE pg_has_role(template, r.oid, 'MEMBER')
      AND rolname = ANY ('{${REACHING_FAR.join(',')}}')`,
    mend: (wrong) => `REVOKE ${wrong} FROM ${role};`,
  },
];

const placesOf = ({ role, label }: Template): readonly Question[] => [
  {
    item: `the heir may create wherever the ${label} may`,
    sql: `SELECT quote_ident(nspname) AS wrong FROM given, pg_namespace n
      WHERE nspname !~ '^pg_' AND template IS NOT NULL AND heir IS NOT NULL
        AND has_schema_privilege(template, n.oid, 'CREATE') AND NOT has_schema_privilege(heir, n.oid, 'CREATE')`,
    mend: (wrong, { objectOwner }) => `GRANT USAGE, CREATE ON SCHEMA ${wrong} TO ${objectOwner};`,
  },
  {
    item: `the heir may create schemas if the ${label} may`,
    sql: `SELECT quote_ident(database) AS wrong FROM given WHERE template IS NOT NULL AND heir IS NOT NULL
      AND has_database_privilege(template, database, 'CREATE') AND NOT has_database_privilege(heir, database, 'CREATE')`,
    mend: (wrong, { objectOwner }) => `GRANT CREATE ON DATABASE ${wrong} TO ${objectOwner};`,
  },
  {
    item: `the ${label} may connect to its database and to no other`,
    sql: `SELECT quote_ident(datname) AS wrong FROM given, pg_database d
      WHERE datallowconn AND template IS NOT NULL
        AND has_database_privilege(template, d.oid, 'CONNECT') <> (datname = database)
        AND NOT (datname <> database AND has_database_privilege('public', d.oid, 'CONNECT'))`,
    mend: (wrong, { database }) => `Let ${role} connect to ${database} alone; it is otherwise for ${wrong}.`,
  },
];

/** A read only transaction is a guard rail and not a boundary; the boundary is what this role may not do. */
const writesNothing = ({ role, label }: Template): Question => ({
  item: `the ${label} may read, and nothing else`,
  sql: `SELECT format('%I.%I', nspname, relname) AS wrong FROM given, pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE template IS NOT NULL AND relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname <> 'information_schema' AND nspname !~ '^pg_'
      AND (has_table_privilege(template, c.oid, 'DELETE, TRUNCATE')
        OR has_any_column_privilege(template, c.oid, 'INSERT, UPDATE'))`,
  mend: (wrong) => `REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON ${wrong} FROM ${role};`,
});
