import { escapeIdentifier } from 'pg';
import { type PostgresTargetAddress, templatesOf } from '../../core/config/resource.ts';
import { ADMIN_USER } from '../database/sign-own.ts';
import { disarm } from './disarm.ts';
import type { GrantRole } from './grant-role.ts';
import { inTransaction, type Session } from './session.ts';

type Owner = Pick<GrantRole, 'name' | 'oid'>;

/** Databases in which a role owns something, or was given a right. */
export const databasesOf = async (session: Session, role: GrantRole): Promise<readonly string[]> => {
  const rows = await session.ask<{ name: string }>(
    `SELECT DISTINCT datname AS name FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
     WHERE refclassid = 'pg_authid'::regclass AND refobjid = $1`,
    [role.oid],
  );
  return rows.map(({ name }) => name);
};

/** Roles whose rights grants inherit that have become owners. A user of a grant can give what it owns to its own. */
export const owningTemplates = (session: Session, target: PostgresTargetAddress): Promise<readonly Owner[]> =>
  session.ask<{ name: string; oid: number }>(
    `SELECT rolname AS name, r.oid FROM pg_roles r WHERE rolname = ANY ($1) AND EXISTS (
       SELECT FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
       WHERE datname = $2 AND refclassid = 'pg_authid'::regclass AND refobjid = r.oid AND deptype = 'o')`,
    [templatesOf(target), target.database],
  );

/**
 * Gives what roles own in one database to their heir, so that work survives the end of its grant. Answers how much was
 * disarmed.
 */
export const reassign = (session: Session, owners: readonly Owner[], heir: string): Promise<number> =>
  actingFor([heir, ...owners.map(({ name }) => name)], session, async () => {
    const disarmed = await disarm(
      session,
      owners.map(({ oid }) => oid),
    );
    const names = owners.map(({ name }) => escapeIdentifier(name)).join(', ');
    await session.ask(`REASSIGN OWNED BY ${names} TO ${escapeIdentifier(heir)}`);
    return disarmed;
  });

/**
 * What is left is rights that the role was given and defaults that it set. A right can be taken back by who gave it
 * only: by the heir, once the giver has ended, or by another grant's user. The heir comes first, and its lock lets one
 * ending at a time do this.
 */
export const dropOwned = (session: Session, role: GrantRole, heirs: readonly string[]): Promise<void> =>
  actingFor([...heirs, role.name], session, async (become) => {
    if (heirs.length > 0) for (const giver of await giversTo(session, role)) await become(giver);
    await session.ask(`DROP OWNED BY ${escapeIdentifier(role.name)}`);
  });

/** Users of other grants that have to do with what this role has rights on, or with a table whose policy names it. */
const giversTo = async (session: Session, role: GrantRole): Promise<readonly string[]> => {
  const rows = await session.ask<{ name: string }>(
    `WITH here AS (
       SELECT classid, objid, refobjid FROM pg_shdepend JOIN pg_database d ON d.oid = dbid
       WHERE datname = current_database() AND refclassid = 'pg_authid'::regclass),
     given AS (
       SELECT classid, objid FROM here WHERE refobjid = $1
       UNION SELECT 'pg_class'::regclass, polrelid FROM here
         JOIN pg_policy p ON classid = 'pg_policy'::regclass AND objid = p.oid WHERE refobjid = $1)
     SELECT DISTINCT rolname AS name FROM given JOIN here USING (classid, objid) JOIN pg_roles r ON r.oid = refobjid
     WHERE starts_with(rolname, 'lk_') AND refobjid <> $1 ORDER BY rolname`,
    [role.oid],
  );
  return rows.map(({ name }) => name);
};

type Become = (name: string) => Promise<void>;

/**
 * For one transaction the administrator has the rights of these roles, and of whom it becomes on the way; afterwards,
 * whatever happens, it has those that it had before.
 */
const actingFor = <T>(
  names: readonly string[],
  session: Session,
  work: (become: Become) => Promise<T>,
): Promise<T> =>
  inTransaction(session, async () => {
    const added: string[] = [];
    const become: Become = async (name) => {
      if (await isNewMember(session, name)) added.push(escapeIdentifier(name));
    };
    for (const name of names) await become(name);
    const result = await work(become);
    for (const role of added) await session.ask(`REVOKE ${role} FROM ${ADMIN_USER} GRANTED BY ${ADMIN_USER}`);
    return result;
  });

/**
 * Makes the administrator a member, and answers whether it was none before: a membership that another ending needs is
 * not taken away. GRANT locks the role until the end of the transaction, so the answer stays true.
 */
const isNewMember = async (session: Session, name: string): Promise<boolean> => {
  await session.ask(`GRANT ${escapeIdentifier(name)} TO ${ADMIN_USER} WITH INHERIT TRUE, SET TRUE`);
  const rows = await session.ask(
    `SELECT FROM pg_auth_members WHERE roleid = quote_ident($1)::regrole AND member = '${ADMIN_USER}'::regrole
       AND grantor = member AND xmin = pg_current_xact_id()::xid`,
    [name],
  );
  return rows.length > 0;
};
