import { fail, ok, type Result } from '../result.ts';
import { isBounded } from './bounded.ts';
import { checkText } from './check-text.ts';
import { type Facts, type Fields, isFields, noFacts } from './facts.ts';
import { normalise } from './normalise.ts';
import { type ParsedText, parseText } from './parser.ts';
import type { RelationName, Statement, StatementRefusal } from './statement.ts';
import { STATEMENT_KINDS } from './statement-kinds.ts';
import { unknownForm, walkStatement } from './walk.ts';

/**
 * What one SQL statement does, or why it is refused by its form. The answer says nothing about rights, and a name in the
 * statement may still mean something that is not PostgreSQL's own: both are asked where it runs. That goes for columns
 * too: where `c` has no column `f`, PostgreSQL takes `c.f` for the call `f(c)`. Needs `loadParser`
 * before, and refuses everything without it. Never throws for any text.
 */
export const classify = (sql: string): Result<Statement, StatementRefusal> => {
  const broken = checkText(sql);
  if (broken) return fail(broken);
  const parsed = parseText(sql);
  return parsed.ok ? classifyParsed(parsed.value) : parsed;
};

const classifyParsed = ({ statements, tokens }: ParsedText): Result<Statement, StatementRefusal> => {
  const [tree, ...more] = statements;
  if (!tree || more.length > 0) return fail(notOne(statements.length));
  const [[type, fields] = ['', undefined]] = Object.entries(tree);
  const kind = STATEMENT_KINDS.get(type);
  if (!kind || !isFields(fields)) return fail(unknownForm(type));
  const facts = noFacts(kind);
  const refusal = walkStatement(type, fields, facts);
  if (refusal) return fail(refusal);
  return ok({ ...described(type, fields, facts), ...kept(tokens, facts), tree });
};

const notOne = (count: number): StatementRefusal =>
  count === 0
    ? { code: 'statement_not_understood', part: 'the text', reason: 'There is no statement.' }
    : {
        code: 'statement_forbidden',
        part: 'a second statement',
        reason: 'Send one statement at a time; each is asked about and recorded for itself.',
      };

type Described = Omit<Statement, 'normalised' | 'literals' | 'tree'>;

const described = (type: string, fields: Fields, facts: Facts): Described => ({
  class: facts.kind.class,
  verb: verbOf(fields, facts),
  bounded: isBounded(type, fields),
  relations: [...facts.relations.values()].toSorted((a, b) => (shown(a) < shown(b) ? -1 : 1)),
  columns: [...facts.columns].sort(),
  functions: [...facts.functions].sort(),
  operators: [...facts.operators].sort(),
  parameterCount: facts.parameterCount,
});

const shown = ({ schema, name }: RelationName): string => (schema === undefined ? name : `${schema}.${name}`);

/** `DROP` says what goes. */
const verbOf = ({ removeType }: Fields, { kind }: Facts): string =>
  typeof removeType === 'string' ? `drop ${removeType.replace('OBJECT_', '').toLowerCase()}` : kind.verb;

const kept = (
  tokens: ParsedText['tokens'],
  { constants, parameterCount }: Facts,
): Pick<Statement, 'normalised' | 'literals'> => {
  const { text, literals } = normalise(tokens, { values: constants, parameterCount });
  return { normalised: text, literals };
};
