import { CfnManagedPolicy, CfnRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { endedPolicy } from '../lambdas/core/aws/ended-policy.ts';
import {
  boundaryPolicy,
  endingPolicy,
  endingTrust,
  rightsPolicy,
  type Trusted,
  trustPolicy,
} from '../lambdas/core/aws/role-policies.ts';
import {
  boundaryPolicyArn,
  endedPolicyArn,
  endingRoleArn,
  roleName,
  rolesOf,
} from '../lambdas/core/aws/role-shards.ts';
import type { AwsResource } from '../lambdas/core/config/resource.ts';
import { SESSION_MAX_SECONDS } from '../lambdas/core/limits.ts';
import { nameOf } from './role-name.ts';

export interface AwsTargetProps {
  readonly resource: AwsResource;
  /** The functions of Latchkey that assume the roles: where it is deployed, and by the ARNs of their roles. */
  readonly trusted: Trusted;
}

/**
 * The roles of which grants on one resource are given sessions, what bounds them, the deny policy of each, and the one role
 * that writes these; named as `resources.yaml` names them.
 */
export class AwsTarget extends Construct {
  readonly #props: AwsTargetProps;

  constructor(scope: Construct, id: string, props: AwsTargetProps) {
    super(scope, id);
    this.#props = props;
    const { target } = props.resource;
    const boundary = new CfnManagedPolicy(this, 'Boundary', {
      managedPolicyName: roleName(boundaryPolicyArn(target)),
      description: `What sessions of ${props.resource.id} may do at most`,
      policyDocument: boundaryPolicy(target),
    });
    for (const roleArn of rolesOf(target)) this.#makeRole(roleArn, boundary);
    this.#makeWriter();
  }

  #makeRole(roleArn: string, boundary: CfnManagedPolicy): void {
    const { resource, trusted } = this.#props;
    const name = roleName(roleArn);
    const ended = new CfnManagedPolicy(this, `Ended-${name}`, {
      managedPolicyName: roleName(endedPolicyArn(roleArn)),
      description: 'Written by Latchkey: whose sessions have ended. Leave its versions alone',
      // Never changes here: a deploy that wrote it anew would let the ended in again until the sweeper looks.
      policyDocument: JSON.parse(endedPolicy({ marks: [], issuedBefore: undefined })),
    });
    new CfnRole(this, `Role-${name}`, {
      ...nameOf(roleArn),
      description: `Latchkey gives sessions of it under grants on ${resource.id}`,
      maxSessionDuration: SESSION_MAX_SECONDS,
      assumeRolePolicyDocument: trustPolicy(resource.target, trusted),
      policies: [{ policyName: 'rights', policyDocument: rightsPolicy(resource.target) }],
      managedPolicyArns: [ended.ref],
      permissionsBoundary: boundary.ref,
    });
  }

  #makeWriter(): void {
    const { resource, trusted } = this.#props;
    new CfnRole(this, 'Ending', {
      ...nameOf(endingRoleArn(resource.target)),
      description: `Latchkey ends sessions of ${resource.id} with it`,
      maxSessionDuration: SESSION_MAX_SECONDS,
      assumeRolePolicyDocument: endingTrust(resource.target, trusted),
      policies: [{ policyName: 'rights', policyDocument: endingPolicy(resource.target) }],
    });
  }
}
