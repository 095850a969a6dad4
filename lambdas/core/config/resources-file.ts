import * as z from 'zod';
import {
  APPROVAL_WAIT_SECONDS,
  DESCRIPTION_MAX_CHARACTERS,
  ENVIRONMENTS_MAX_COUNT,
  GRANT_MAX_SECONDS,
  GRANT_MIN_SECONDS,
  POSTGRES_CONNECTIONS_MAX_COUNT,
  POSTGRES_IDENTIFIER_MAX_BYTES,
  REMIND_AFTER_MIN_SECONDS,
  RESOURCE_ID_MAX_CHARACTERS,
  RESOURCES_MAX_COUNT,
} from '../limits.ts';
import type { Compiled, ConfigError } from './config-error.ts';
import { readSection } from './config-error.ts';
import { closest } from './find-resource.ts';
import { addressMistakes } from './rds-endpoint.ts';
import { classOf, isRunAction, RESOURCE_ACTIONS, type Resource } from './resource.ts';
import { SensitiveList, sensitiveMistakes, toSensitive } from './sensitive-section.ts';
import { grantedBy, sharedServerMistakes } from './shared-servers.ts';
import { SlackChannel } from './slack-section.ts';
import { checkedBundle, rdsBundle } from './tls-ca.ts';

export interface ResourcesSection {
  /** Every environment there is; policies and resources may name no other. */
  readonly environments: readonly string[];
  /** Those of them that guard rails must watch over: all but the ones that the file calls unguarded. */
  readonly guarded: readonly string[];
  readonly resources: readonly Resource[];
}

/** `resources.yaml` as parsed → what can be reached, in the order of the file. `certificates`: PEM texts by file name. */
export const compileResources = (
  parsed: unknown,
  certificates: ReadonlyMap<string, string>,
): Compiled<ResourcesSection> => {
  const read = readSection(ResourcesFile, parsed);
  if (!read.ok) return read;
  const { environments, unguarded, resources } = read.value;
  const bundles = resources.map(({ target }) => bundleOf(target, certificates));
  const errors = resources.flatMap((section, index) =>
    [
      ...environmentMistakes(section, environments),
      ...duplicateMistakes(resources, index),
      ...heirMistakes(section),
      ...sharedServerMistakes(resources, index),
      ...sensitiveMistakes(section.sensitive),
      ...roleMistakes(section),
      ...addressMistakes(section.target).map(({ path, message }) => ({
        path: `target.${path}`,
        message: `"${path}" ${message}`,
      })),
      ...bundleMistakes(bundles[index]),
    ].map(({ path, message }) => ({ path: `resources[${index}].${path}`, message })),
  );
  errors.unshift(...unguardedMistakes(unguarded, environments));
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    value: {
      environments,
      guarded: environments.filter((name) => !unguarded.includes(name)),
      resources: resources.map((section, index) => toResource(section, bundles[index])),
    },
  };
};

const Id = z
  .string()
  .max(RESOURCE_ID_MAX_CHARACTERS)
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, {
    error: 'must be lower-case words with dashes, beginning with a letter.',
  });

const Description = z
  .string()
  .max(DESCRIPTION_MAX_CHARACTERS)
  .refine((text) => text.trim() !== '' && !/\p{C}|\p{Zl}|\p{Zp}/u.test(text), {
    message: 'must be one line of text.',
  });

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

const Ca = z.union([z.string().min(1), z.strictObject({ file: z.string().min(1) })], {
  error: 'must be "rds", certificates in PEM form, or "file:" with the name of a PEM file beside this one.',
});

const Target = z.strictObject({
  account: z.string().regex(/^[0-9]{12}$/, { error: 'must be the 12 digits of an AWS account, in quotes.' }),
  region: z.string().regex(/^[a-z]{2}(-[a-z]+)+-[0-9]$/, { error: 'must be a region such as eu-central-1.' }),
  resourceId: z.string().regex(/^(db|cluster|prx)-[A-Z0-9a-z]{1,60}$/, {
    error:
      'must be the DbiResourceId (db-…) or DbClusterResourceId (cluster-…): `npm run config -- resolve` prints it.',
  }),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65_535).default(5432),
  database: Database,
  roleArn: z.string().regex(/^arn:aws(-us-gov)?:iam::[0-9]{12}:role\/([\w+=,.@-]+\/)*[\w+=,.@-]{1,64}$/, {
    error: 'must be the ARN of an IAM role.',
  }),
  templateRole: Role,
  maskedTemplateRole: Role.optional(),
  runRoles: z
    .strictObject({ read: Role.optional(), write: Role.optional(), ddl: Role.optional() })
    .default({}),
  objectOwner: Role,
  connectionLimit: z.int().min(1).max(POSTGRES_CONNECTIONS_MAX_COUNT).default(5),
  tls: z.strictObject({ ca: Ca }),
});

/** How people are asked about requests for it. */
const Approvals = z.strictObject({
  slackChannel: SlackChannel.optional(),
  remindAfterSeconds: z.int().min(REMIND_AFTER_MIN_SECONDS).max(APPROVAL_WAIT_SECONDS).optional(),
});

const ResourceSection = z.strictObject({
  id: Id,
  kind: z.enum(['postgres']),
  description: Description,
  env: z.string(),
  actions: z
    .array(z.enum(RESOURCE_ACTIONS))
    .min(1)
    .refine((actions) => new Set(actions).size === actions.length, {
      message: 'must not say anything twice.',
    }),
  maxDurationSeconds: z.int().min(GRANT_MIN_SECONDS).max(GRANT_MAX_SECONDS),
  sensitive: SensitiveList,
  target: Target,
  approvals: Approvals.optional(),
});

type ResourceSection = z.infer<typeof ResourceSection>;

const EnvironmentNames = z
  .array(Id)
  .max(ENVIRONMENTS_MAX_COUNT)
  .refine((names) => new Set(names).size === names.length, { message: 'must not say anything twice.' });

/** The shape of `resources.yaml`. */
export const ResourcesFile = z.strictObject({
  environments: EnvironmentNames.min(1),
  /** A new environment is guarded until somebody writes it here, where a reviewer sees it. */
  unguarded: EnvironmentNames.default([]),
  resources: z.array(ResourceSection).min(1).max(RESOURCES_MAX_COUNT),
});

/** A resource in an environment that is misspelt would escape every guard rail of the one that was meant. */
const environmentMistakes = (
  { env }: ResourceSection,
  environments: readonly string[],
): readonly ConfigError[] => {
  if (environments.includes(env)) return [];
  const hint = hintOf(env, environments);
  return [{ path: 'env', message: `"env" must be one of "environments" at the top of this file.${hint}` }];
};

const unguardedMistakes = (
  unguarded: readonly string[],
  environments: readonly string[],
): readonly ConfigError[] =>
  unguarded.flatMap((name, index) =>
    environments.includes(name)
      ? []
      : [
          {
            path: `unguarded[${index}]`,
            message: `"${name}" must be one of "environments".${hintOf(name, environments)}`,
          },
        ],
  );

const hintOf = (name: string, environments: readonly string[]): string => {
  const near = closest(name, environments);
  return near === undefined ? '' : ` Did you mean "${near}"?`;
};

const duplicateMistakes = (resources: readonly ResourceSection[], index: number): readonly ConfigError[] => {
  const first = resources.findIndex(({ id }) => id === resources[index]?.id);
  return first === index
    ? []
    : [{ path: 'id', message: `"id" is taken by resources[${first}]: choose another.` }];
};

/** Whoever inherits from the owner of what others left behind could change it, or give it away; a run of ddl is for that. */
const heirMistakes = (section: ResourceSection): readonly ConfigError[] =>
  grantedBy(section).includes(section.target.objectOwner)
    ? [
        {
          path: 'target.objectOwner',
          message: '"objectOwner" must be another role than those whose rights grants have.',
        },
      ]
    : [];

/** What is offered must be possible: each action has its role, and a login that hides columns has one that lacks them. */
const roleMistakes = ({ actions, sensitive, target }: ResourceSection): readonly ConfigError[] => {
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

type Bundle = ReturnType<typeof rdsBundle>;

const bundleOf = (
  { region, tls }: ResourceSection['target'],
  certificates: ReadonlyMap<string, string>,
): Bundle => {
  if (tls.ca === 'rds') return rdsBundle(region);
  if (typeof tls.ca === 'string') return checkedBundle(tls.ca);
  const pem = certificates.get(tls.ca.file);
  return pem === undefined
    ? { ok: false, mend: `names ${tls.ca.file}, which is not a *.pem file beside resources.yaml.` }
    : checkedBundle(pem);
};

const bundleMistakes = (bundle: Bundle | undefined): readonly ConfigError[] =>
  bundle === undefined || bundle.ok ? [] : [{ path: 'target.tls.ca', message: `"ca" ${bundle.mend}` }];

const toResource = (section: ResourceSection, bundle: Bundle | undefined): Resource => {
  const { tls: _tls, ...target } = section.target;
  return {
    ...section,
    sensitive: toSensitive(section.sensitive),
    target: {
      ...target,
      maskedTemplateRole: target.maskedTemplateRole,
      runRoles: definedRoles(target.runRoles),
      caPem: bundle?.ok ? bundle.pem : '',
    },
  };
};

const definedRoles = (roles: ResourceSection['target']['runRoles']): Resource['target']['runRoles'] =>
  Object.fromEntries(Object.entries(roles).filter(([, role]) => role !== undefined));
