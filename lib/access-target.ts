import { Duration } from 'aws-cdk-lib';
import { AccountPrincipal, PolicyDocument, PolicyStatement, Role } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { SignedDatabase } from '../lambdas/core/config/databases.ts';
import { SIGNING_SESSION_SECONDS } from '../lambdas/core/limits.ts';
import { databaseUserArn } from './permissions.ts';

export interface AccessTargetProps {
  readonly resource: SignedDatabase;
  /** The account where Latchkey is deployed, and the role of its `vend` function there. */
  readonly latchkeyAccount: string;
  readonly vendRoleArn: string;
}

/**
 * The role that `vend` assumes to sign for the users of grants on one database, named as `resources.yaml` names it.
 * Use it in a stack of the target's account; the Latchkey stack makes it itself where `createTargetRoles` is set.
 */
export class AccessTarget extends Construct {
  constructor(scope: Construct, id: string, props: AccessTargetProps) {
    super(scope, id);
    new Role(this, 'Role', {
      ...nameOf(props.resource.target.roleArn),
      description: `Latchkey signs with it for users of grants on ${props.resource.id}`,
      // A role that does not exist yet cannot be a principal; its account can, narrowed to the role's name.
      assumedBy: new AccountPrincipal(props.latchkeyAccount).withConditions({
        ArnEquals: { 'aws:PrincipalArn': props.vendRoleArn },
      }),
      maxSessionDuration: Duration.seconds(SIGNING_SESSION_SECONDS),
      inlinePolicies: {
        rights: new PolicyDocument({
          statements: [
            new PolicyStatement({
              actions: ['rds-db:connect'],
              resources: [databaseUserArn(props.resource, 'lk_*')],
            }),
          ],
        }),
      },
    });
  }
}

/** `arn:aws:iam::111122223333:role/latchkey/orders` → path `/latchkey/`, name `orders`. */
export const nameOf = (roleArn: string): { path: string; roleName: string } => {
  const [, ...steps] = roleArn.split(':').slice(5).join(':').split('/');
  const roleName = steps.pop() ?? '';
  return { path: ['', ...steps, ''].join('/'), roleName };
};
