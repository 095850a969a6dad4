import * as z from 'zod';
import { floorReachedBy } from '../aws/deny-floor.ts';
import { boundaryPolicy } from '../aws/role-policies.ts';
import { roleName, rolesOf } from '../aws/role-shards.ts';
import { oversize } from '../aws/session-policy.ts';
import {
  MANAGED_POLICY_MAX_CHARACTERS,
  PROFILE_NAMES_MAX_COUNT,
  PROFILE_STATEMENTS_MAX_COUNT,
  PROFILES_MAX_COUNT,
  ROLE_SHARDS_MAX_COUNT,
  SHARDED_ROLE_NAME_MAX_CHARACTERS,
} from '../limits.ts';
import type { ConfigError } from './config-error.ts';
import type { AwsResource } from './resource.ts';
import {
  Account,
  actionsOf,
  COMMON_FIELDS,
  Description,
  ExternalId,
  Id,
  Region,
  RoleArn,
  rolesOfAccountMistakes,
} from './resource-section.ts';

/** One service and one of its actions. What a wildcard stands for is decided by whoever writes it, not by a future of AWS's. */
const Action = z
  .string()
  .regex(/^[a-z0-9-]+:[A-Za-z0-9*?]+$/, {
    error: 'must be an action of one service, such as s3:GetObject; wildcards stand behind its colon.',
  })
  .refine((action) => !/:[*?]+$/.test(action), {
    message: 'must not be all of a service: name what is needed, such as s3:GetObject*.',
  })
  .superRefine((action, { addIssue }) => {
    const denied = floorReachedBy(action);
    if (denied !== undefined)
      addIssue({ code: 'custom', message: `reaches ${denied}, which no profile can allow: take it out.` });
  });

/** No policy variables: what stands here is what people review. */
const ResourceArn = z.string().regex(/^(\*|arn:aws(-us-gov)?:[!#%&'()*+,./0-9:;=?@A-Z_a-z~-]+)$/, {
  error: 'must be an ARN, with * and ? as wildcards, or "*" for actions that know no resources.',
});

const list = <T extends z.ZodType>(of: T) => z.array(of).min(1).max(PROFILE_NAMES_MAX_COUNT);

const Profile = z.strictObject({
  description: Description,
  allow: z
    .array(z.strictObject({ actions: list(Action), resources: list(ResourceArn) }))
    .min(1)
    .max(PROFILE_STATEMENTS_MAX_COUNT),
});

const Target = z.strictObject({
  account: Account,
  region: Region,
  roleArn: RoleArn,
  shards: z.int().min(1).max(ROLE_SHARDS_MAX_COUNT).default(1),
  externalId: ExternalId,
  profiles: z.record(Id, Profile).refine((profiles) => isCount(Object.keys(profiles).length), {
    message: `must name 1 to ${PROFILES_MAX_COUNT} profiles.`,
  }),
});

const isCount = (count: number): boolean => count >= 1 && count <= PROFILES_MAX_COUNT;

/** One role of AWS in `resources.yaml`, or several that share its grants. */
export const AwsSection = z.strictObject({
  ...COMMON_FIELDS,
  kind: z.literal('aws'),
  actions: actionsOf(['aws:assume']),
  target: Target,
});

export type AwsSection = z.infer<typeof AwsSection>;

/** What is wrong with it, also beside the roles before it. */
export const awsMistakes = (
  section: AwsSection,
  earlier: readonly (readonly [number, AwsSection])[],
): readonly ConfigError[] =>
  [...roleMistakes(section, earlier), ...sizeMistakes(section)].map(({ path, message }) => ({
    path: `target.${path}`,
    message,
  }));

const roleMistakes = (
  { target }: AwsSection,
  earlier: readonly (readonly [number, AwsSection])[],
): readonly ConfigError[] => {
  const path = 'roleArn';
  const taken = earlier.find(([, { target: other }]) =>
    rolesOf(other).some((role) => rolesOf(target).includes(role)),
  );
  const tooLong = roleName(target.roleArn).length > SHARDED_ROLE_NAME_MAX_CHARACTERS;
  return [
    ...rolesOfAccountMistakes(target),
    ...(tooLong
      ? [
          {
            path,
            message: `"roleArn" must end in a name of at most ${SHARDED_ROLE_NAME_MAX_CHARACTERS} characters: others are named after it.`,
          },
        ]
      : []),
    ...(taken
      ? [
          {
            path,
            message: `"roleArn" and "shards" name a role of resources[${taken[0]}]: give each its own.`,
          },
        ]
      : []),
  ];
};

const sizeMistakes = ({ target }: AwsSection): readonly ConfigError[] => {
  const mistakes = Object.entries(target.profiles).flatMap(([name, { allow }]) => {
    const advice = oversize(allow);
    return advice === undefined ? [] : [{ path: `profiles.${name}`, message: `"${name}" ${advice}` }];
  });
  const over = JSON.stringify(boundaryPolicy(target)).length - MANAGED_POLICY_MAX_CHARACTERS;
  if (mistakes.length > 0 || over <= 0) return mistakes;
  const message = `"profiles" are ${over} characters too long together for the boundary of their role: make two resources of them, each with a role of its own.`;
  return [{ path: 'profiles', message }];
};

/** Once nothing is wrong with it. */
export const toAwsResource = (section: AwsSection): AwsResource => ({ ...section, sensitive: [] });
