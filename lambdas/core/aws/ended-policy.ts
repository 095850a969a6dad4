import * as z from 'zod';
import { AWS_CLOCK_SKEW_MS, MANAGED_POLICY_MAX_CHARACTERS, SECOND_MS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import { MARK_TAG } from './session-marks.ts';
import { policyTime } from './session-policy.ts';

/** A grant whose sessions were ended before their natural end, as the table keeps it. */
export interface EndedSessions {
  readonly grantId: string;
  readonly mark: string;
  /** The natural end of its last session. From then on nothing has to be denied. */
  readonly until: EpochMs;
  /** By AWS's clock, when nothing could be issued under the grant any more: all its sessions were issued before. */
  readonly issuedBefore: EpochMs;
}

/** What a deny policy says: whose sessions are denied by name, and all that were issued before a time, whoever's they are. */
export interface DeniedSessions {
  readonly marks: readonly string[];
  readonly issuedBefore: EpochMs | undefined;
}

/** So that the list is never empty, which IAM would refuse. No mark is so short. */
const NOBODY = '-';

/**
 * Those that must be denied now: ended, and not yet at their natural end by anybody's clock. Whoever is left out here is
 * refused by the dates in their own session policy.
 */
export const stillDenied = (ended: readonly EndedSessions[], now: EpochMs): readonly EndedSessions[] =>
  ended.filter(({ until }) => now < until + AWS_CLOCK_SKEW_MS);

/**
 * By name as many as fit, the last to end first; where some do not fit, everything that was issued before those had ended.
 * That hits the sessions of others too, which can be issued anew; leaving somebody out would let them in again.
 */
export const deniedBy = (ended: readonly EndedSessions[]): DeniedSessions => {
  const latestFirst = [...ended].sort(
    (a, b) => b.issuedBefore - a.issuedBefore || (a.mark < b.mark ? -1 : 1),
  );
  const rest = latestFirst.slice(MARKS_MAX_COUNT);
  return {
    marks: latestFirst.slice(0, MARKS_MAX_COUNT).map(({ mark }) => mark),
    issuedBefore: rest.length === 0 ? undefined : Math.max(...rest.map((one) => one.issuedBefore)),
  };
};

export const covers = (denied: DeniedSessions, { mark, issuedBefore }: EndedSessions): boolean =>
  denied.marks.includes(mark) || (denied.issuedBefore !== undefined && issuedBefore <= denied.issuedBefore);

const deny = (condition: object): object => ({
  Effect: 'Deny',
  Action: '*',
  Resource: '*',
  Condition: condition,
});

/** The document of a role's one deny policy. Without white space, which IAM does not count and we do not need. */
export const endedPolicy = ({ marks, issuedBefore }: DeniedSessions): string =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [
      deny({ StringEquals: { [`aws:PrincipalTag/${MARK_TAG}`]: [NOBODY, ...marks] } }),
      ...(issuedBefore === undefined
        ? []
        : [deny({ DateLessThan: { 'aws:TokenIssueTime': policyTime(issuedBefore + SECOND_MS - 1) } })]),
    ],
  });

/** With the second statement, so that one more grant never changes how many fit. */
const MARKS_MAX_COUNT = Math.floor(
  (MANAGED_POLICY_MAX_CHARACTERS - endedPolicy({ marks: [], issuedBefore: 0 }).length) /
    JSON.stringify('0123456789ab,').length,
);

const Denied = <C extends z.ZodType>(condition: C) =>
  z.strictObject({
    Effect: z.literal('Deny'),
    Action: z.literal('*'),
    Resource: z.literal('*'),
    Condition: condition,
  });

const ByMark = Denied(
  z.strictObject({
    StringEquals: z.strictObject({
      [`aws:PrincipalTag/${MARK_TAG}`]: z.union([z.string(), z.array(z.string()).min(1)]),
    }),
  }),
);
const ByTime = Denied(
  z.strictObject({ DateLessThan: z.strictObject({ 'aws:TokenIssueTime': z.iso.datetime() }) }),
);
const Document = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.union([z.tuple([ByMark]), z.tuple([ByMark, ByTime])]),
});

/** What a document denies; undefined when it is not one of ours, whatever it says. */
export const readEndedPolicy = (document: string): DeniedSessions | undefined => {
  const read = Document.safeParse(parseJson(document));
  if (!read.success) return undefined;
  const [byMark, byTime] = read.data.Statement;
  const marks = Object.values(byMark.Condition.StringEquals).flat();
  const time = byTime?.Condition.DateLessThan['aws:TokenIssueTime'];
  return {
    marks: marks.filter((mark) => mark !== NOBODY),
    issuedBefore: time === undefined ? undefined : Date.parse(time),
  };
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
