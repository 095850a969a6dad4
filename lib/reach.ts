import type { ConfigError } from '../lambdas/core/config/config-error.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { isElsewhere } from '../lambdas/core/ssh/machine-roles.ts';
import type { Settings } from './settings.ts';

/** As far as it is looked at. */
type Here = Pick<Settings, 'account' | 'region'> & {
  readonly vpc?: Pick<Settings['vpc'], 'clusterSecurityGroupIds'>;
  readonly databases?: Settings['databases'];
};

/** What this deployment could not end again, or not tell apart: refused before anything is deployed. */
export const reachMistakes = (resources: readonly Resource[], settings: Here): readonly ConfigError[] =>
  resources.flatMap((resource, index) =>
    [
      ...placeMistakes(resource, settings),
      ...wayMistakes(resource, settings),
      ...sharedRole(resources, index),
      ...keyMistakes(resource, settings),
    ].map(({ path, message }) => ({
      path: `resources[${index}].target.${path}`,
      message,
    })),
  );

/**
 * `runner` signs with its own role and sits in one VPC; elsewhere it could neither open access nor prove its end. What calls to AWS
 * open and end may be anywhere, by roles of that account which let themselves be assumed.
 */
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

const isReachedByRoles = (resource: Resource): boolean =>
  resource.kind === 'aws' || (resource.kind === 'ssh' && isElsewhere(resource));

const mendOf = ({ kind }: Resource): string =>
  kind === 'ssh'
    ? 'name a role of that account in "roleArn", with an "externalId", or leave the resource out.'
    : 'deploy it there too, or leave the resource out.';

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
const wayMistakes = ({ kind }: Resource, { vpc }: Here): readonly ConfigError[] =>
  kind === 'eks' && !vpc?.clusterSecurityGroupIds.length
    ? [
        {
          path: 'endpoint',
          message:
            '"endpoint" has no way from `runner`: name the cluster security group in vpc.clusterSecurityGroupIds (cdk.json).',
        },
      ]
    : [];

/** A session for one database must not sign for another. */
const sharedRole = (resources: readonly Resource[], index: number): readonly ConfigError[] => {
  const roleArn = roleOf(resources[index]);
  const first = resources.findIndex((resource) => roleOf(resource) === roleArn);
  return roleArn === undefined || first === index
    ? []
    : [{ path: 'roleArn', message: `"roleArn" is the role of resources[${first}]: give each its own.` }];
};

const roleOf = (resource: Resource | undefined): string | undefined =>
  resource && 'roleArn' in resource.target ? resource.target.roleArn : undefined;
