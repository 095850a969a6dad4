import { Signer } from '@aws-sdk/rds-signer';
import type { AdministratorKeys } from '../aws/administrator-keys.ts';
import type { SignOwn } from './sign-own.ts';

/**
 * Signs logins of the administrator and of users of grants, which is all that config lets its role sign for: the function's own,
 * without a call to AWS, or in another account the one that it assumes there.
 */
export const ownRdsSigner =
  (keysOf: AdministratorKeys): SignOwn =>
  async ({ target }, username) => {
    const { host: hostname, port, region } = target;
    const credentials = await keysOf(target);
    const signer = new Signer({ hostname, port, region, username, ...(credentials ? { credentials } : {}) });
    return signer.getAuthToken();
  };
