import type { CompiledConfig } from '../lambdas/core/config/compiled.ts';
import { findResource } from '../lambdas/core/config/find-resource.ts';
import { classOf, isRunAction, RESOURCE_ACTIONS } from '../lambdas/core/config/resource.ts';
import type { Failure } from '../lambdas/core/failure.ts';
import type { Denial } from '../lambdas/core/grant/grant.ts';
import type { AccessDecision } from '../lambdas/core/grant/open-grant.ts';
import { GRANT_MAX_SECONDS } from '../lambdas/core/limits.ts';
import {
  type AccessCase,
  decideAccess,
  type Policy,
  verdictOn,
} from '../lambdas/core/policy/decide-access.ts';
import { createEngine } from '../lambdas/core/policy/engine.ts';
import { imaginedRun } from '../lambdas/core/policy/imagined-run.ts';
import type { RunFacts } from '../lambdas/core/policy/question.ts';
import { CONFIG_FLAGS, checkedPolicy } from './checked-policy.ts';
import { type Arguments, oneOf, readArguments, required, UsageError } from './command-line.ts';
import { determiningSection, withText } from './determining-section.ts';
import { explainUnmask } from './explain-unmask.ts';
import { listOf, namedCaller, PRINCIPAL_TYPES } from './named-caller.ts';
import { runWords } from './run-words.ts';
import { paint, printable } from './terminal.ts';

type Config = Omit<CompiledConfig, 'digest'>;

const FLAGS = [
  'action',
  'resource',
  'profile',
  'duration',
  'groups',
  'run-class',
  'tables',
  'unmask',
] as const;

/** `policy explain`: what a request would be answered by the same decision that the API takes, and why. */
export const explainPolicy = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, {
    values: [...CONFIG_FLAGS, ...PRINCIPAL_TYPES, ...FLAGS],
    switches: ['json', 'unbounded'],
  });
  if (given.words.length > 0)
    throw new UsageError(`"${given.words[0]}" is too much: explain takes flags only.`);
  const { config } = checkedPolicy(given);
  console.log(given.values.has('unmask') ? explainUnmask(given, config) : explainAccess(given, config));
};

const explainAccess = (given: Arguments, config: Config): string => {
  const policy = { ...createEngine(config), groups: config.groups, categories: config.categories };
  const asked = { access: accessOf(given, config), run: runOf(given) };
  const decision = decide(policy, asked);
  if (given.switches.has('json')) return JSON.stringify(jsonOf(decision, config), null, 2);
  return told({ ...asked, decision, config, quorumOfRuns: quorumOfRuns(policy, asked) });
};

interface Asked {
  readonly access: ReturnType<typeof accessOf>;
  /** The statement that is imagined; undefined: the grant alone is asked for. */
  readonly run: RunFacts | undefined;
}

/** The grant first, for without it nothing is run. */
const decide = (policy: Policy, { access, run }: Asked): AccessDecision => {
  const decision = decideAccess(policy, access);
  if (decision.effect === 'refuse' || run === undefined) return decision;
  const verdict = verdictOn(policy, { ...access, groups: access.principal.groups.names, run });
  return verdict.effect === 'deny' ? { ...verdict, effect: 'refuse', denial: 'policy_denied' } : verdict;
};

/** What can be said of runs while nothing is known of them; undefined where a run is asked about, or none can be. */
const quorumOfRuns = (policy: Policy, { access, run }: Asked): number | undefined => {
  if (!isRunAction(access.action) || run !== undefined) return undefined;
  const verdict = verdictOn(policy, { ...access, groups: access.principal.groups.names });
  return verdict.effect === 'allow' ? verdict.quorum : undefined;
};

const accessOf = (given: Arguments, config: Config) => {
  const principal = namedCaller(given, config);
  const named = {
    resource: oneOf(
      'The resource',
      required(given, 'resource'),
      config.resources.map(({ id }) => id),
    ),
    action: oneOf('The action', required(given, 'action'), RESOURCE_ACTIONS),
  };
  const found = findResource(config.resources, { ...named, profile: given.values.get('profile') });
  if (!found.ok) throw new UsageError(mendOf(found.failure, named));
  const durationSeconds = secondsOf(required(given, 'duration'));
  return { principal, ...found.value, durationSeconds, isContained: false } satisfies AccessCase;
};

const mendOf = (
  failure: Failure,
  { resource, action }: { readonly resource: string; readonly action: string },
): string => {
  if (failure.code !== 'unknown_profile') return `${resource} does not offer ${action}.`;
  return failure.offered.length === 0
    ? `${resource} has no profiles: leave --profile out.`
    : `--profile must be one of: ${failure.offered.join(', ')}.`;
};

const secondsOf = (text: string): number => {
  const seconds = Number(text);
  if (!/^[0-9]+$/.test(text) || seconds < 1 || seconds > GRANT_MAX_SECONDS)
    throw new UsageError(`--duration must be a number of seconds from 1 to ${GRANT_MAX_SECONDS}.`);
  return seconds;
};

const runOf = (given: Arguments): RunFacts | undefined => {
  const { values, switches } = given;
  if (!values.has('run-class')) {
    if (switches.has('unbounded') || values.has('tables'))
      throw new UsageError('--unbounded and --tables are about a run: say --run-class too.');
    return undefined;
  }
  const action = required(given, 'action');
  const asked = `postgres:${oneOf('The class of the run', required(given, 'run-class'), CLASSES)}`;
  if (!isRunAction(action) || asked !== action)
    throw new UsageError(`Such a run is asked for under ${asked}, not ${action}: mend --action.`);
  return imaginedRun({
    class: classOf(action),
    bounded: !switches.has('unbounded'),
    tables: listOf(values.get('tables')),
  });
};

const CLASSES = RESOURCE_ACTIONS.filter(isRunAction).map(classOf);

const answerOf = (decision: AccessDecision): string => {
  if (decision.effect === 'refuse') return 'deny';
  return decision.quorum === 0 ? 'allow' : `needs_approval(${decision.quorum})`;
};

const jsonOf = (decision: AccessDecision, config: Config) => ({
  answer: answerOf(decision),
  quorum: decision.effect === 'allow' ? decision.quorum : null,
  denial: decision.effect === 'refuse' ? decision.denial : null,
  determinedBy: withText(decision.determinedBy, config),
  askedBy: decision.effect === 'allow' ? withText(decision.askedBy, config) : [],
});

interface Explained extends Asked {
  readonly decision: AccessDecision;
  readonly config: Config;
  readonly quorumOfRuns: number | undefined;
}

const told = ({ decision, access, run, config, quorumOfRuns: quorum }: Explained): string => {
  const { principal, resource, action, durationSeconds } = access;
  const groups = principal.groups.names.join(', ') || 'none';
  const asked = run === undefined ? action : `${action} (${runWords(run)})`;
  return [
    paint(process.stdout, decision.effect === 'refuse' ? 'red' : 'green', headline(decision)),
    ...(decision.effect === 'allow' && quorum !== undefined ? [frameLine(quorum)] : []),
    printable(
      `${principal.type} ${principal.name} (groups: ${groups}), ${asked} on ${resource.id} (${resource.env}), ${durationSeconds} s`,
    ),
    ...(decision.effect === 'allow'
      ? [
          ...determiningSection('Allowed by', decision.determinedBy, config),
          ...determiningSection('People are asked for by', decision.askedBy, config),
        ]
      : determiningSection('Denied by', decision.determinedBy, config)),
  ].join('\n');
};

const frameLine = (quorum: number): string =>
  `Each run is then asked for by itself, and ${quorum === 0 ? 'nobody has' : peopleHave(quorum)} to approve it, as far as can be told without it: add --run-class.`;

const peopleHave = (count: number): string => (count === 1 ? '1 person has' : `${count} people have`);

const headline = (decision: AccessDecision): string => {
  if (decision.effect === 'refuse') return `No: ${DENIALS[decision.denial]}`;
  if (decision.quorum === 0) return 'Yes, without asking anybody.';
  return `Yes, once ${peopleHave(decision.quorum)} approved.`;
};

const DENIALS: Readonly<Record<Denial, string>> = {
  principal_unknown: 'nothing is known about this caller.',
  groups_unavailable: 'the groups of this caller are unknown.',
  owner_unknown:
    'people would have to approve, but principals.yaml names no owner, so four eyes cannot be checked.',
  contained: 'an operator has stopped it.',
  duration_too_long: 'the duration is longer than the resource, or access without an approval, may last.',
  denied_by_person: 'a person said no',
  policy_denied: 'no policy permits it, or one forbids it.',
};
