import { ADMIN_USER } from '../lambdas/adapters/database/sign-own.ts';
import type { PostgresTargetAddress } from '../lambdas/core/config/resource.ts';

/** One thing that `docs/targets/postgres.sql` sets up, and whether it is so. `mend` says what to do when it is not. */
export interface TargetCheck {
  readonly item: string;
  readonly ok: boolean;
  readonly mend: string | undefined;
}

export const check = (item: string, ok: boolean, mend: string): TargetCheck => ({
  item,
  ok,
  mend: ok ? undefined : mend,
});

/** A question whose every row is something that is wrong, by a name that goes into the mend. Nothing is changed. */
export interface Question {
  readonly item: string;
  /** Its parameters: $1 the template it is about, $2 the heir, $3 the administrator, $4 the database. All are text. */
  readonly sql: string;
  readonly mend: (wrong: string, target: PostgresTargetAddress) => string;
}

/** A role that the target was prepared with, by what it is called here and there. */
export interface PreparedRole {
  /** Its column in `given`. */
  readonly column: 'template' | 'heir';
  readonly label: string;
  readonly name: (target: PostgresTargetAddress) => string;
}

export const APPLY_FILE = 'Apply docs/targets/postgres.sql as the master user.';

export const membership = ({ column, label, name }: PreparedRole): Question => ({
  item: `the administrator may hand on the ${label}, and not use it`,
  sql: `SELECT 'missing' AS wrong FROM given WHERE NOT EXISTS (
      SELECT FROM pg_auth_members WHERE roleid = ${column} AND member = admin AND admin_option)
    UNION ALL
    SELECT 'in use' FROM given, pg_auth_members WHERE roleid = ${column} AND member = admin AND (inherit_option OR set_option)`,
  mend: (_wrong, target) =>
    `GRANT ${name(target)} TO ${ADMIN_USER} WITH ADMIN TRUE, INHERIT FALSE, SET FALSE;`,
});

export const plainRole = ({ column, label, name }: PreparedRole): Question => ({
  item: `the ${label} exists and nobody logs in as it`,
  sql: `SELECT 'missing' AS wrong FROM given WHERE ${column} IS NULL
    UNION ALL
    SELECT 'more than a plain role' FROM given JOIN pg_roles r ON r.oid = ${column}
    WHERE rolcanlogin OR rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication OR rolbypassrls`,
  mend: (wrong, target) =>
    wrong === 'missing'
      ? APPLY_FILE
      : `Name another role than ${name(target)}: it must be NOLOGIN, without attributes.`,
});
