import type { ParserInstance } from 'libpg-query/wasm/libpg-query.js';
import { fail, ok, type Result } from '../result.ts';
import type { StatementRefusal, SyntaxNode } from './statement.ts';

/** What PostgreSQL's own parser and lexer make of a text. */
export interface ParsedText {
  /** Statements in order; empty ones between semicolons are none. */
  readonly statements: readonly SyntaxNode[];
  readonly tokens: readonly Token[];
}

/** A lexical token. `start` and `end` count bytes of UTF-8 from the beginning of the text. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** PostgreSQL's number: below 256 it is the character itself. */
  readonly tokenType: number;
  readonly tokenName: string;
  readonly keywordName: string;
}

/**
 * The parser is C in WebAssembly. A text that nests too deeply overflows its stack, and a parser that was left in the
 * middle of its work misbehaves after some dozens of such ends: first wrong errors, then no answer at all. So one that
 * breaks is never used again. Its successor waits ready, because starting one takes time and parsing does not wait.
 */
let current: ParserInstance | undefined;
let spare: ParserInstance | undefined;
let starting: Promise<void> | undefined;

/** Starts what is missing, about 30 ms the first time. Cheap when nothing is, so it is awaited before every use. Throws when the WebAssembly cannot be loaded. */
export const loadParser = async (): Promise<void> => {
  if (current && spare) return;
  starting ??= start().finally(() => {
    starting = undefined;
  });
  return starting;
};

const start = async (): Promise<void> => {
  const { default: create } = await import('libpg-query/wasm/libpg-query.js');
  current ??= await create();
  spare ??= await create();
};

const replaceBroken = (): void => {
  current = spare;
  spare = undefined;
  // Whoever needs the parser next awaits the same start and hears of its failure there.
  loadParser().catch(() => undefined);
};

/**
 * Parses a text without NUL (the parser is a C program and stops there). Refused, never thrown: what PostgreSQL does not
 * understand, what the parser breaks on, and whatever comes while no parser is at hand. Reasons repeat nothing of the text.
 */
export const parseText = (sql: string): Result<ParsedText, StatementRefusal> => {
  if (!current) return fail(refusal('The parser is not ready. Try again.'));
  try {
    return understand(current, sql);
  } catch {
    replaceBroken();
    return fail(
      refusal(
        'The statement is nested too deeply, too long, or has control characters in it. Make it simpler, and send such characters as parameters.',
      ),
    );
  }
};

const refusal = (reason: string): StatementRefusal => ({
  code: 'statement_not_understood',
  part: 'syntax',
  reason,
});

const understand = (parser: ParserInstance, sql: string): Result<ParsedText, StatementRefusal> => {
  const length = parser.lengthBytesUTF8(sql) + 1;
  const text = parser._malloc(length);
  parser.stringToUTF8(sql, text, length);
  const statements = statementsOf(parser, text);
  const tokens = statements.ok ? tokensOf(parser, text) : [];
  parser._free(text);
  if (!statements.ok) return fail(refusal(unclear(sql, statements.failure)));
  return ok({ statements: statements.value, tokens });
};

interface ParseAnswer {
  readonly stmts?: readonly { readonly stmt?: SyntaxNode }[];
}

/** Offsets into `PgQueryParseResult` and `PgQueryError`: pointers and numbers of four bytes each. */
const ERROR_AT = 8;
const POSITION_AT = 16;

/** The failure is a position: characters from 1, or 0 when there is none. */
const statementsOf = (parser: ParserInstance, text: number): Result<readonly SyntaxNode[], number> => {
  const answer = parser._wasm_parse_query_raw(text);
  const error = parser.getValue(answer + ERROR_AT, 'i32');
  const position = error === 0 ? 0 : parser.getValue(error + POSITION_AT, 'i32');
  const json = error === 0 ? parser.UTF8ToString(parser.getValue(answer, 'i32')) : '{}';
  parser._wasm_free_parse_result(answer);
  if (error !== 0) return fail(position);
  const { stmts }: ParseAnswer = JSON.parse(json);
  return ok((stmts ?? []).flatMap(({ stmt }) => (stmt ? [stmt] : [])));
};

const tokensOf = (parser: ParserInstance, text: number): readonly Token[] => {
  const answer = parser._wasm_scan(text);
  const json = parser.UTF8ToString(answer);
  parser._wasm_free_string(answer);
  const { tokens }: { readonly tokens: readonly Token[] } = JSON.parse(json);
  return tokens;
};

const unclear = (sql: string, position: number): string => {
  if (position <= 0) return 'PostgreSQL does not understand the statement.';
  const lines = [...sql]
    .slice(0, position - 1)
    .join('')
    .split('\n');
  const column = [...(lines.at(-1) ?? '')].length + 1;
  return `PostgreSQL does not understand the statement at line ${lines.length}, character ${column}.`;
};
