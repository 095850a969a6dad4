import type { Trusted } from '../lambdas/core/aws/role-policies.ts';
import type { Settings } from './settings.ts';

/** The functions that assume roles of targets, by the names that a deployment with these settings gives them. */
export const trustedBy = ({
  account,
  region,
  stackName,
}: Pick<Settings, 'account' | 'region' | 'stackName'>): Trusted => {
  const partition = region.startsWith('us-gov-') ? 'aws-us-gov' : 'aws';
  const roleArn = (name: string) => `arn:${partition}:iam::${account}:role/${stackName}-${name}`;
  return { account, vendRoleArn: roleArn('vend'), revokerRoleArn: roleArn('revoker') };
};
