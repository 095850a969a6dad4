import type { Clock, RandomBytes } from '../../app/ports.ts';
import { ADMIN_PASSWORD_BYTES, ADMIN_PASSWORD_USED_MS } from '../../core/database/limits.ts';
import type { AdminSecrets } from './admin-secrets.ts';

/** A session of the administrator's that alone may replace its password, while it lasts; what ends it gives the right back. */
export interface PasswordSession {
  /** The right to replace this version; `false` where somebody else has it. */
  claim(versionId: string): Promise<boolean>;
  /** Tells the server what it is to keep of the new one. */
  change(password: string): Promise<void>;
}

export interface Renewal {
  readonly secrets: AdminSecrets;
  readonly clock: Clock;
  readonly random: RandomBytes;
  /** Opens such a session for one piece of work. */
  readonly withSession: (work: (session: PasswordSession) => Promise<void>) => Promise<void>;
}

/**
 * Replaces an administrator's password that was in use for a while, in an order in which a crash at any point leaves a
 * version in the secret that the server takes: first the new one is put beside the old, then the server is told, then the
 * new one is named the current. What an earlier attempt left pending is told again and completed. The server's part is done
 * by the session that holds the claim, so nobody who was paused can do it after somebody else has.
 */
export const renewPassword = async (renewal: Renewal, arn: string): Promise<void> => {
  const { secrets } = renewal;
  const due = await nextOf(renewal, arn);
  if (!due) return;
  await renewal.withSession(async (session) => {
    if (!(await session.claim(due.current))) return;
    // Looked at anew: whoever had the right before may have used it.
    const next = await nextOf(renewal, arn);
    if (next?.current !== due.current) return;
    const to = next.pending ?? (await propose(renewal, arn, next.current));
    await session.change(to.password);
    await secrets.promote(arn, { from: next.current, to: to.versionId });
  });
};

interface Version {
  readonly password: string;
  readonly versionId: string;
}

interface Next {
  /** The version to be replaced. */
  readonly current: string;
  /** What it is to be replaced by, if that was decided before. */
  readonly pending: Version | undefined;
}

const nextOf = async ({ secrets, clock }: Renewal, arn: string): Promise<Next | undefined> => {
  const [current, pending] = [await secrets.read(arn, 'AWSCURRENT'), await secrets.read(arn, 'AWSPENDING')];
  if (!current) return undefined;
  // Secrets Manager leaves the mark on a version that has become the current one.
  if (pending && pending.versionId !== current.versionId) return { current: current.versionId, pending };
  const isUsed = clock() - current.createdAt >= ADMIN_PASSWORD_USED_MS;
  return isUsed ? { current: current.versionId, pending: undefined } : undefined;
};

const propose = async ({ secrets, random }: Renewal, arn: string, from: string): Promise<Version> => {
  const password = Buffer.from(random(ADMIN_PASSWORD_BYTES)).toString('base64url');
  return { password, versionId: await secrets.propose(arn, { from, password }) };
};
