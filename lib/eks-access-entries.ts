import { CfnAccessEntry } from 'aws-cdk-lib/aws-eks';
import { Construct } from 'constructs';
import { administratorOf } from '../lambdas/core/aws/administrator-role.ts';
import type { Trusted } from '../lambdas/core/aws/role-policies.ts';
import type { EksResource } from '../lambdas/core/config/resource.ts';

export interface EksAccessEntriesProps {
  readonly resource: EksResource;
  readonly trusted: Pick<Trusted, 'runnerRoleArn'>;
}

/** Whom a cluster knows by which name: no groups and no access policies, so that the bindings of grants alone say what anybody may do. */
export class EksAccessEntries extends Construct {
  constructor(scope: Construct, id: string, { resource, trusted }: EksAccessEntriesProps) {
    super(scope, id);
    for (const [name, user] of Object.entries(clusterUsersOf(resource, trusted)))
      new CfnAccessEntry(this, name, { clusterName: resource.target.cluster, type: 'STANDARD', ...user });
  }
}

/** The administrator of grants, as clusters know it. */
export const CLUSTER_ADMINISTRATOR = 'latchkey-admin';

/** By the names of their constructs: as entries are made, and as they are checked. */
export const clusterUsersOf = (
  { target }: EksResource,
  { runnerRoleArn }: EksAccessEntriesProps['trusted'],
) => ({
  Session: { principalArn: target.roleArn, username: 'latchkey:{{SessionName}}' },
  Administrator: {
    principalArn: administratorOf(target)?.roleArn ?? runnerRoleArn,
    username: CLUSTER_ADMINISTRATOR,
  },
});
