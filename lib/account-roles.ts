import { CfnRole } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { administratorOf, administratorTrust } from '../lambdas/core/aws/administrator-role.ts';
import {
  grantTrust,
  type PolicyJson,
  policyOf,
  type Trusted,
  trusting,
} from '../lambdas/core/aws/role-policies.ts';
import { endingRoleArn } from '../lambdas/core/aws/role-shards.ts';
import { isSigned, type SignedDatabase } from '../lambdas/core/config/databases.ts';
import type { AwsResource, EksResource, Resource } from '../lambdas/core/config/resource.ts';
import { SESSION_MAX_SECONDS } from '../lambdas/core/limits.ts';
import {
  endingMachineRights,
  endingMachineTrust,
  isElsewhere,
  type MachineElsewhere,
  pushingRights,
} from '../lambdas/core/ssh/machine-roles.ts';
import { ADMIN_AND_GRANTS, databaseUserArn } from './permissions.ts';
import { nameOf } from './role-name.ts';

/** A role in the account of a resource, as it is made and as it is checked. */
export interface AccountRole {
  /** Of the construct, from the resource's own. */
  readonly path: readonly [string, ...string[]];
  readonly roleArn: string;
  readonly description: string;
  /** The one function that assumes it. */
  readonly assumedBy: 'vend' | 'revoker' | 'runner';
  readonly trust: PolicyJson;
  /** All that it may do; undefined where its name is all that is used. */
  readonly rights: PolicyJson | undefined;
}

/** What every kind but `aws` needs, whose roles are several and have more to them. */
export const accountRolesOf = (
  resource: Exclude<Resource, AwsResource>,
  trusted: Trusted,
): readonly AccountRole[] => {
  switch (resource.kind) {
    case 'eks':
      return clusterRoles(resource, trusted);
    case 'ssh':
      return isElsewhere(resource) ? machineRoles(resource, trusted) : [];
    default:
      return isSigned(resource) ? signingRoles(resource, trusted) : [];
  }
};

/** Without rights: the name of a session is all that a cluster looks at, so nobody but `vend` may choose one. */
const clusterRoles = ({ id, target }: EksResource, trusted: Trusted): readonly AccountRole[] => [
  {
    path: ['Role'],
    roleArn: target.roleArn,
    description: `Its sessions are users of grants on ${id}`,
    assumedBy: 'vend',
    trust: grantTrust(target, trusted),
    rights: undefined,
  },
  ...administratorRole({ id, target }, trusted, undefined),
];

const administratorRole = (
  { id, target }: { readonly id: string; readonly target: Parameters<typeof administratorOf>[0] },
  trusted: Trusted,
  rights: PolicyJson | undefined,
): readonly AccountRole[] => {
  const there = administratorOf(target);
  if (!there) return [];
  const description = `Latchkey opens and ends access to ${id} as it`;
  const trust = administratorTrust(there, trusted);
  return [
    { path: ['Administrator'], roleArn: there.roleArn, description, assumedBy: 'runner', trust, rights },
  ];
};

const machineRoles = (machine: MachineElsewhere, trusted: Trusted): readonly AccountRole[] => [
  {
    path: ['Pushing'],
    roleArn: machine.target.roleArn,
    description: `Latchkey lets keys in with it under grants on ${machine.id}`,
    assumedBy: 'vend',
    trust: grantTrust(machine.target, trusted),
    rights: pushingRights(machine.target),
  },
  {
    path: ['Ending'],
    roleArn: endingRoleArn(machine.target),
    description: `Latchkey ends sessions on ${machine.id} with it`,
    assumedBy: 'revoker',
    trust: endingMachineTrust(machine.target, trusted),
    rights: endingMachineRights(machine, trusted),
  },
];

const signingRoles = (database: SignedDatabase, trusted: Trusted): readonly AccountRole[] => {
  const { id, target } = database;
  const mayConnect = (...users: string[]): PolicyJson =>
    policyOf({
      Effect: 'Allow',
      Action: 'rds-db:connect',
      Resource: users.map((user) => databaseUserArn(database, user)),
    });
  const when =
    target.externalId === undefined ? {} : { StringEquals: { 'sts:ExternalId': target.externalId } };
  return [
    {
      // As a construct of CDK for roles would name it: stacks that have the role know it by a name made of these.
      path: ['Role', 'Resource'],
      roleArn: target.roleArn,
      description: `Latchkey signs with it for users of grants on ${id}`,
      assumedBy: 'vend',
      trust: policyOf(trusting(trusted, { action: 'sts:AssumeRole', by: trusted.vendRoleArn, when })),
      rights: mayConnect('lk_*'),
    },
    ...administratorRole(database, trusted, mayConnect(...ADMIN_AND_GRANTS)),
  ];
};

export interface AccountRolesProps {
  readonly resource: Exclude<Resource, AwsResource>;
  readonly trusted: Trusted;
}

/** The roles of one resource in its account, named as `resources.yaml` names them. */
export class AccountRoles extends Construct {
  constructor(scope: Construct, id: string, { resource, trusted }: AccountRolesProps) {
    super(scope, id);
    for (const { path, roleArn, description, trust, rights } of accountRolesOf(resource, trusted))
      new CfnRole(parentOf(this, path), path.at(-1) ?? '', {
        ...nameOf(roleArn),
        description,
        maxSessionDuration: SESSION_MAX_SECONDS,
        assumeRolePolicyDocument: trust,
        ...(rights ? { policies: [{ policyName: 'rights', policyDocument: rights }] } : {}),
      });
  }
}

const parentOf = (scope: Construct, path: readonly string[]): Construct =>
  path.slice(0, -1).reduce((parent, id) => new Construct(parent, id), scope);
