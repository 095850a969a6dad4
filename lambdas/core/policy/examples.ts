import type { CompiledConfig } from '../config/compiled.ts';
import type { ExpectedVerdict, PolicyExample } from '../config/examples-file.ts';
import { closest } from '../config/find-resource.ts';
import { RESOURCE_ACTIONS } from '../config/resource.ts';
import { findDrop } from './monotonic.ts';
import type { AskPolicy, Verdict } from './question.ts';
import type { OpenQuestion } from './quorum.ts';
import { findQuorum } from './quorum.ts';

export interface ExampleReport {
  readonly example: PolicyExample;
  /** Undefined when the example itself is mistaken. */
  readonly verdict: Verdict | undefined;
  /** Empty: the example holds. */
  readonly mistakes: readonly string[];
}

type Facts = Pick<CompiledConfig, 'principals' | 'resources' | 'policies' | 'groups'>;

/** Asks policy every example, as a request would be asked. */
export const runExamples = (
  examples: readonly PolicyExample[],
  facts: Facts,
  ask: AskPolicy,
): readonly ExampleReport[] =>
  examples.map((example) => {
    const unknown = unknownNames(example, facts);
    if (unknown.length > 0) return { example, verdict: undefined, mistakes: unknown };
    const question = questionOf(example, facts);
    const verdict = findQuorum(ask, question, facts.groups);
    const drop = findDrop(ask, question, facts.groups);
    return {
      example,
      verdict,
      mistakes: [...verdictMistakes(example, verdict), ...(drop === undefined ? [] : [dropMistake(drop)])],
    };
  });

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

/** Groups are those of `principals.yaml` unless the example says what the token brings. */
export const questionOf = (
  { principal, groups, action, resource, durationSeconds }: Omit<PolicyExample, 'expect' | 'because'>,
  { principals }: Pick<Facts, 'principals'>,
): OpenQuestion => {
  const entry = principals.find(({ type, name }) => type === principal.type && name === principal.name);
  return {
    principal: { ...principal, issuer: entry?.issuer ?? '', subject: entry?.subject ?? '' },
    groups: groups ?? entry?.groups ?? [],
    action,
    resource,
    durationSeconds,
  };
};

const dropMistake = (drop: number): string =>
  `is allowed with ${drop - 1} ${drop === 2 ? 'approval' : 'approvals'} and not with ${drop}.`;

const unknownNames = (example: PolicyExample, facts: Facts): readonly string[] => {
  const { type, name } = example.principal;
  const listed = facts.principals.filter((entry) => entry.type === type).map((entry) => entry.name);
  return [
    ...(example.groups === undefined ? unknownName(type, name, listed) : []),
    ...unknownName('action', example.action, RESOURCE_ACTIONS),
    ...unknownName(
      'resource',
      example.resource,
      facts.resources.map(({ id }) => id),
    ),
    ...example.because.flatMap((id) =>
      unknownName(
        'policy',
        id,
        facts.policies.map((policy) => policy.id),
      ),
    ),
  ];
};

const unknownName = (what: string, name: string, known: readonly string[]): readonly string[] => {
  if (known.includes(name)) return [];
  const near = closest(name, known);
  return [
    `names the ${what} "${name}", which does not exist.${near === undefined ? '' : ` Did you mean "${near}"?`}`,
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
