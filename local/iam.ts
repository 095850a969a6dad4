import * as z from 'zod';

const OneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

type Test = (values: readonly string[], wanted: readonly string[]) => boolean;

/** Every operator of Latchkey's own templates. `ForAllValues` holds where there are no values, as on AWS. */
const OPERATORS: Readonly<Record<string, Test>> = {
  ArnEquals: ([value], wanted) => value !== undefined && wanted.some((arn) => arnMatches(arn, value)),
  StringEquals: ([value], wanted) => value !== undefined && wanted.includes(value),
  'ForAllValues:StringEquals': (values, wanted) => values.every((value) => wanted.includes(value)),
  'ForAllValues:StringLike': (values, wanted) =>
    values.every((value) => wanted.some((glob) => globMatches(glob, value))),
};

const Statement = z.strictObject({
  Effect: z.enum(['Allow', 'Deny']),
  Action: OneOrMore,
  Resource: OneOrMore.optional(),
  Principal: z.union([z.strictObject({ AWS: OneOrMore }), z.strictObject({ Service: OneOrMore })]).optional(),
  Condition: z
    .record(
      z.string().refine((name) => Object.hasOwn(OPERATORS, name)),
      z.record(z.string(), OneOrMore),
    )
    .default({}),
});

export const PolicyDocument = z.strictObject({
  Version: z.literal('2012-10-17'),
  Statement: z.array(Statement),
});

export type PolicyDocument = z.infer<typeof PolicyDocument>;
type Statement = z.infer<typeof Statement>;

/** Throws on what is not understood: a condition that was skipped would allow too much. */
export const parsePolicy = (document: unknown): PolicyDocument => PolicyDocument.parse(document);

export interface AccessRequest {
  readonly action: string;
  readonly resource: string;
  /** Condition keys of this call. A key that is not there matches nothing, except under `ForAllValues`. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** Nothing is allowed unless a statement allows it, and a deny wins over every allow. */
export const allows = (policies: readonly PolicyDocument[], request: AccessRequest): boolean => {
  const applying = policies.flatMap(({ Statement }) => Statement).filter((one) => applies(one, request));
  return applying.length > 0 && applying.every(({ Effect }) => Effect === 'Allow');
};

/** A role's trust policy: the same evaluation, for a principal instead of a resource. */
export const trusts = (trust: PolicyDocument, principalArn: string, request: AccessRequest): boolean => {
  const names = [principalArn, principalArn.replace(/:role\/.*$/, ':root')];
  const isNamed = ({ Principal }: Statement): boolean =>
    Principal !== undefined && 'AWS' in Principal && Principal.AWS.some((name) => names.includes(name));
  return allows([{ ...trust, Statement: trust.Statement.filter(isNamed) }], request);
};

const applies = ({ Action, Resource = ['*'], Condition }: Statement, request: AccessRequest): boolean =>
  Action.some((wanted) => globMatches(wanted.toLowerCase(), request.action.toLowerCase())) &&
  Resource.some((wanted) => arnMatches(wanted, request.resource)) &&
  Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) =>
      OPERATORS[operator]?.(request.context?.[key] ?? [], wanted),
    ),
  );

const globMatches = (glob: string, text: string): boolean => {
  const source = glob
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^]*')
    .replaceAll('?', '[^]');
  return new RegExp(`^${source}$`).test(text);
};

/** Wildcards do not reach over the colons between the six parts of an ARN. */
const arnMatches = (pattern: string, arn: string): boolean => {
  const [wanted, actual] = [arnParts(pattern), arnParts(arn)];
  const matches = (part: string, index: number) => globMatches(part, actual[index] ?? '');
  return pattern === '*' || (wanted.length === actual.length && wanted.every(matches));
};

const arnParts = (arn: string): string[] =>
  /^(.*?):(.*?):(.*?):(.*?):(.*?):(.*)$/s.exec(arn)?.slice(1) ?? [arn];
