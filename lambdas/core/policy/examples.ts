import type { CompiledConfig } from '../config/compiled.ts';
import type { AccessExample, ExpectedVerdict, PolicyExample } from '../config/examples-file.ts';
import { closest } from '../config/find-resource.ts';
import { classOf, isRunAction, profilesOf, RESOURCE_ACTIONS } from '../config/resource.ts';
import type { PolicyEngine } from './engine.ts';
import { imaginedRun } from './imagined-run.ts';
import { findDrop } from './monotonic.ts';
import type { AccessQuestion, Verdict } from './question.ts';
import type { OpenQuestion } from './quorum.ts';
import { findQuorum } from './quorum.ts';

export interface ExampleReport {
  readonly example: PolicyExample;
  /** Undefined when the example itself is mistaken. */
  readonly verdict: Verdict | undefined;
  /** Empty: the example holds. */
  readonly mistakes: readonly string[];
}

type Facts = Pick<CompiledConfig, 'principals' | 'resources' | 'policies' | 'groups' | 'categories'>;

/** Asks policy every example, as a request, a run or an answer to be masked would be asked. */
export const runExamples = (
  examples: readonly PolicyExample[],
  facts: Facts,
  engine: PolicyEngine,
): readonly ExampleReport[] =>
  examples.map((example) => {
    const unknown = unknownNames(example, facts);
    const mistaken = unknown.length > 0 ? unknown : unaskable(example);
    if (mistaken.length > 0) return { example, verdict: undefined, mistakes: mistaken };
    const { verdict, drop } = answerTo(example, facts, engine);
    return {
      example,
      verdict,
      mistakes: [...verdictMistakes(example, verdict), ...(drop === undefined ? [] : [dropMistake(drop)])],
    };
  });

interface Answer {
  readonly verdict: Verdict;
  /** The first number of people at which a yes turns into a no. */
  readonly drop: number | undefined;
}

const answerTo = (example: PolicyExample, facts: Facts, { ask, askUnmask }: PolicyEngine): Answer => {
  if (example.kind === 'access') {
    const question = questionOf(example, facts);
    return {
      verdict: findQuorum(ask, question, facts.groups),
      drop: findDrop(ask, question, facts.groups),
    };
  }
  const { resource, category } = example;
  const { allowed, determinedBy } = askUnmask({ ...callerOf(example, facts), resource, category });
  const verdict: Verdict = allowed
    ? { effect: 'allow', quorum: 0, determinedBy, askedBy: [] }
    : { effect: 'deny', determinedBy };
  return { verdict, drop: undefined };
};

/** `allow`, `deny` or `needs_approval(2)`. */
export const verdictName = (verdict: Verdict): ExpectedVerdict => {
  if (verdict.effect === 'deny') return 'deny';
  return verdict.quorum === 0 ? 'allow' : `needs_approval(${verdict.quorum})`;
};

/** Every policy that had a say: what allowed it or forbade it, and what asked for people. */
export const policiesBehind = (verdict: Verdict): readonly string[] => [
  ...verdict.determinedBy.map(({ id }) => id),
  ...(verdict.effect === 'allow' ? verdict.askedBy.map(({ id }) => id) : []),
];

const questionOf = (example: AccessExample, facts: Facts): OpenQuestion => {
  const { action, profile, resource, durationSeconds, run } = example;
  const question = { ...callerOf(example, facts), action, profile, resource, durationSeconds };
  return run ? { ...question, run: imaginedRun(run) } : question;
};

/** Groups are those of `principals.yaml` unless the example says what the token brings. */
const callerOf = (
  { principal, groups }: Pick<PolicyExample, 'principal' | 'groups'>,
  { principals }: Facts,
): Pick<AccessQuestion, 'principal' | 'groups'> => {
  const entry = principals.find(({ type, name }) => type === principal.type && name === principal.name);
  return {
    principal: { ...principal, issuer: entry?.issuer ?? '', subject: entry?.subject ?? '' },
    groups: groups ?? entry?.groups ?? [],
  };
};

const dropMistake = (drop: number): string =>
  `is allowed with ${drop - 1} ${drop === 2 ? 'approval' : 'approvals'} and not with ${drop}.`;

const unknownNames = (example: PolicyExample, facts: Facts): readonly string[] => {
  const { type, name } = example.principal;
  const listed = facts.principals.filter((entry) => entry.type === type).map((entry) => entry.name);
  return [
    ...(example.groups === undefined ? unknownName(type, name, listed) : []),
    ...(example.kind === 'access'
      ? unknownName('action', example.action, RESOURCE_ACTIONS)
      : unknownName('category', example.category, facts.categories)),
    ...unknownName(
      'resource',
      example.resource,
      facts.resources.map(({ id }) => id),
    ),
    ...unknownProfile(example, facts),
    ...example.because.flatMap((id) =>
      unknownName(
        'policy',
        id,
        facts.policies.map((policy) => policy.id),
      ),
    ),
  ];
};

/** Where a resource has several, each gives something else: an example has to say which it asks for. */
const unknownProfile = (example: PolicyExample, { resources }: Facts): readonly string[] => {
  const resource = resources.find(({ id }) => id === example.resource);
  if (!resource || example.kind !== 'access') return [];
  const offered = profilesOf(resource);
  if (example.profile !== undefined) return unknownName('profile', example.profile, offered);
  return offered.length > 0 ? [`names no profile of ${resource.id}: add one of ${offered.join(', ')}.`] : [];
};

const unknownName = (what: string, name: string, known: readonly string[]): readonly string[] => {
  if (known.includes(name)) return [];
  const near = closest(name, known);
  return [
    `names the ${what} "${name}", which does not exist.${near === undefined ? '' : ` Did you mean "${near}"?`}`,
  ];
};

/** A run is asked for under the action of its class only; about any other an example would hold and say nothing. */
const unaskable = (example: PolicyExample): readonly string[] => {
  if (example.kind !== 'access' || example.run === undefined) return [];
  const { action, run } = example;
  if (isRunAction(action) && classOf(action) === run.class) return [];
  return [
    `has a run of class ${run.class}, which is asked for under postgres:${run.class} and not ${action}.`,
  ];
};

const verdictMistakes = ({ expect, because }: PolicyExample, verdict: Verdict): readonly string[] => {
  const name = verdictName(verdict);
  const behind = policiesBehind(verdict);
  const told = behind.length === 0 ? 'no policy' : behind.join(', ');
  if (name !== expect) return [`expects ${expect}, but policy says ${name} because of ${told}.`];
  return because
    .filter((id) => !behind.includes(id))
    .map((id) => `expects ${id} to be behind the verdict, but it is because of ${told}.`);
};
