import { Signer } from '@aws-sdk/rds-signer';
import type { SignOwn } from './sign-own.ts';

/** Signs logins with the function's own role, which config limits to the admin and the users of grants. No call to AWS. */
export const ownRdsSigner = (): SignOwn => (resource, username) => {
  const { host: hostname, port, region } = resource.target;
  return new Signer({ hostname, port, region, username }).getAuthToken();
};
