import type * as z from 'zod';

/** One mistake in a configuration file, for the person who will mend it. */
export interface ConfigError {
  /** Where, inside its file: `issuers[0].jwksUri`; empty for the file as a whole. */
  readonly path: string;
  /** One sentence that names the key and what to write instead. */
  readonly message: string;
}

/** What compiling one file hands back: a value, or every mistake that was found in it. */
export type Compiled<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly ConfigError[] };

/** Reads parsed YAML by a strict schema. All mistakes are reported at once, so that a file is mended in one go. */
export const readSection = <T>(schema: z.ZodType<T>, parsed: unknown): Compiled<T> => {
  const read = schema.safeParse(parsed, { reportInput: true });
  if (read.success) return { ok: true, value: read.data };
  return { ok: false, errors: firstOfEach(read.error.issues.flatMap(toConfigErrors)) };
};

/** A value of the wrong type breaks its bounds too; only the first mistake about it helps. */
const firstOfEach = (errors: readonly ConfigError[]): readonly ConfigError[] =>
  errors.filter(({ path }, index) => errors.findIndex((error) => error.path === path) === index);

/** `['issuers', 0, 'jwksUri']` → `issuers[0].jwksUri`. */
export const configPath = (steps: readonly PropertyKey[]): string =>
  steps.reduce<string>((path, step) => {
    if (typeof step === 'number') return `${path}[${step}]`;
    return path === '' ? String(step) : `${path}.${String(step)}`;
  }, '');

const toConfigErrors = (issue: z.core.$ZodIssue): readonly ConfigError[] => {
  const path = configPath(issue.path);
  if (issue.code !== 'unrecognized_keys')
    return [{ path, message: `${nameOf(issue.path)} ${mendOf(issue)}` }];
  return issue.keys.map((key) => ({
    path: configPath([...issue.path, key]),
    message: `"${key}" is not a key here: remove it or mend its spelling.`,
  }));
};

const nameOf = (steps: readonly PropertyKey[]): string => {
  const named = steps.findLast((step) => typeof step === 'string');
  return named === undefined ? 'The file' : `"${String(named)}"`;
};

/** Schemas write their own message as the end of a sentence whose subject is the key; the rest is worded here. */
const mendOf = (issue: z.core.$ZodIssue): string => {
  if (issue.code === 'invalid_type') return typeMend(issue.expected, issue.input);
  if (issue.code === 'invalid_value') return `must be one of: ${issue.values.map(String).join(', ')}.`;
  if (issue.code === 'too_small') return boundMend('at least', issue.minimum, issue.origin);
  if (issue.code === 'too_big') return boundMend('at most', issue.maximum, issue.origin);
  return issue.message === 'Invalid input' ? 'has a form that is not known here.' : issue.message;
};

const typeMend = (expected: string, input: unknown): string => {
  if (input === undefined) return 'is missing: add it.';
  if (expected === 'array') return 'must be a list.';
  if (expected === 'object' || expected === 'record') return 'must be a block of keys and values.';
  if (expected !== 'string') return `must be a ${expected}.`;
  return typeof input === 'object' ? 'must be text.' : 'must be text: put it in quotes.';
};

const boundMend = (bound: string, limit: number | bigint, origin: string): string => {
  if (origin === 'string') return `must be ${bound} ${limit} characters long.`;
  return origin === 'array' ? `must list ${bound} ${limit}.` : `must be ${bound} ${limit}.`;
};
