import * as z from 'zod';
import { roleName } from '../aws/role-shards.ts';
import { SHARDED_ROLE_NAME_MAX_CHARACTERS } from '../limits.ts';
import { SSH_HOST_KEYS_MAX_COUNT } from '../ssh/limits.ts';
import { parsePublicKey } from '../ssh/public-key.ts';
import type { ConfigError } from './config-error.ts';
import type { SshResource } from './resource.ts';
import {
  Account,
  actionsOf,
  COMMON_FIELDS,
  ExternalId,
  Port,
  Region,
  RoleArn,
  rolesOfAccountMistakes,
} from './resource-section.ts';

/** Users that images of AWS and others come with: each may become root, and whatever was root's cannot be proved dead. */
const ROOTS_OTHER_NAMES: readonly string[] = [
  ...['root', 'admin', 'bitnami', 'centos', 'cloud-user', 'debian', 'ec2-user', 'fedora', 'rocky', 'ubuntu'],
];

/** What `useradd` takes, and nothing that a shell, a pattern of sshd or a path could read otherwise. */
const OsUser = z
  .string()
  .regex(/^[a-z_][a-z0-9_-]{0,31}$/, { error: 'must be a plain name: lower-case letters, digits, _ and -.' })
  .refine((name) => !ROOTS_OTHER_NAMES.includes(name), {
    message: `must be a user of Latchkey's own without rights of root: not ${ROOTS_OTHER_NAMES.join(', ')}.`,
  });

const HostKey = z.string().transform((given, context) => {
  const read = parsePublicKey(given);
  if (read.ok) return read.value.line;
  context.issues.push({ code: 'custom', message: `${read.failure}.`, input: given });
  return z.NEVER;
});

const Target = z.strictObject({
  account: Account,
  region: Region,
  instanceId: z
    .string()
    .regex(/^i-([0-9a-f]{8}|[0-9a-f]{17})$/, { error: 'must be the id of an EC2 instance: i-….' }),
  host: z
    .string()
    .max(253)
    .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, {
      error: 'must be the name or IPv4 address that callers connect to, in lower case.',
    }),
  port: Port.default(22),
  osUser: OsUser,
  hostKeys: z.array(HostKey).min(1).max(SSH_HOST_KEYS_MAX_COUNT),
  endpointId: z
    .string()
    .regex(/^eice-[0-9a-f]{8,17}$/, {
      error: 'must be the id of an EC2 Instance Connect Endpoint: eice-….',
    })
    .optional(),
  roleArn: RoleArn.optional(),
  externalId: ExternalId.optional(),
});

/** One user of one machine in `resources.yaml`. */
export const SshSection = z.strictObject({
  ...COMMON_FIELDS,
  kind: z.literal('ssh'),
  actions: actionsOf(['ssh:connect']),
  target: Target,
});

export type SshSection = z.infer<typeof SshSection>;

/** What is wrong with it, also beside the machines before it. */
export const sshMistakes = (
  section: SshSection,
  earlier: readonly (readonly [number, SshSection])[],
): readonly ConfigError[] => [...twinMistakes(section, earlier), ...roleMistakes(section)];

/** The same text is shown for both of its roles, so that nobody else has Latchkey assume them. */
const roleMistakes = ({ target }: SshSection): readonly ConfigError[] =>
  [...pairMistakes(target), ...rolesOfAccountMistakes(target), ...nameMistakes(target)].map(
    ({ path, message }) => ({
      path: `target.${path}`,
      message,
    }),
  );

const pairMistakes = ({ roleArn, externalId }: SshSection['target']): readonly ConfigError[] => {
  if ((roleArn === undefined) === (externalId === undefined)) return [];
  return roleArn === undefined
    ? [{ path: 'externalId', message: '"externalId" has no use without "roleArn": take it away.' }]
    : [{ path: 'externalId', message: '"externalId" is missing: "roleArn" needs it.' }];
};

const nameMistakes = ({ roleArn = '' }: SshSection['target']): readonly ConfigError[] =>
  roleName(roleArn).length <= SHARDED_ROLE_NAME_MAX_CHARACTERS
    ? []
    : [
        {
          path: 'roleArn',
          message: `"roleArn" must end in a name of at most ${SHARDED_ROLE_NAME_MAX_CHARACTERS} characters: another is named after it.`,
        },
      ];

/** Under two names, one user of a machine would have two sets of rules. */
const twinMistakes = (
  { target }: SshSection,
  earlier: readonly (readonly [number, SshSection])[],
): readonly ConfigError[] => {
  const twin = earlier.find(
    ([, { target: other }]) => other.instanceId === target.instanceId && other.osUser === target.osUser,
  );
  return twin === undefined
    ? []
    : [
        {
          path: 'target.osUser',
          message: `"osUser" on this instance is resources[${twin[0]}] already: give each resource a user of its own.`,
        },
      ];
};

/** Once nothing is wrong with it. */
export const toSshResource = (section: SshSection): SshResource => ({
  ...section,
  sensitive: [],
  target: {
    ...section.target,
    endpointId: section.target.endpointId,
    roleArn: section.target.roleArn,
    externalId: section.target.externalId,
  },
});
