import type { AwsStatement } from '../config/target-addresses.ts';
import { SESSION_POLICY_MAX_CHARACTERS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import { toIso } from '../time.ts';
import { DENY_FLOOR } from './deny-floor.ts';

/** The one call that shows whether a session is still let in: it reads nothing, and takes a right all the same. */
export const PROBED_ACTION = 'dynamodb:DescribeEndpoints';

/** As IAM's conditions take times: `2026-03-02T10:00:00Z`. Cut to the second, so never later than `at`. */
export const policyTime = (at: EpochMs): string => `${toIso(at).slice(0, 19)}Z`;

const document = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement: statements });

const allowed = ({ actions, resources }: AwsStatement, condition: object): object => ({
  Effect: 'Allow',
  Action: oneOrMore(actions),
  Resource: oneOrMore(resources),
  Condition: condition,
});

/** Shorter where there is one. Each character counts. */
const oneOrMore = (values: readonly string[]): string | readonly string[] =>
  values.length === 1 ? (values[0] ?? values) : values;

/**
 * Also what a policy of a resource gives by naming the session itself, which a session policy does not narrow: that adds to
 * what is allowed, and only a deny that says so takes it away.
 */
const deniedFrom = (end: string): object => ({
  Effect: 'Deny',
  Action: '*',
  Resource: '*',
  Condition: { DateGreaterThanEquals: { 'aws:CurrentTime': end } },
});

/** The inline session policy of a credential: the profile, until then; never the floor; afterwards nothing at all. */
export const sessionPolicy = (allow: readonly AwsStatement[], until: EpochMs): string => {
  const end = policyTime(until);
  const inTime = { DateLessThan: { 'aws:CurrentTime': end } };
  return document(
    ...allow.map((statement) => allowed(statement, inTime)),
    { Effect: 'Deny', Action: DENY_FLOOR, Resource: '*' },
    deniedFrom(end),
  );
};

/** Of a probe: the one call that shows whether AWS lets the session in, and from `until` on not even that. */
export const probePolicy = (until: EpochMs): string =>
  document({ Effect: 'Allow', Action: PROBED_ACTION, Resource: '*' }, deniedFrom(policyTime(until)));

/** Every date has the same length, so any will do. */
const sizeOf = (allow: readonly AwsStatement[]): number => sessionPolicy(allow, 0).length;

/** What to cut from a profile that does not fit into a session; undefined where it fits. The end of a sentence. */
export const oversize = (allow: readonly AwsStatement[]): string | undefined => {
  const over = sizeOf(allow) - SESSION_POLICY_MAX_CHARACTERS;
  if (over <= 0) return undefined;
  const room = SESSION_POLICY_MAX_CHARACTERS - sizeOf([]);
  const { index, size } = largestOf(allow);
  return (
    `is ${over} characters too long: of the ${SESSION_POLICY_MAX_CHARACTERS} that AWS takes, ${room} are left for what is allowed, ` +
    `and allow[${index}] alone has ${size}. Name actions by a wildcard within their service (s3:GetObject*) and resources by a prefix, or make two profiles of it.`
  );
};

/** Where to begin cutting. */
export const largestOf = (allow: readonly AwsStatement[]): { index: number; size: number } => {
  const sizes = allow.map((statement) => JSON.stringify(allowed(statement, {})).length);
  const size = Math.max(...sizes);
  return { index: sizes.indexOf(size), size };
};
