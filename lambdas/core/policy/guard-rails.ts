import type { PolicySource } from '../config/compiled.ts';
import type { FileError } from '../config/config-files.ts';
import type { PrincipalEntry } from '../config/issuer.ts';
import { RESOURCE_ACTIONS } from '../config/resource.ts';
import { GRANT_MAX_SECONDS, GRANT_MIN_SECONDS } from '../limits.ts';
import type { PolicyConfig } from './engine.ts';
import { createEngine } from './engine.ts';
import { entitiesIn, parsePolicy } from './parse-policy.ts';
import { PRINCIPAL_ENTITY_TYPES } from './principal-entity.ts';
import type { AccessQuestion, AskPolicy } from './question.ts';
import type { OpenQuestion } from './quorum.ts';
import { askWith } from './quorum.ts';

export const GUARD_RAILS_FILE = 'guard-rails.cedar';
/** The environment that the guard rails watch over. */
export const GUARDED_ENVIRONMENT = 'prod';
const GUARD_RAIL_IDS: readonly string[] = ['prod-needs-approval'];

/** A bare `permit` is unattended access, so what stands between it and production must be there, under its known ids. */
export const missingGuardRails = (policies: readonly PolicySource[]): readonly FileError[] => {
  const present = policies.filter(({ file }) => file === GUARD_RAILS_FILE).map(({ id }) => id);
  return GUARD_RAIL_IDS.filter((id) => !present.includes(id)).map((id) => ({
    file: `policies/${GUARD_RAILS_FILE}`,
    path: `policy ${id}`,
    message:
      'This guard rail is missing: put it back, or take the whole file away and set "guardRails": "removed" in the settings of the deployment, cdk.json.',
  }));
};

/**
 * An id alone guards nothing, so the guard rails are also tried: with everything else permitted, nobody may reach the
 * guarded environment without an approval. Stricter guard rails pass.
 */
export const weakGuardRails = (config: PolicyConfig): readonly FileError[] => {
  const rails = config.policies.filter(({ file }) => file === GUARD_RAILS_FILE);
  const named = rails.flatMap(({ text }) => entitiesIn(parsePolicy(text)));
  const resources = [...config.resources, ANY_RESOURCE];
  const ask = createEngine({ ...config, resources, policies: [PERMIT_EVERYTHING, ...rails] });
  const guarded = resources.filter(
    (resource) =>
      resource.env === GUARDED_ENVIRONMENT &&
      (resource === ANY_RESOURCE || isNamed(named, 'Resource', resource.id)),
  );
  const callers = probesOf(config.principals, named);
  const open = RESOURCE_ACTIONS.filter((action) =>
    guarded.some(({ id }) => callers.some((caller) => isOpen(ask, { ...caller, action, resource: id }))),
  );
  return open.map((action) => ({
    file: `policies/${GUARD_RAILS_FILE}`,
    path: '',
    message: `The guard rails let \`${action}\` into ${GUARDED_ENVIRONMENT} without an approval: forbid it unless \`context.approvals >= 1\`.`,
  }));
};

type Entities = ReturnType<typeof entitiesIn>;

/** Ids with a space are nobody else's. */
const ANY_RESOURCE = { id: 'any resource', env: GUARDED_ENVIRONMENT };
const PERMIT_EVERYTHING: PolicySource = {
  id: 'permit everything',
  reason: undefined,
  file: '',
  text: 'permit(principal, action, resource);',
};

const isNamed = (named: Entities, type: string, id: string): boolean =>
  named.some((entity) => entity.type === type && entity.id === id);

/**
 * Policies compare ids exactly, so those whom the guard rails do not name are all alike: a stranger of each type stands
 * for them. Each is tried without groups, and with all that the guard rails name.
 */
const probesOf = (
  principals: readonly PrincipalEntry[],
  named: Entities,
): readonly Pick<AccessQuestion, 'principal' | 'groups'>[] => {
  const strangers = (['agent', 'workload', 'human'] as const).map((type) => ({ type, ...STRANGER }));
  const listed = principals
    .filter(({ type, name }) => isNamed(named, PRINCIPAL_ENTITY_TYPES[type], name))
    .map(({ type, name, issuer, subject }) => ({ type, name, issuer, subject: subject ?? '' }));
  const groups = named.filter(({ type }) => type === 'Group').map(({ id }) => id);
  return [...strangers, ...listed].flatMap((principal) => [
    { principal, groups: [] },
    { principal, groups },
  ]);
};

const STRANGER = { name: 'stranger', issuer: 'https://stranger.example', subject: 'stranger' };

const isOpen = (ask: AskPolicy, question: Omit<OpenQuestion, 'durationSeconds'>): boolean =>
  [GRANT_MIN_SECONDS, GRANT_MAX_SECONDS].some(
    (durationSeconds) =>
      askWith(ask, { ...question, durationSeconds }, { approvals: 0, approverGroups: [] }).allowed,
  );
