import { partitionOf } from '../lambdas/core/aws/partition.ts';
import type { Trusted } from '../lambdas/core/aws/role-policies.ts';
import type { Settings } from './settings.ts';

/** The document that `revoker` sends, of one deployment, wherever its machines are. */
export const endSessionsDocumentName = (stackName: string): string => `${stackName}-end-ssh-sessions`;

/** A deployment with these settings as the accounts of targets know it: by the names that it gives to what it makes. */
export const trustedBy = ({
  account,
  region,
  stackName,
}: Pick<Settings, 'account' | 'region' | 'stackName'>): Trusted => {
  const roleArn = (name: string) => `arn:${partitionOf(region)}:iam::${account}:role/${stackName}-${name}`;
  return {
    account,
    vendRoleArn: roleArn('vend'),
    revokerRoleArn: roleArn('revoker'),
    runnerRoleArn: roleArn('runner'),
    endSessionsDocument: endSessionsDocumentName(stackName),
  };
};
