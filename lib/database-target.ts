import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { policyOf, type Trusted, trusting } from '../lambdas/core/aws/role-policies.ts';
import type { SignedDatabase } from '../lambdas/core/config/databases.ts';
import { SIGNING_SESSION_SECONDS } from '../lambdas/core/limits.ts';
import { databaseUserArn } from './permissions.ts';
import { nameOf } from './role-name.ts';

export interface DatabaseTargetProps {
  readonly resource: SignedDatabase;
  readonly trusted: Pick<Trusted, 'account' | 'vendRoleArn'>;
}

/** The role that `vend` assumes to sign for the users of grants on one database, named as `resources.yaml` names it. */
export class DatabaseTarget extends Construct {
  constructor(scope: Construct, id: string, { resource, trusted }: DatabaseTargetProps) {
    super(scope, id);
    // Two steps, as a construct of CDK for roles would take: stacks that have the role know it by a name made of them.
    new CfnRole(new Construct(this, 'Role'), 'Resource', {
      ...nameOf(resource.target.roleArn),
      description: `Latchkey signs with it for users of grants on ${resource.id}`,
      maxSessionDuration: SIGNING_SESSION_SECONDS,
      assumeRolePolicyDocument: policyOf(
        trusting(trusted, { action: 'sts:AssumeRole', by: trusted.vendRoleArn, when: {} }),
      ),
      policies: [
        {
          policyName: 'rights',
          policyDocument: policyOf({
            Effect: 'Allow',
            Action: 'rds-db:connect',
            Resource: databaseUserArn(resource, 'lk_*'),
          }),
        },
      ],
    });
  }
}
