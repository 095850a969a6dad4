import type { DetailedError } from '@cedar-policy/cedar-wasm/nodejs';
import { policySetTextToParts } from '@cedar-policy/cedar-wasm/nodejs';
import type { PolicySource } from '../config/compiled.ts';
import type { Compiled, ConfigError } from '../config/config-error.ts';
import { DESCRIPTION_MAX_CHARACTERS } from '../limits.ts';
import { parsePolicy } from './parse-policy.ts';

/** One Cedar file → its policies, sorted by `@id`. Cedar's own parser says where one ends, never a pattern of ours. */
export const splitPolicies = (file: string, text: string): Compiled<readonly PolicySource[]> => {
  const parts = policySetTextToParts(text);
  if (parts.type === 'failure')
    return { ok: false, errors: parts.errors.map((error) => syntaxError(error, text)) };
  const errors = parts.policy_templates.map((template) => ({
    path: '',
    message: `Write out what \`?principal\` or \`?resource\` stands for: ${firstLine(template)} is a template.`,
  }));
  const policies = parts.policies.map((source) => sourceOf(file, source));
  const mistakes = [...errors, ...policies.flatMap((policy) => annotationMistakes(policy))];
  return mistakes.length > 0
    ? { ok: false, errors: mistakes }
    : { ok: true, value: policies.toSorted((a, b) => (a.id < b.id ? -1 : 1)) };
};

const sourceOf = (file: string, text: string): PolicySource => {
  const annotations = new Map(Object.entries(parsePolicy(text).annotations ?? {}));
  return { id: annotations.get('id') ?? '', reason: annotations.get('reason'), file, text };
};

/** Ids appear in answers, logs and examples, so they are plain; nothing ever reads one as a pattern. */
const ID = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const ID_MAX_CHARACTERS = 64;

const annotationMistakes = ({ id, reason, text }: PolicySource): readonly ConfigError[] => {
  const path = id === '' ? firstLine(text) : `policy ${id}`;
  const mistakes: ConfigError[] = [];
  if (!ID.test(id) || id.length > ID_MAX_CHARACTERS)
    mistakes.push({
      path,
      message: `Give the policy an \`@id("…")\` of lower-case words with dashes, at most ${ID_MAX_CHARACTERS} characters.`,
    });
  if (reason === undefined || !isOneLine(reason))
    mistakes.push({
      path,
      message: `Give the policy a \`@reason("…")\`, one line of at most ${DESCRIPTION_MAX_CHARACTERS} characters that people and agents are shown.`,
    });
  return mistakes;
};

const isOneLine = (text: string): boolean =>
  text.trim() !== '' && text.length <= DESCRIPTION_MAX_CHARACTERS && !/\p{C}|\p{Zl}|\p{Zp}/u.test(text);

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? '';

const syntaxError = ({ message, help, sourceLocations }: DetailedError, text: string): ConfigError => {
  const start = sourceLocations?.[0]?.start;
  return {
    path: start === undefined ? '' : `line ${lineAt(text, start)}`,
    message: `Cedar cannot read this: ${message}${help ? ` (${help})` : ''}.`,
  };
};

/** Cedar counts bytes. */
const lineAt = (text: string, offset: number): number =>
  Buffer.from(text).subarray(0, offset).toString('utf8').split('\n').length;
