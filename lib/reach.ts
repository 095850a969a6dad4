import { administratorOf } from '../lambdas/core/aws/administrator-role.ts';
import type { ConfigError } from '../lambdas/core/config/config-error.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { isElsewhere } from '../lambdas/core/ssh/machine-roles.ts';
import { roleMistakes } from './role-mistakes.ts';
import type { Settings } from './settings.ts';

/** As far as it is looked at. */
type Here = Pick<Settings, 'account' | 'region' | 'stackName'> & {
  readonly vpc?: Pick<Settings['vpc'], 'clusterSecurityGroupIds' | 'stsEndpointSecurityGroupId'>;
  readonly databases?: Settings['databases'];
};

/** What this deployment could not end again, or not tell apart: refused before anything is deployed. */
export const reachMistakes = (resources: readonly Resource[], settings: Here): readonly ConfigError[] => [
  ...resources.flatMap((resource, index) =>
    [
      ...placeMistakes(resource, settings),
      ...wayMistakes(resource, settings),
      ...sharedCluster(resources, index),
      ...keyMistakes(resource, settings),
    ].map(({ path, message }) => ({
      path: `resources[${index}].target.${path}`,
      message,
    })),
  ),
  ...roleMistakes(resources, settings),
];

/** With rights of its own Latchkey could neither open access elsewhere nor prove its end: that takes roles of that account. */
const placeMistakes = (
  resource: Resource,
  settings: Pick<Settings, 'account' | 'region'>,
): readonly ConfigError[] =>
  isReachedByRoles(resource)
    ? []
    : (['account', 'region'] as const)
        .filter((key) => resource.target[key] !== settings[key])
        .map((key) => ({
          path: key,
          message: `"${key}" is ${resource.target[key]}, but Latchkey is deployed to ${settings[key]} (cdk.json): ${mendOf(resource)}`,
        }));

/** And so may be in any account: by no right of Latchkey's own there. */
export const isReachedByRoles = (resource: Resource): boolean => {
  if (resource.kind === 'aws') return true;
  return resource.kind === 'ssh' ? isElsewhere(resource) : administratorOf(resource.target) !== undefined;
};

const mendOf = ({ kind, target }: Resource): string => {
  if ('auth' in target && target.auth === 'password')
    return 'deploy it there too, or leave the resource out.';
  const key = kind === 'ssh' ? 'roleArn' : 'administratorRoleArn';
  return `name a role of that account in "${key}", with an "externalId", or leave the resource out.`;
};

/** Passwords of grants are made with one key of the deployment. */
const keyMistakes = ({ target }: Resource, { databases }: Here): readonly ConfigError[] =>
  'auth' in target && target.auth === 'password' && databases?.passwordSecretArn === undefined
    ? [
        {
          path: 'auth',
          message:
            '"auth: password" needs "databases.passwordSecretArn" in the settings (cdk.json): the secret with the key that passwords are made with.',
        },
      ]
    : [];

/** A grant that `runner` had no way to end would never be proved dead. */
const wayMistakes = ({ kind, target }: Resource, { vpc, account, region }: Here): readonly ConfigError[] => {
  if (kind === 'aws' || kind === 'ssh') return [];
  const isHere = target.account === account && target.region === region;
  return [
    ...(administratorOf(target) && vpc?.stsEndpointSecurityGroupId === undefined
      ? [
          {
            path: 'administratorRoleArn',
            message:
              '"administratorRoleArn" has no way from `runner` to STS: name the security group of your endpoint in vpc.stsEndpointSecurityGroupId (cdk.json).',
          },
        ]
      : []),
    // Elsewhere the network is not ours to see, and no group of ours could be named in it.
    ...(kind === 'eks' && isHere && !vpc?.clusterSecurityGroupIds.length
      ? [
          {
            path: 'endpoint',
            message:
              '"endpoint" has no way from `runner`: name the cluster security group in vpc.clusterSecurityGroupIds (cdk.json).',
          },
        ]
      : []),
  ];
};

/** A cluster has one access entry for each principal, so `runner` itself is the administrator for one resource only. */
const sharedCluster = (resources: readonly Resource[], index: number): readonly ConfigError[] => {
  const resource = resources[index];
  if (resource?.kind !== 'eks' || administratorOf(resource.target)) return [];
  const { account, region, cluster } = resource.target;
  const first = resources.findIndex(
    ({ kind, target }) =>
      kind === 'eks' &&
      !administratorOf(target) &&
      target.account === account &&
      target.region === region &&
      target.cluster === cluster,
  );
  return first === index
    ? []
    : [
        {
          path: 'cluster',
          message: `"cluster" is that of resources[${first}], whose access entry for \`runner\` cannot be made twice: put the profiles together, or give each resource but one an "administratorRoleArn".`,
        },
      ];
};
