import * as z from 'zod';

const OneOrMore = z.union([z.string(), z.array(z.string())]).transform((value) => [value].flat());

type Test = (values: readonly string[], wanted: readonly string[]) => boolean;

const isIn: Test = ([value], wanted) => value !== undefined && wanted.includes(value);
const isLike: Test = ([value], wanted) =>
  value !== undefined && wanted.some((glob) => globMatches(glob, value));
const isTime =
  (holds: (time: number, wanted: number) => boolean): Test =>
  ([value], wanted) =>
    value !== undefined && wanted.some((time) => holds(Date.parse(value), Date.parse(time)));

/** Every operator of Latchkey's own policies. `ForAllValues` holds where there are no values, as on AWS. */
const OPERATORS: Readonly<Record<string, Test>> = {
  ArnEquals: ([value], wanted) => value !== undefined && wanted.some((arn) => arnMatches(arn, value)),
  StringEquals: isIn,
  StringLike: isLike,
  DateLessThan: isTime((time, wanted) => time < wanted),
  DateGreaterThanEquals: isTime((time, wanted) => time >= wanted),
  Null: (values, [isMissing]) => String(values.length === 0) === isMissing,
  'ForAllValues:StringEquals': (values, wanted) => values.every((value) => isIn([value], wanted)),
  'ForAllValues:StringLike': (values, wanted) => values.every((value) => isLike([value], wanted)),
};

const Statement = z
  .strictObject({
    Effect: z.enum(['Allow', 'Deny']),
    Action: OneOrMore.optional(),
    NotAction: OneOrMore.optional(),
    Resource: OneOrMore.optional(),
    Principal: z
      .union([z.strictObject({ AWS: OneOrMore }), z.strictObject({ Service: OneOrMore })])
      .optional(),
    Condition: z
      .record(
        z.string().refine((name) => Object.hasOwn(OPERATORS, name)),
        z.record(z.string(), OneOrMore),
      )
      .default({}),
  })
  // What is allowed is written out. Only a deny may speak of everything else.
  .refine(({ Effect, Action, NotAction }) =>
    NotAction ? Effect === 'Deny' && !Action : Action !== undefined,
  );

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
  /** Condition keys of this call. A key that is not there matches nothing, except under `ForAllValues` and `Null`. */
  readonly context?: Readonly<Record<string, readonly string[]>>;
}

/** Policies by their kind, each in AWS's words. Every kind that is there must allow, and none may deny. */
export type PolicyLayers = { readonly [K in (typeof KINDS)[number]]?: readonly PolicyDocument[] | undefined };

const KINDS = ['identity-based policy', 'permissions boundary', 'session policy'] as const;

/** Undefined where a call is allowed; otherwise the end of AWS's sentence, which says by what it is not. */
export const refusalBy = (layers: PolicyLayers, request: AccessRequest): string | undefined => {
  const effects = KINDS.map((kind) => ({ kind, found: layers[kind] && effectsOf(layers[kind], request) }));
  const denying = effects.find(({ found }) => found?.has('Deny'));
  if (denying) return `with an explicit deny in ${denying.kind.startsWith('i') ? 'an' : 'a'} ${denying.kind}`;
  const silent = effects.find(({ found }) => found && !found.has('Allow'));
  return silent && `because no ${silent.kind} allows the ${request.action} action`;
};

const effectsOf = (policies: readonly PolicyDocument[], request: AccessRequest): ReadonlySet<string> =>
  new Set(
    policies
      .flatMap(({ Statement }) => Statement)
      .filter((one) => applies(one, request))
      .map(({ Effect }) => Effect),
  );

/** Nothing is allowed unless a statement allows it, and a deny wins over every allow. */
export const allows = (policies: readonly PolicyDocument[], request: AccessRequest): boolean =>
  refusalBy({ 'identity-based policy': policies }, request) === undefined;

/** What a policy of a resource gives to a principal that it names, which adds to everything but an explicit deny. */
export const givesTo = (
  policy: PolicyDocument,
  names: readonly string[],
  request: AccessRequest,
): boolean => {
  const isNamed = ({ Principal }: Statement): boolean =>
    Principal !== undefined && 'AWS' in Principal && Principal.AWS.some((name) => names.includes(name));
  return allows([{ ...policy, Statement: policy.Statement.filter(isNamed) }], request);
};

/** A role's trust policy: the same, for the role or its account. */
export const trusts = (trust: PolicyDocument, principalArn: string, request: AccessRequest): boolean =>
  givesTo(trust, [principalArn, principalArn.replace(/:role\/.*$/, ':root')], request);

const applies = (statement: Statement, request: AccessRequest): boolean => {
  const { Action, NotAction, Resource = ['*'], Condition } = statement;
  const isNamed = (Action ?? NotAction ?? []).some((wanted) =>
    globMatches(wanted.toLowerCase(), request.action.toLowerCase()),
  );
  return (
    isNamed === (Action !== undefined) &&
    Resource.some((wanted) => arnMatches(wanted, request.resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) =>
        OPERATORS[operator]?.(request.context?.[key] ?? [], wanted),
      ),
    )
  );
};

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
