import { escapeIdentifier, escapeLiteral } from 'pg';
import type { CloseReport } from '../../app/ports-of-targets.ts';
import type { PostgresResource } from '../../core/config/resource.ts';
import { POSTGRES_ATTEMPTS_MAX } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import { allGone, NotDead, reportSteps, type TakeStep } from '../database/ending-steps.ts';
import { ADMIN_USER, type SignOwn } from '../database/sign-own.ts';
import { TargetRefusal } from '../database/target-refusal.ts';
import {
  evictingMeanwhile,
  type InDatabase,
  rollBackPrepared,
  terminateBackends,
  terminateOwnerless,
} from './evict-role.ts';
import { findRole, type GrantRole, grantLock } from './grant-role.ts';
import { grantVerifier } from './grant-verifier.ts';
import { databasesOf, dropOwned, owningTemplates, reassign } from './hand-over.ts';
import { probeLogin } from './probe-login.ts';
import { ADMIN_DATABASE, asAdmin, inTransaction, type Session } from './session.ts';

export interface CloseAsk {
  readonly resource: PostgresResource;
  readonly grantId: string;
  /** When access should have ended: what the steps are timed from. */
  readonly since: EpochMs;
}

export interface CloseTools {
  readonly signOwn: SignOwn;
  readonly clock: () => EpochMs;
}

type Closing = CloseAsk & CloseTools & { readonly session: Session; readonly inDatabase: InDatabase };

/**
 * Ends a grant's role, in the one order that leaves no gap: no new login and no more rights, no open session, proof by
 * a login that is refused, then what the role owns goes to its heir, then the role itself, then nobody is left. Each
 * step can be repeated, so a crash anywhere is made good by doing it all again.
 */
export const closeRole = async (session: Session, ask: CloseAsk, tools: CloseTools): Promise<CloseReport> => {
  const { resource } = ask;
  const { signOwn } = tools;
  const inDatabase: InDatabase = (database, work) => asAdmin({ resource, signOwn, database }, work);
  const closing = { ...ask, ...tools, session, inDatabase };
  return reportSteps(closing, async (take) => {
    const role = await lockRole(closing);
    await (role ? endRole(closing, role, take) : endAbsent(closing, take));
  });
};

const lockRole = async ({ session, grantId }: Closing): Promise<GrantRole | undefined> => {
  await session.ask('SELECT pg_advisory_lock($1)', [grantLock(grantId)]);
  return findRole(session, grantId);
};

const endRole = async (closing: Closing, role: GrantRole, take: TakeStep): Promise<void> => {
  const { session } = closing;
  await take('nologin', () => forbidLogin(closing, role));
  await take('terminate', () => terminate(closing, role));
  await take('probe', () => probe(closing, role));
  await take('reassign', () => handOver(closing, role));
  await take('drop_owned', () => dropEverywhere(closing, role));
  await take('drop_role', async () => {
    await session.ask(`DROP ROLE ${escapeIdentifier(role.name)}`);
    return 'done';
  });
  await take('backends', async () => allGone(await terminateBackends(session, role)));
};

const endAbsent = async ({ session, resource }: Closing, take: TakeStep): Promise<void> => {
  await take('nologin', async () => 'absent');
  await take('backends', async () => allGone(await terminateOwnerless(session, resource.target.database)));
};

/**
 * A user can change its own password, and the probe needs the right one, so that is put back with the same statement.
 * The administrator becomes a member first, because only a member can undo what the role has prepared; and takes the
 * template away with the login, so that a session that is slow to die can do nothing more.
 */
const forbidLogin = async (closing: Closing, role: GrantRole): Promise<string> => {
  const { session, inDatabase, signOwn } = closing;
  const verifier = await grantVerifier(closing, signOwn);
  const password = verifier === undefined ? '' : ` PASSWORD ${escapeLiteral(verifier)}`;
  const name = escapeIdentifier(role.name);
  await session.ask(`GRANT ${name} TO ${ADMIN_USER} WITH INHERIT TRUE, SET TRUE`);
  const change = () =>
    inTransaction(session, async () => {
      await session.ask(`ALTER ROLE ${name} NOLOGIN${password}`);
      for (const statement of await revocations(session, role)) await session.ask(statement);
    });
  const evict = () =>
    inDatabase(ADMIN_DATABASE, async (there) => {
      await terminateBackends(there, role);
      await rollBackPrepared(there, role, inDatabase);
    });
  await evictingMeanwhile(untilUndisturbed(change), evict);
  return 'done';
};

/** `rds_iam` stays: without it RDS would ask for a password, and the probe would prove nothing. */
const revocations = async (session: Session, role: GrantRole): Promise<readonly string[]> => {
  const rows = await session.ask<{ statement: string }>(
    `SELECT format('REVOKE %I FROM %I GRANTED BY ${ADMIN_USER}', granted.rolname, $2::text) AS statement
     FROM pg_auth_members JOIN pg_roles granted ON granted.oid = roleid
     WHERE member = $1 AND grantor = '${ADMIN_USER}'::regrole AND granted.rolname <> 'rds_iam'`,
    [role.oid, role.name],
  );
  return rows.map(({ statement }) => statement);
};

/** PostgreSQL's answers when a role changed itself, or another's ending dropped it, in the same instant. Not worth a new ending. */
const CHANGED_MEANWHILE: ReadonlySet<string> = new Set(['XX000', '42704']);

const untilUndisturbed = async (change: () => Promise<void>): Promise<void> => {
  for (let attempt = 1; ; attempt += 1)
    try {
      return await change();
    } catch (error) {
      const isDisturbed = error instanceof TargetRefusal && CHANGED_MEANWHILE.has(error.code);
      if (!isDisturbed || attempt === POSTGRES_ATTEMPTS_MAX) throw error;
    }
};

const terminate = async ({ session, inDatabase }: Closing, role: GrantRole): Promise<string> => {
  const outcome = allGone(await terminateBackends(session, role));
  const prepared = await rollBackPrepared(session, role, inDatabase);
  return prepared === 0 ? outcome : `${outcome}_prepared_${prepared}`;
};

const probe = async ({ resource, signOwn }: Closing, role: GrantRole): Promise<string> => {
  const { database } = resource.target;
  const outcome = await probeLogin({ resource, user: role.name, database, signOwn });
  if (outcome !== 'refused') throw new NotDead(outcome);
  return outcome;
};

/** In its own database the role may have given what it owns to the template, with whose rights it would act on. */
const handOver = async ({ session, inDatabase, resource }: Closing, role: GrantRole): Promise<string> => {
  const { target } = resource;
  const templates = await owningTemplates(session, target);
  const own = await databasesOf(session, role);
  const places = new Set(templates.length > 0 ? [...own, target.database] : own);
  let disarmed = 0;
  for (const place of places) {
    const owners = place === target.database ? [role, ...templates] : [role];
    disarmed += await inDatabase(place, (there) => reassign(there, owners, target.objectOwner));
  }
  if (places.size === 0) return 'nothing';
  return disarmed === 0 ? 'done' : `disarmed_${disarmed}`;
};

/** Seldom is anything left. */
const dropEverywhere = async (
  { session, resource, inDatabase }: Closing,
  role: GrantRole,
): Promise<string> => {
  const heirs = [resource.target.objectOwner];
  for (const place of await databasesOf(session, role))
    await untilUndisturbed(() => inDatabase(place, (there) => dropOwned(there, role, heirs)));
  await dropOwned(session, role, []);
  return 'done';
};
