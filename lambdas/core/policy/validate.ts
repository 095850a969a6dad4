import type { ValidationError } from '@cedar-policy/cedar-wasm/nodejs';
import { validate } from '@cedar-policy/cedar-wasm/nodejs';
import type { CompiledConfig, PolicySource } from '../config/compiled.ts';
import type { FileError } from '../config/config-files.ts';
import { closest } from '../config/find-resource.ts';
import { isActionOpen, isOpenPermit, NAME_THE_ACTIONS, OPEN_ACTION_HINT } from './open-action.ts';
import { entitiesIn, parsePolicy } from './parse-policy.ts';
import { PRINCIPAL_ENTITY_TYPES } from './principal-entity.ts';
import { CONTAINMENT_ACTIONS, PERSON_ACTIONS, UNMASK } from './schema.ts';

type Validated = Pick<CompiledConfig, 'policies' | 'schema' | 'resources' | 'principals'>;

/**
 * Cedar's strict validation against the generated schema. Its warnings count as errors: a policy that can never apply,
 * or a letter that only looks like another, is a mistake or an attempt.
 */
export const validatePolicies = (config: Validated): readonly FileError[] => {
  const { schema } = config;
  // What Cedar would say of these is mostly what the context of `unmask` lacks, which is not what is wrong with them.
  const policies = config.policies.filter((policy) => !isOpenPermit(policy));
  const answer = validate({
    schema,
    policies: { staticPolicies: Object.fromEntries(policies.map(({ id, text }) => [id, text])) },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure')
    return answer.errors.map(({ message }) => ({ file: 'policies', path: '', message: `${message}.` }));
  // Whatever else is wrong with a policy, Cedar also warns that it can never apply; that would only be noise.
  const found = answer.validationErrors.length > 0 ? answer.validationErrors : answer.validationWarnings;
  return [
    ...config.policies.filter(isOpenPermit).map(openPermitError),
    ...found.map((error) => validationError(error, policies)),
    ...answer.otherWarnings.map(({ message }) => ({ file: 'policies', path: '', message: `${message}.` })),
    ...config.policies.flatMap((policy) => unknownEntities(policy, config)),
  ];
};

const validationError = (
  { policyId, error }: ValidationError,
  policies: readonly PolicySource[],
): FileError => {
  const policy = policies.find(({ id }) => id === policyId);
  const isOfOthers = OF_OTHERS.some((one) => error.message.includes(`Action::"${one}"`));
  const hint = policy && isOfOthers && isActionOpen(policy) ? ` ${OPEN_ACTION_HINT}` : '';
  return {
    file: fileOf(policy),
    path: `policy ${policyId}`,
    message: `${sentenceOf(error.message, policyId)}${error.help ? ` (${error.help})` : ''}.${hint}`,
  };
};

const OF_OTHERS = [UNMASK, ...PERSON_ACTIONS, ...CONTAINMENT_ACTIONS];

const openPermitError = (policy: PolicySource): FileError => ({
  file: fileOf(policy),
  path: `policy ${policy.id}`,
  message: NAME_THE_ACTIONS,
});

/** Without Cedar's own mention of the policy, which `path` names already. */
const sentenceOf = (message: string, policyId: string): string => {
  const told = [`for policy \`${policyId}\`, `, `for policy \`${policyId}\`: `].find((start) =>
    message.startsWith(start),
  );
  const rest = message.slice(told?.length ?? 0);
  return rest.slice(0, 1).toUpperCase() + rest.slice(1);
};

const fileOf = (policy: PolicySource | undefined): string =>
  policy ? `policies/${policy.file}` : 'policies';

/** Cedar knows types but not which entities exist; a forbid on a name that does not would protect nothing. */
const unknownEntities = (policy: PolicySource, config: Validated): readonly FileError[] =>
  entitiesIn(parsePolicy(policy.text)).flatMap(({ type, id }) => {
    const known = namesOf(type, config);
    if (known === undefined || known.names.includes(id)) return [];
    const near = closest(id, known.names);
    const hint = near === undefined ? '' : ` Did you mean "${near}"?`;
    const message = `${type}::"${id}" is not in ${known.file}: names are exact, never patterns.${hint}`;
    return [{ file: fileOf(policy), path: `policy ${policy.id}`, message }];
  });

const namesOf = (
  entityType: string,
  { resources, principals }: Validated,
): { readonly names: readonly string[]; readonly file: string } | undefined => {
  if (entityType === 'Resource') return { names: resources.map(({ id }) => id), file: 'resources.yaml' };
  const listed = principals.filter(({ type }) => PRINCIPAL_ENTITY_TYPES[type] === entityType);
  return Object.values<string>(PRINCIPAL_ENTITY_TYPES).includes(entityType)
    ? { names: listed.map(({ name }) => name), file: 'principals.yaml' }
    : undefined;
};
