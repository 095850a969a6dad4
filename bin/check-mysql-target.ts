import type { SignOwn } from '../lambdas/adapters/database/sign-own.ts';
import { TargetRefusal } from '../lambdas/adapters/database/target-refusal.ts';
import { asAdmin, type Session } from '../lambdas/adapters/mysql/session.ts';
import { DependencyUnavailable } from '../lambdas/app/ports.ts';
import type { MysqlResource } from '../lambdas/core/config/resource.ts';
import { Mistakes } from './mistakes.ts';
import type { TargetCheck } from './target-check.ts';
import { printable } from './terminal.ts';

const APPLY = 'Apply docs/targets/mysql.sql as the master user.';
const PROCEDURES = [
  ...['make_user', 'lock_user', 'end_sessions', 'free_lock', 'definitions', 'drop_view', 'drop_user'],
  ...['inventory', 'lacking'],
];

/** Asks a MySQL or MariaDB, as its administrator, whether grants can be made there, and ended, as promised. */
export const checkMysqlTarget = async (
  resource: MysqlResource,
  signOwn: SignOwn,
): Promise<readonly TargetCheck[]> => {
  try {
    return await asAdmin({ resource, signOwn }, (session) => checks(session, resource));
  } catch (error) {
    if (!(error instanceof DependencyUnavailable)) throw error;
    const { host, port } = resource.target;
    const said = error.cause instanceof Error ? error.cause.message : '';
    throw new Mistakes([
      { file: `${host}:${port}`, path: 'latchkey_admin', message: `${printable(said)}. ${APPLY}`.trim() },
    ]);
  }
};

const checks = async (session: Session, { target }: MysqlResource): Promise<readonly TargetCheck[]> => {
  const grants = await grantsOf(session);
  const wrong = await lacking(session, target.templateRole);
  const names = target.auth === 'password' ? [...PROCEDURES, 'change_own_password'] : PROCEDURES;
  const missing = names.filter((name) => !grants.includes(`EXECUTE ON PROCEDURE latchkey.${name} `));
  const rights = ['TRIGGER', 'EVENT', 'ALTER ROUTINE'].filter(
    (right) => !new RegExp(`${right}\\b.* ON ${target.database}\\.\\*`, 'm').test(grants),
  );
  return [
    check('the administrator may call its procedures', missing, APPLY),
    check(
      'the administrator may drop what its database lets no procedure drop',
      rights,
      `GRANT TRIGGER, EVENT, ALTER ROUTINE ON ${target.database}.* TO 'latchkey_admin'@'%';`,
    ),
    ...QUESTIONS.map(({ item, code, mend }) =>
      check(item, wrong.includes(code) ? [''] : [], mend(target.templateRole)),
    ),
  ];
};

const QUESTIONS: readonly {
  readonly item: string;
  readonly code: string;
  readonly mend: (template: string) => string;
}[] = [
  {
    item: 'the template exists',
    code: 'template_missing',
    mend: (template) => `CREATE ROLE '${template}';`,
  },
  {
    item: 'the template may be given',
    code: 'template_unlisted',
    mend: (template) => `REPLACE INTO latchkey.templates (name) VALUES ('${template}');`,
  },
  {
    item: 'sessions can be ended',
    code: 'kill_missing',
    mend: () => 'mysql.rds_kill is missing: this is no instance of Amazon RDS.',
  },
  {
    item: 'everybody has a name',
    code: 'nameless_user',
    mend: () => "DROP the user '' of every host: a login of a grant could become it.",
  },
  {
    item: 'TLS is required of everybody',
    code: 'clear_text',
    mend: () => 'Set require_secure_transport to 1 in the parameter group.',
  },
];

const check = (item: string, wrong: readonly string[], mend: string): TargetCheck => {
  if (wrong.length === 0) return { item, ok: true, mend: undefined };
  const named = wrong.filter((one) => one !== '').join(', ');
  return { item, ok: false, mend: named === '' ? mend : `Missing: ${named}. ${mend}` };
};

/** One line for each, without the quotes in which the two makes differ. */
const grantsOf = async (session: Session): Promise<string> => {
  const rows = await session.ask<Record<string, unknown>>('SHOW GRANTS');
  return rows
    .flatMap((row) => Object.values(row))
    .map((grant) => String(grant).replace(/[`'"]/g, ''))
    .join('\n');
};

/** Where the procedure itself is not there yet, nothing is known, and the first check says what to do. */
const lacking = async (session: Session, template: string): Promise<readonly string[]> => {
  try {
    const rows = await session.ask<{ wrong: string }>('CALL latchkey.lacking(?)', [template]);
    return rows.map(({ wrong }) => wrong);
  } catch (error) {
    if (error instanceof TargetRefusal) return [];
    throw error;
  }
};
