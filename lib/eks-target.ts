import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { Trusted } from '../lambdas/core/aws/role-policies.ts';
import type { EksResource } from '../lambdas/core/config/resource.ts';
import { clusterTrust } from '../lambdas/core/eks/session-role.ts';
import { SESSION_MAX_SECONDS } from '../lambdas/core/limits.ts';
import { nameOf } from './role-name.ts';

export interface EksTargetProps {
  readonly resource: EksResource;
  /** The account where Latchkey is deployed, and the role of its `vend` function there. */
  readonly trusted: Pick<Trusted, 'account' | 'vendRoleArn'>;
}

/**
 * The role of which each grant on a cluster is given a session, named as `resources.yaml` names it, without any rights.
 */
export class EksTarget extends Construct {
  constructor(scope: Construct, id: string, { resource, trusted }: EksTargetProps) {
    super(scope, id);
    new CfnRole(this, 'Role', {
      ...nameOf(resource.target.roleArn),
      description: `Its sessions are users of grants on ${resource.id}`,
      maxSessionDuration: SESSION_MAX_SECONDS,
      assumeRolePolicyDocument: clusterTrust(resource.target, trusted),
    });
  }
}
