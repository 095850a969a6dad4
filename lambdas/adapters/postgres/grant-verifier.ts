import type { PostgresResource } from '../../core/config/resource.ts';
import { saltOf } from '../../core/database/grant-password.ts';
import { scramVerifier } from '../../core/database/scram-verifier.ts';
import { databaseUser } from '../../core/grant/ids.ts';
import type { SignOwn } from '../database/sign-own.ts';

/** What the server keeps of the password of a grant's user, which it is never told; undefined where tokens are used. */
export const grantVerifier = async (
  { resource, grantId }: { readonly resource: PostgresResource; readonly grantId: string },
  signOwn: SignOwn,
): Promise<string | undefined> => {
  if (resource.target.auth === 'iam') return undefined;
  const user = databaseUser(grantId);
  return scramVerifier(await signOwn(resource, user), saltOf(resource.target, user));
};
