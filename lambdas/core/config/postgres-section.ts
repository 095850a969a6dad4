import * as z from 'zod';
import { POSTGRES_CONNECTIONS_MAX_COUNT, POSTGRES_IDENTIFIER_MAX_BYTES } from '../limits.ts';
import type { ConfigError } from './config-error.ts';
import { AUTH_FIELDS, authMistakes } from './database-auth.ts';
import { addressMistakes } from './rds-endpoint.ts';
import { classOf, isRunAction, type PostgresResource, RUN_ACTIONS } from './resource.ts';
import { Account, actionsOf, Ca, COMMON_FIELDS, Port, Region } from './resource-section.ts';
import { SensitiveList, sensitiveMistakes, toSensitive } from './sensitive-section.ts';
import { grantedBy, sameServerMistakes, sharedServerMistakes } from './shared-servers.ts';
import { bundleMistakes, bundleOf } from './tls-ca.ts';

/** Plain lower-case names only, so that no statement of ours ever needs to quote one to be right. */
const Identifier = z
  .string()
  .max(POSTGRES_IDENTIFIER_MAX_BYTES)
  .regex(/^[a-z_][a-z0-9_]*$/, {
    error: 'must be a plain PostgreSQL name: lower-case letters, digits and underscores.',
  });

/** Roles of ours, of RDS, of PostgreSQL itself, and words that PostgreSQL reads as something other than a name. */
const RESERVED_ROLE_PREFIXES: readonly string[] = ['latchkey_', 'lk_', 'rds', 'pg_'];
const RESERVED_ROLES: readonly string[] = [
  ...[
    'postgres',
    'public',
    'none',
    'user',
    'current_user',
    'session_user',
    'current_role',
    'latchkey',
    'all',
  ],
];

const Role = Identifier.refine(
  (name) =>
    !RESERVED_ROLES.includes(name) && !RESERVED_ROLE_PREFIXES.some((prefix) => name.startsWith(prefix)),
  {
    message: `must be a role of your own: not ${RESERVED_ROLES.join(', ')}, nor one that begins with ${RESERVED_ROLE_PREFIXES.join(', ')}.`,
  },
);

/** In `postgres` the administrator keeps its locks, out of the reach of every grant's user. */
const Database = Identifier.refine(
  (name) => !['postgres', 'rdsadmin', 'template0', 'template1'].includes(name),
  { message: 'must be a database of your own: not postgres, rdsadmin or a template.' },
);

const Target = z.strictObject({
  account: Account,
  region: Region,
  resourceId: z.string().regex(/^(db|cluster|prx)-[A-Z0-9a-z]{1,60}$/, {
    error:
      'must be the DbiResourceId (db-…) or DbClusterResourceId (cluster-…): `npm run config -- resolve` prints it.',
  }),
  host: z.string().min(1).max(253),
  port: Port.default(5432),
  database: Database,
  ...AUTH_FIELDS,
  templateRole: Role,
  maskedTemplateRole: Role.optional(),
  runRoles: z
    .strictObject({ read: Role.optional(), write: Role.optional(), ddl: Role.optional() })
    .default({}),
  objectOwner: Role,
  connectionLimit: z.int().min(1).max(POSTGRES_CONNECTIONS_MAX_COUNT).default(5),
  tls: z.strictObject({ ca: Ca }),
});

/** One database in `resources.yaml`. */
export const PostgresSection = z.strictObject({
  ...COMMON_FIELDS,
  kind: z.literal('postgres'),
  actions: actionsOf(['postgres:connect', ...RUN_ACTIONS]),
  sensitive: SensitiveList,
  target: Target,
});

export type PostgresSection = z.infer<typeof PostgresSection>;

/** What is wrong with it, also beside the databases before it. */
export const postgresMistakes = (
  section: PostgresSection,
  earlier: readonly (readonly [number, PostgresSection])[],
  certificates: ReadonlyMap<string, string>,
): readonly ConfigError[] => [
  ...heirMistakes(section),
  ...authMistakes(section.target),
  ...sameServerMistakes(section, earlier),
  ...sharedServerMistakes(section, earlier),
  ...sensitiveMistakes(section.sensitive),
  ...roleMistakes(section),
  ...addressMistakes(section.target).map(({ path, message }) => ({
    path: `target.${path}`,
    message: `"${path}" ${message}`,
  })),
  ...bundleMistakes(bundleOf(section.target, certificates)),
];

/** Whoever inherits from the owner of what others left behind could change it, or give it away; a run of ddl is for that. */
const heirMistakes = (section: PostgresSection): readonly ConfigError[] =>
  grantedBy(section).includes(section.target.objectOwner)
    ? [
        {
          path: 'target.objectOwner',
          message: '"objectOwner" must be another role than those whose rights grants have.',
        },
      ]
    : [];

/** What is offered must be possible: each action has its role, and a login that hides columns has one that lacks them. */
const roleMistakes = ({ actions, sensitive, target }: PostgresSection): readonly ConfigError[] => {
  const lacking = actions
    .filter(isRunAction)
    .map(classOf)
    .filter((name) => target.runRoles[name] === undefined);
  const mistakes = lacking.map((name) => ({
    path: `target.runRoles.${name}`,
    message: `"${name}" is missing: name the role that runs of postgres:${name} have the rights of, or take the action away.`,
  }));
  const hides = actions.includes('postgres:connect') && sensitive.length > 0;
  if (hides && target.maskedTemplateRole === undefined)
    mistakes.push({
      path: 'target.maskedTemplateRole',
      message:
        '"maskedTemplateRole" is missing: a login cannot mask, so it needs a role without rights to the columns in "sensitive"; or take postgres:connect away.',
    });
  return target.maskedTemplateRole === target.templateRole
    ? [
        ...mistakes,
        {
          path: 'target.maskedTemplateRole',
          message: '"maskedTemplateRole" must be another role than "templateRole".',
        },
      ]
    : mistakes;
};

/** Once nothing is wrong with it. */
export const toPostgresResource = (
  section: PostgresSection,
  certificates: ReadonlyMap<string, string>,
): PostgresResource => {
  const { tls: _tls, ...target } = section.target;
  const bundle = bundleOf(section.target, certificates);
  return {
    ...section,
    sensitive: toSensitive(section.sensitive),
    target: {
      ...target,
      roleArn: target.roleArn,
      administratorRoleArn: target.administratorRoleArn,
      externalId: target.externalId,
      adminSecretArn: target.adminSecretArn,
      maskedTemplateRole: target.maskedTemplateRole,
      runRoles: definedRoles(target.runRoles),
      caPem: bundle.ok ? bundle.pem : '',
    },
  };
};

const definedRoles = (roles: PostgresSection['target']['runRoles']): PostgresResource['target']['runRoles'] =>
  Object.fromEntries(Object.entries(roles).filter(([, role]) => role !== undefined));
