import type { CompiledConfig } from '../lambdas/core/config/compiled.ts';
import { findResource } from '../lambdas/core/config/find-resource.ts';
import { RESOURCE_ACTIONS } from '../lambdas/core/config/resource.ts';
import type { DeterminingPolicy } from '../lambdas/core/failure.ts';
import type { Denial } from '../lambdas/core/grant/grant.ts';
import type { AccessDecision } from '../lambdas/core/grant/open-grant.ts';
import type { Principal, PrincipalType } from '../lambdas/core/identity/principal.ts';
import { GRANT_MAX_SECONDS } from '../lambdas/core/limits.ts';
import { type AccessCase, decideAccess } from '../lambdas/core/policy/decide-access.ts';
import { createEngine } from '../lambdas/core/policy/engine.ts';
import { CONFIG_FLAGS, checkedPolicy } from './checked-policy.ts';
import { type Arguments, oneOf, readArguments, required, UsageError } from './command-line.ts';
import { paint, printable } from './terminal.ts';

type Config = Omit<CompiledConfig, 'digest'>;

const PRINCIPAL_TYPES: readonly PrincipalType[] = ['agent', 'workload', 'human'];

/** `policy explain`: what a request would be answered by the same decision that the API takes, and why. */
export const explainPolicy = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, {
    values: [...CONFIG_FLAGS, ...PRINCIPAL_TYPES, 'action', 'resource', 'duration', 'groups'],
    switches: ['json'],
  });
  if (given.words.length > 0)
    throw new UsageError(`"${given.words[0]}" is too much: explain takes flags only.`);
  const { config } = checkedPolicy(given);
  const access = accessOf(given, config);
  const decision = decideAccess({ ask: createEngine(config), groups: config.groups }, access);
  console.log(
    given.switches.has('json')
      ? JSON.stringify(jsonOf(decision, config), null, 2)
      : told({ decision, access, config }),
  );
};

const accessOf = (given: Arguments, config: Config): AccessCase => {
  const principal = principalOf(given, config);
  const named = {
    resource: oneOf(
      'The resource',
      required(given, 'resource'),
      config.resources.map(({ id }) => id),
    ),
    action: oneOf('The action', required(given, 'action'), RESOURCE_ACTIONS),
  };
  const found = findResource(config.resources, named);
  if (!found.ok) throw new UsageError(`${named.resource} does not offer ${named.action}.`);
  return {
    principal,
    ...found.value,
    durationSeconds: secondsOf(required(given, 'duration')),
    isContained: false,
  };
};

const secondsOf = (text: string): number => {
  const seconds = Number(text);
  if (!/^[0-9]+$/.test(text) || seconds < 1 || seconds > GRANT_MAX_SECONDS)
    throw new UsageError(`--duration must be a number of seconds from 1 to ${GRANT_MAX_SECONDS}.`);
  return seconds;
};

/** A caller as the authorizer would establish it: by its entry, or, with --groups alone, from what its token brings. */
const principalOf = (given: Arguments, { principals }: Config): Principal => {
  const [type, another] = PRINCIPAL_TYPES.filter((candidate) => given.values.has(candidate));
  if (type === undefined || another !== undefined)
    throw new UsageError('Name one caller: --agent, --workload or --human.');
  const listed = principals.filter((entry) => entry.type === type);
  const groups = given.values
    .get('groups')
    ?.split(',')
    .map((name) => name.trim());
  const asked = required(given, type);
  const name =
    groups === undefined
      ? oneOf(
          `The ${type}`,
          asked,
          listed.map((entry) => entry.name),
        )
      : asked;
  const entry = listed.find((candidate) => candidate.name === name);
  return {
    type,
    name,
    issuer: entry?.issuer ?? '',
    subject: entry?.subject ?? '',
    listed: true,
    groups: { known: true, names: groups ?? entry?.groups ?? [] },
    owners: entry?.owners ?? [],
    delegation: [],
    tokenFingerprint: '',
    tokenExpiresAt: 0,
  };
};

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

const withText = (determining: readonly DeterminingPolicy[], { policies }: Config) =>
  determining.flatMap(({ id }) => policies.filter((policy) => policy.id === id));

interface Explained {
  readonly decision: AccessDecision;
  readonly access: AccessCase;
  readonly config: Config;
}

const told = ({ decision, access, config }: Explained): string => {
  const { principal, resource, action, durationSeconds } = access;
  const groups = principal.groups.known ? principal.groups.names.join(', ') || 'none' : 'unknown';
  return [
    paint(process.stdout, decision.effect === 'refuse' ? 'red' : 'green', headline(decision)),
    printable(
      `${principal.type} ${principal.name} (groups: ${groups}), ${action} on ${resource.id} (${resource.env}), ${durationSeconds} s`,
    ),
    ...(decision.effect === 'allow'
      ? [
          ...section('Allowed by', decision.determinedBy, config),
          ...section('People are asked for by', decision.askedBy, config),
        ]
      : section('Denied by', decision.determinedBy, config)),
  ].join('\n');
};

const headline = (decision: AccessDecision): string => {
  if (decision.effect === 'refuse') return `No: ${DENIALS[decision.denial]}`;
  if (decision.quorum === 0) return 'Yes, without asking anybody.';
  return `Yes, once ${decision.quorum} ${decision.quorum === 1 ? 'person has' : 'people have'} approved.`;
};

const DENIALS: Readonly<Record<Denial, string>> = {
  principal_unknown: 'nothing is known about this caller.',
  groups_unavailable: 'the groups of this caller are unknown.',
  owner_unknown:
    'people would have to approve, but principals.yaml names no owner, so four eyes cannot be checked.',
  contained: 'an operator has stopped it.',
  duration_too_long: 'the duration is longer than the resource, or access without an approval, may last.',
  policy_denied: 'no policy permits it, or one forbids it.',
};

const section = (
  title: string,
  determining: readonly DeterminingPolicy[],
  config: Config,
): readonly string[] => {
  if (determining.length === 0) return [];
  return [
    '',
    paint(process.stdout, 'bold', title),
    ...withText(determining, config).flatMap(({ id, reason, file, text }) => [
      `  ${id}: ${reason ?? ''}`,
      paint(process.stdout, 'dim', `  policies/${file}`),
      ...printable(text)
        .split('\n')
        .map((line) => `    ${line}`),
    ]),
  ];
};
