import type { MysqlResource } from '../../core/config/resource.ts';

/** What the target is told when the user of a grant is made, for people who decide: without what it keeps of a password. */
export const makeUserCall = ({ target }: MysqlResource, grantId: string): string => {
  const { auth, templateRole, connectionLimit } = target;
  const identity = auth === 'iam' ? `'AWSAuthenticationPlugin', 'RDS'` : `a password of its own`;
  return `CALL latchkey.make_user('${grantId}', ${identity}, '${templateRole}', ${connectionLimit})`;
};
