import { Stack, Token } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Trusted } from '../lambdas/core/aws/role-policies.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { documentFor } from '../lambdas/core/ssh/machine-roles.ts';
import { AccountRoles } from './account-roles.ts';
import { AwsTarget } from './aws-target.ts';
import { EksAccessEntries } from './eks-access-entries.ts';
import { EndSessionsDocument } from './end-sessions-document.ts';

export interface AccessTargetProps {
  /** As the compiled configuration has it. */
  readonly resource: Resource;
  /** The deployment of Latchkey that gives access to it: `trustedBy` of its settings. */
  readonly trusted: Trusted;
}

/** CDK leaves this out of the names that it makes, so what is made inside is called as if it stood here. */
const HERE = 'Default';

/**
 * What one resource needs of AWS, in the account where it is, named as `resources.yaml` names it: for use in a stack of yours.
 * `npm run config -- target` prints the same as plain CloudFormation. What is inside of databases, clusters and machines is not
 * AWS's: `docs/targets` has a page for each kind.
 */
export class AccessTarget extends Construct {
  constructor(scope: Construct, id: string, { resource, trusted }: AccessTargetProps) {
    super(scope, id);
    refuseElsewhere(Stack.of(this), resource);
    const roles =
      resource.kind === 'aws'
        ? new AwsTarget(this, HERE, { resource, trusted })
        : new AccountRoles(this, HERE, { resource, trusted });
    if (resource.kind === 'eks')
      // EKS refuses a principal that does not exist yet.
      new EksAccessEntries(this, 'AccessEntries', { resource, trusted }).node.addDependency(roles);
    if (resource.kind === 'ssh')
      new EndSessionsDocument(this, 'EndSessions', {
        documentName: documentFor(trusted.endSessionsDocument, resource),
      });
  }
}

/** What is made in another place than the target's own is never found there. Roles and policies are of no region. */
const refuseElsewhere = (stack: Stack, { id, kind, target }: Resource): void => {
  for (const key of kind === 'ssh' || kind === 'eks'
    ? (['account', 'region'] as const)
    : (['account'] as const))
    if (!Token.isUnresolved(stack[key]) && stack[key] !== target[key])
      throw new Error(
        `${id} is in ${key} ${target[key]}, but the stack ${stack.stackName} is of ${stack[key]}: make it in a stack of its own place.`,
      );
};
