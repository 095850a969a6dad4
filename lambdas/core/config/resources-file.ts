import * as z from 'zod';
import { ENVIRONMENTS_MAX_COUNT, RESOURCES_MAX_COUNT } from '../limits.ts';
import { AwsSection, awsMistakes, toAwsResource } from './aws-section.ts';
import type { Compiled, ConfigError } from './config-error.ts';
import { readSection } from './config-error.ts';
import { EksSection, eksMistakes, toEksResource } from './eks-section.ts';
import { closest } from './find-resource.ts';
import { MysqlSection, mysqlMistakes, toMysqlResource } from './mysql-section.ts';
import { PostgresSection, postgresMistakes, toPostgresResource } from './postgres-section.ts';
import type { Resource } from './resource.ts';
import { Id } from './resource-section.ts';
import { SshSection, sshMistakes, toSshResource } from './ssh-section.ts';

export interface ResourcesSection {
  /** Every environment there is; policies and resources may name no other. */
  readonly environments: readonly string[];
  /** Those of them that guard rails must watch over: all but the ones that the file calls unguarded. */
  readonly guarded: readonly string[];
  readonly resources: readonly Resource[];
}

/** PEM texts by file name. */
type Certificates = ReadonlyMap<string, string>;

/** `resources.yaml` as parsed → what can be reached, in the order of the file. */
export const compileResources = (parsed: unknown, certificates: Certificates): Compiled<ResourcesSection> => {
  const read = readSection(ResourcesFile, parsed);
  if (!read.ok) return read;
  const { environments, unguarded, resources } = read.value;
  const errors = resources.flatMap((section, index) =>
    [
      ...environmentMistakes(section, environments),
      ...duplicateMistakes(resources, index),
      ...kindMistakes(resources, index, certificates),
    ].map(({ path, message }) => ({ path: `resources[${index}].${path}`, message })),
  );
  errors.unshift(...unguardedMistakes(unguarded, environments));
  if (errors.length > 0) return { ok: false, errors };
  return {
    ok: true,
    value: {
      environments,
      guarded: environments.filter((name) => !unguarded.includes(name)),
      resources: resources.map((section) => toResource(section, certificates)),
    },
  };
};

const ResourceSection = z.discriminatedUnion(
  'kind',
  [PostgresSection, AwsSection, SshSection, EksSection, MysqlSection],
  {
    error: 'must be one of: postgres, aws, ssh, eks, mysql.',
  },
);

type ResourceSection = z.infer<typeof ResourceSection>;

/** What only this kind can have wrong, also beside earlier resources of the same kind. */
const kindMistakes = (
  resources: readonly ResourceSection[],
  index: number,
  certificates: Certificates,
): readonly ConfigError[] => {
  const section = resources[index];
  if (!section) return [];
  const earlier = resources.slice(0, index).map((one, at) => [at, one] as const);
  switch (section.kind) {
    case 'postgres':
      return postgresMistakes(section, earlier.filter(isOf('postgres')), certificates);
    case 'aws':
      return awsMistakes(section, earlier.filter(isOf('aws')));
    case 'ssh':
      return sshMistakes(section, earlier.filter(isOf('ssh')));
    case 'eks':
      return eksMistakes(section, certificates);
    case 'mysql':
      return mysqlMistakes(section, earlier.filter(isOf('mysql')), certificates);
    default:
      return section satisfies never;
  }
};

type Placed<S> = readonly [number, S];

const isOf =
  <K extends ResourceSection['kind']>(kind: K) =>
  (placed: Placed<ResourceSection>): placed is Placed<Extract<ResourceSection, { kind: K }>> =>
    placed[1].kind === kind;

const toResource = (section: ResourceSection, certificates: Certificates): Resource => {
  switch (section.kind) {
    case 'postgres':
      return toPostgresResource(section, certificates);
    case 'aws':
      return toAwsResource(section);
    case 'ssh':
      return toSshResource(section);
    case 'eks':
      return toEksResource(section, certificates);
    case 'mysql':
      return toMysqlResource(section, certificates);
    default:
      return section satisfies never;
  }
};

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
