import type { Token } from './parser.ts';

export interface Normalised {
  readonly text: string;
  readonly literals: readonly string[];
}

export interface Constants {
  /** Values of the constants in the tree, by the byte at which they stand. */
  readonly values: ReadonlyMap<number, string>;
  /** The highest parameter of the statement's own; constants are numbered on from it. */
  readonly parameterCount: number;
}

/**
 * Kinds of token that hold no value, by the numbers of PostgreSQL 18's grammar: names, operators, parameters, and signs
 * of several characters. Keywords and single characters are told by themselves.
 */
const KEPT: ReadonlySet<number> = new Set([258, 259, 265, 267, 268, 269, 270, 271, 272, 273, 274]);
const COMMENTS: ReadonlySet<number> = new Set([275, 276]);
const NUMBERS: ReadonlySet<number> = new Set([260, 266]);
const SINGLE_CHARACTERS = 256;
const KEYWORD_CONSTANTS: ReadonlySet<string> = new Set(['null', 'true', 'false']);

/**
 * The statement without what it says about anybody: every constant is `$n` and every comment is gone. It is made of
 * PostgreSQL's own tokens, and a kind of token that is not known to hold no value is taken for a constant. The parser's
 * own normalisation is not used: it leaves comments, positions in `ORDER BY`, and every constant of definitions.
 */
export const normalise = (all: readonly Token[], constants: Constants): Normalised => {
  const tokens = withSigns(all, constants);
  const literals: string[] = [];
  let text = '';
  for (const [index, token] of tokens.entries()) {
    const shown = holdsNoValue(token, constants)
      ? token.text
      : `$${constants.parameterCount + literals.push(token.value ?? constants.values.get(token.start) ?? token.text)}`;
    text += isApart(tokens[index - 1], token, shown) ? ` ${shown}` : shown;
  }
  return { text, literals };
};

interface SignedToken extends Token {
  /** Of a number with its sign. */
  readonly value?: string | undefined;
}

/** Without comments; and the parser takes a minus before a number as part of it. What the tree holds no value for, such as a comment on a table, stays as written. */
const withSigns = (all: readonly Token[], { values }: Constants): readonly SignedToken[] => {
  const tokens = all.filter(({ tokenType }) => !COMMENTS.has(tokenType));
  const isSign = (token: Token | undefined, next: Token | undefined): boolean =>
    token?.text === '-' && values.has(token.start) && next !== undefined && NUMBERS.has(next.tokenType);
  return tokens.flatMap((token, index) => {
    const previous = tokens[index - 1];
    if (isSign(token, tokens[index + 1])) return [];
    return previous && isSign(previous, token) ? [{ ...token, value: values.get(previous.start) }] : [token];
  });
};

const holdsNoValue = ({ tokenType, keywordName, text, start }: Token, { values }: Constants): boolean => {
  if (keywordName !== 'NO_KEYWORD') return !(values.has(start) && KEYWORD_CONSTANTS.has(text.toLowerCase()));
  return tokenType < SINGLE_CHARACTERS || KEPT.has(tokenType);
};

/** Spaces stay where there were any, comments included, so that what was two words never becomes one. */
const isApart = (previous: Token | undefined, token: Token, shown: string): boolean =>
  previous !== undefined && (token.start > previous.end || (shown !== token.text && isWord(previous)));

const isWord = ({ keywordName, tokenType }: Token): boolean =>
  keywordName !== 'NO_KEYWORD' || KEPT.has(tokenType);
