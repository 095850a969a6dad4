import type { MysqlResource } from '../../core/config/resource.ts';
import { saltOf } from '../../core/database/grant-password.ts';
import { cachingSha2Digest, nativeDigest } from '../../core/database/mysql-digests.ts';
import { mysqlUser } from '../../core/grant/ids.ts';
import type { SignOwn } from '../database/sign-own.ts';

/** How a user logs in, as the server is told it: a plugin, and what that keeps. */
export type Identity = readonly [plugin: string, kept: string];

/** The user of a grant: by token, or by a password of which the server is told what it keeps, and never the password. */
export const identityOfGrant = async (
  { resource, grantId }: { readonly resource: MysqlResource; readonly grantId: string },
  signOwn: SignOwn,
): Promise<Identity> => {
  const { target } = resource;
  if (target.auth === 'iam') return ['AWSAuthenticationPlugin', 'RDS'];
  const user = mysqlUser(grantId);
  const password = await signOwn(resource, user);
  return passwordIdentity(target, user, password);
};

export const passwordIdentity = (
  target: MysqlResource['target'],
  user: string,
  password: string,
): Identity =>
  target.engine === 'mysql'
    ? ['caching_sha2_password', cachingSha2Digest(password, saltOf(target, user))]
    : ['mysql_native_password', nativeDigest(password)];
