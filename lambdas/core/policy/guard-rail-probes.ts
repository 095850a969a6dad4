import type { PolicySource } from '../config/compiled.ts';
import type { PrincipalEntry } from '../config/issuer.ts';
import { classOf, isRunAction, type ResourceAction, type RunAction } from '../config/resource.ts';
import { GRANT_MAX_SECONDS, GRANT_MIN_SECONDS } from '../limits.ts';
import type { PolicyConfig } from './engine.ts';
import { imaginedRun } from './imagined-run.ts';
import { attributesIn, entitiesIn, parsePolicy, wordsIn } from './parse-policy.ts';
import { PRINCIPAL_ENTITY_TYPES } from './principal-entity.ts';
import type { AccessQuestion, RunFacts } from './question.ts';
import type { OpenQuestion } from './quorum.ts';
import type { Guarded } from './rail-form.ts';

/** A resource that no policy names; it stands for all of its environment whose id makes no difference. */
export const anyResourceIn = (env: string): PolicyConfig['resources'][number] => ({
  id: `${ANY} ${env}`,
  env,
});

/** Ids with a space are nobody else's. */
const ANY = 'any resource in';

/**
 * Every kind of request that these guard rails tell apart: by who asks, for which resource, and by what they look at of
 * durations and statements. Numbers are tried at their ends only.
 */
export const probeQuestions = (
  config: PolicyConfig,
  rails: readonly PolicySource[],
  { action, environment, only }: Guarded,
): readonly OpenQuestion[] => {
  const parsed = rails.map(({ text }) => parsePolicy(text));
  const named = parsed.flatMap(entitiesIn);
  const looked = { attributes: parsed.flatMap(attributesIn), words: parsed.flatMap(wordsIn) };
  const resources = config.resources.filter(
    ({ id, env }) => env === environment && (id.startsWith(ANY) || isNamed(named, 'Resource', id)),
  );
  const operations = operationsOf(action, looked).filter(
    ({ run }) => only === undefined || run?.bounded === false,
  );
  return resources.flatMap(({ id: resource }) =>
    callersOf(config.principals, named).flatMap((caller) =>
      operations.map((operation) => ({ ...caller, action, resource, ...operation })),
    ),
  );
};

type Entities = ReturnType<typeof entitiesIn>;

const isNamed = (named: Entities, type: string, id: string): boolean =>
  named.some((entity) => entity.type === type && entity.id === id);

/**
 * Policies compare ids exactly, so those whom the guard rails do not name are all alike: a stranger of each type stands
 * for them. Each is tried without groups, and with all that the guard rails name.
 */
const callersOf = (
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
    ...(groups.length > 0 ? [{ principal, groups }] : []),
  ]);
};

const STRANGER = { name: 'stranger', issuer: 'https://stranger.example', subject: 'stranger' };

/** What the guard rails look at, anywhere in their conditions. */
interface Looked {
  readonly attributes: readonly string[];
  readonly words: readonly string[];
}

type Operation = Pick<OpenQuestion, 'durationSeconds' | 'run'>;

/** The grant itself, which knows nothing of a statement, and statements under it; each for the shortest and the longest time. */
const operationsOf = (action: ResourceAction, looked: Looked): readonly Operation[] => {
  const runs = isRunAction(action)
    ? [true, false].flatMap((bounded) => runsOf({ action, bounded }, looked))
    : [];
  const durations = looked.attributes.includes('durationSeconds')
    ? [GRANT_MIN_SECONDS, GRANT_MAX_SECONDS]
    : [GRANT_MIN_SECONDS];
  return durations.flatMap((durationSeconds) => [
    { durationSeconds },
    ...runs.map((run) => ({ durationSeconds, run })),
  ]);
};

const runsOf = (
  { action, bounded }: { readonly action: RunAction; readonly bounded: boolean },
  { attributes, words }: Looked,
): readonly RunFacts[] => {
  const run = imaginedRun({ class: classOf(action), bounded });
  const isUsageSeen = ['usedByTask', 'usedByPrincipal'].some((name) => attributes.includes(name));
  return [
    run,
    ...(attributes.includes('estimatedRows')
      ? [0, MANY].map((count) => ({ ...run, estimatedRows: count }))
      : []),
    ...(isUsageSeen ? [{ ...run, usedByTask: MUCH, usedByPrincipal: MUCH }] : []),
    ...words.map((word) => ({ ...run, verb: word, tables: words, columns: words, functions: words })),
  ];
};

const MANY = 1_000_000_000;
const MUCH = { runs: MANY, rows: MANY, bytes: MANY, failures: MANY };
