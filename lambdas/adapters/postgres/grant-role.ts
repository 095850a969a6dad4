import { createHash } from 'node:crypto';
import { databaseUser } from '../../core/grant/ids.ts';
import type { Session } from './session.ts';

/** A grant's role as the catalogue knows it. Its oid outlives its name: backends are still found by it after the drop. */
export interface GrantRole {
  readonly name: string;
  readonly oid: number;
  /** The grant's id, on a role that Latchkey made. */
  readonly comment: string | null;
}

export const findRole = async (session: Session, grantId: string): Promise<GrantRole | undefined> => {
  const [role] = await session.ask<GrantRole & Record<string, unknown>>(
    "SELECT rolname AS name, oid, shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE rolname = $1",
    [databaseUser(grantId)],
  );
  return role;
};

/** The key of the advisory lock that the making and the ending of one grant's role take: 64 bits of SHA-256. */
export const grantLock = (grantId: string): string =>
  createHash('sha256').update(`latchkey grant ${grantId}`).digest().readBigInt64BE(0).toString();
