import { type Clock, DependencyUnavailable } from '../../app/ports.ts';
import { grantPassword } from '../../core/database/grant-password.ts';
import { ADMIN_PASSWORD_KEPT_MS } from '../../core/database/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { AdminPassword, AdminSecrets } from './admin-secrets.ts';
import { ADMIN_USER, type SignOwn } from './sign-own.ts';

export interface LoginSources {
  /** For databases with IAM authentication. */
  readonly signToken: SignOwn;
  /** Answers the key that passwords of grants are made with. */
  readonly readKey: () => Promise<Uint8Array>;
  readonly secrets: AdminSecrets;
  readonly clock: Clock;
}

/** What the users that `runner` logs in as prove themselves with, on databases of both ways to. */
export const ownLogins = ({ signToken, readKey, secrets, clock }: LoginSources): SignOwn => {
  const kept = new Map<string, { readonly password: string; readonly readAt: EpochMs }>();
  const admin = async (arn: string, refused: number): Promise<string> => {
    const known = kept.get(arn);
    if (refused === 0 && known && clock() - known.readAt < ADMIN_PASSWORD_KEPT_MS) return known.password;
    const { password } = await readSome(secrets, arn, refused);
    kept.set(arn, { password, readAt: clock() });
    return password;
  };
  return async (resource, user, refused = 0) => {
    const { target } = resource;
    if (target.auth === 'iam') return signToken(resource, user);
    if (user !== ADMIN_USER) return grantPassword(await readKey(), target, user);
    if (target.adminSecretArn === undefined) throw new TypeError('a database with passwords names a secret');
    return admin(target.adminSecretArn, refused);
  };
};

const readSome = async (secrets: AdminSecrets, arn: string, refused: number): Promise<AdminPassword> => {
  const found = await secrets.read(arn, refused < 2 ? 'AWSCURRENT' : 'AWSPENDING');
  if (!found) throw new DependencyUnavailable('secrets', new Error('no version that could hold'));
  return found;
};
