import { administratorOf } from '../lambdas/core/aws/administrator-role.ts';
import { partitionOf } from '../lambdas/core/aws/partition.ts';
import { endingRoleArn, roleName, rolesOf as shardsOf } from '../lambdas/core/aws/role-shards.ts';
import type { ConfigError } from '../lambdas/core/config/config-error.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { isElsewhere } from '../lambdas/core/ssh/machine-roles.ts';
import type { Settings } from './settings.ts';
import { trustedBy } from './trusted-by.ts';

interface NamedRole {
  /** Of the line that names it, from the resource's target on. */
  readonly path: string;
  readonly roleArn: string;
}

type Deployment = Pick<Settings, 'account' | 'region' | 'stackName'>;

/** A session of one resource's role must open nothing of another, nor of Latchkey itself. */
export const roleMistakes = (
  resources: readonly Resource[],
  deployment: Deployment,
): readonly ConfigError[] => {
  const { vendRoleArn, revokerRoleArn, runnerRoleArn } = trustedBy(deployment);
  const taken = new Map(
    [vendRoleArn, revokerRoleArn, runnerRoleArn].map((roleArn) => [identityOf(roleArn), 'Latchkey itself']),
  );
  return resources.flatMap((resource, index) => {
    const mistakes = rolesOf(resource).flatMap(({ path, roleArn }) => {
      const owner = taken.get(identityOf(roleArn));
      taken.set(identityOf(roleArn), owner ?? `resources[${index}]`);
      const message = owner
        ? `"${path}" means ${roleName(roleArn)}, a role of ${owner}: give each its own.`
        : partitionMistake(path, { roleArn, region: resource.target.region, deployment });
      return message === undefined ? [] : [{ path: `resources[${index}].target.${path}`, message }];
    });
    // One line may name several roles, and is told of once.
    return mistakes.filter(({ path }, at) => mistakes.findIndex((other) => other.path === path) === at);
  });
};

/** All that it has in its account: those that lines of the file name, and those that are named after them. */
const rolesOf = (resource: Resource): readonly NamedRole[] => {
  const { target } = resource;
  const administrator = administratorOf(target);
  const named = (path: string, ...arns: readonly string[]) => arns.map((roleArn) => ({ path, roleArn }));
  if (resource.kind === 'aws')
    return named('roleArn', ...shardsOf(resource.target), endingRoleArn(resource.target));
  if (resource.kind === 'ssh')
    return isElsewhere(resource)
      ? named('roleArn', resource.target.roleArn, endingRoleArn(resource.target))
      : [];
  return [
    ...named('roleArn', ...(resource.target.roleArn === undefined ? [] : [resource.target.roleArn])),
    ...named('administratorRoleArn', ...(administrator ? [administrator.roleArn] : [])),
  ];
};

/** IAM knows a role by account and name, whatever its path is and however it is spelt. */
const identityOf = (roleArn: string): string => `${roleArn.split(':')[4]} ${roleName(roleArn).toLowerCase()}`;

const partitionMistake = (
  path: string,
  {
    roleArn,
    region,
    deployment,
  }: { readonly roleArn: string; readonly region: string; readonly deployment: Deployment },
): string | undefined => {
  const [, partition] = roleArn.split(':');
  const other = [region, deployment.region].find((one) => partitionOf(one) !== partition);
  return other === undefined
    ? undefined
    : `"${path}" is a role of the partition ${partition}, but ${other} is of ${partitionOf(other)}: no role is assumed across partitions.`;
};
