import { POLICIES_MAX_COUNT } from '../limits.ts';
import { DETECTED_CATEGORIES } from '../masking/mask.ts';
import { entitiesIn, parsePolicy } from '../policy/parse-policy.ts';
import { generateSchema } from '../policy/schema.ts';
import { splitPolicies } from '../policy/split-policies.ts';
import type { CompiledConfig, PolicySource } from './compiled.ts';
import type { Compiled, ConfigError } from './config-error.ts';
import type { ConfigFiles, FileError, PolicyFile } from './config-files.ts';
import { compileExamples, type PolicyExample } from './examples-file.ts';
import { compileIssuers } from './issuers-file.ts';
import { parseYaml } from './parse-yaml.ts';
import { compilePrincipals } from './principals-file.ts';
import { compileResources } from './resources-file.ts';

/** Everything under `config/` once each file is well-formed, before policy has been checked against the rest. */
export interface UncheckedConfig {
  readonly config: Omit<CompiledConfig, 'digest'>;
  readonly examples: readonly PolicyExample[];
  /** Every environment there is, and those that guard rails must watch over. Checked here, and of no use afterwards. */
  readonly environments: readonly string[];
  readonly guarded: readonly string[];
}

export type FilesRead =
  | ({ readonly ok: true } & UncheckedConfig)
  | { readonly ok: false; readonly errors: readonly FileError[] };

/** Each file by its own rules, and what they say of each other outside of policies. */
export const readConfigFiles = (files: ConfigFiles): FilesRead => {
  const issuers = readYaml(files.issuers, compileIssuers);
  const principals = readYaml(files.principals, (parsed) =>
    compilePrincipals(parsed, issuers.ok ? issuers.value : []),
  );
  const resources = readYaml(files.resources, (parsed) => compileResources(parsed, files.certificates));
  const examples = readYaml(files.examples, compileExamples);
  const policies = readPolicies(files.policies);
  if (issuers.ok && principals.ok && resources.ok && examples.ok && policies.ok) {
    const categories = categoriesOf(resources.value.resources);
    const { environments, guarded } = resources.value;
    const schema = generateSchema(environments, categories);
    const config = {
      categories,
      issuers: issuers.value,
      principals: principals.value,
      resources: resources.value.resources,
      policies: policies.value,
      schema,
      groups: groupsOf(principals.value, policies.value),
    };
    return { ok: true, config, examples: examples.value, environments, guarded };
  }
  const errors = [
    ...inFile('issuers.yaml', mistakesOf(issuers)),
    // Principals refer to issuers: without those, every reference would look mistaken.
    ...(issuers.ok ? inFile('principals.yaml', mistakesOf(principals)) : []),
    ...inFile('resources.yaml', mistakesOf(resources)),
    ...inFile('examples.yaml', mistakesOf(examples)),
    ...(policies.ok ? [] : policies.errors),
  ];
  return { ok: false, errors };
};

/** What the detectors find by themselves, and what configuration calls sensitive. */
const categoriesOf = (resources: CompiledConfig['resources']): readonly string[] => [
  ...new Set([
    ...DETECTED_CATEGORIES,
    ...resources.flatMap(({ sensitive }) => sensitive.map(({ category }) => category)).sort(),
  ]),
];

const readYaml = <T>(text: string, compile: (parsed: unknown) => Compiled<T>): Compiled<T> => {
  const parsed = parseYaml(text);
  return parsed.ok ? compile(parsed.value) : parsed;
};

const mistakesOf = (compiled: Compiled<unknown>): readonly ConfigError[] =>
  compiled.ok ? [] : compiled.errors;

export const inFile = (file: string, mistakes: readonly ConfigError[]): readonly FileError[] =>
  mistakes.map((mistake) => ({ file, ...mistake }));

type Policies =
  | { readonly ok: true; readonly value: readonly PolicySource[] }
  | { readonly ok: false; readonly errors: readonly FileError[] };

const readPolicies = (files: readonly PolicyFile[]): Policies => {
  const read = files
    .toSorted((a, b) => (a.file < b.file ? -1 : 1))
    .map(({ file, text }) => ({ file, split: splitPolicies(file, text) }));
  const policies = read.flatMap(({ split }) => (split.ok ? split.value : []));
  const errors = [
    ...read.flatMap(({ file, split }) => inFile(`policies/${file}`, mistakesOf(split))),
    ...twins(policies),
  ];
  if (policies.length > POLICIES_MAX_COUNT)
    errors.push({
      file: 'policies',
      path: '',
      message: `There must be at most ${POLICIES_MAX_COUNT} policies.`,
    });
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value: policies };
};

const twins = (policies: readonly PolicySource[]): readonly FileError[] =>
  policies.flatMap(({ id, file }, index) => {
    const first = policies.find((policy) => policy.id === id);
    if (first === policies[index]) return [];
    const message = `The @id is taken by a policy in ${first?.file}: choose another.`;
    return [{ file: `policies/${file}`, path: `policy ${id}`, message }];
  });

const groupsOf = (
  principals: CompiledConfig['principals'],
  policies: readonly PolicySource[],
): readonly string[] => {
  const named = policies
    .flatMap(({ text }) => entitiesIn(parsePolicy(text)))
    .filter(({ type }) => type === 'Group')
    .map(({ id }) => id);
  return [...new Set([...principals.flatMap(({ groups }) => groups), ...named])].sort();
};
