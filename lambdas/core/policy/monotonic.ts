import type { PolicySource } from '../config/compiled.ts';
import type { ConfigError } from '../config/config-error.ts';
import { QUORUM_MAX } from '../limits.ts';
import { parsePolicy } from './parse-policy.ts';
import type { AskPolicy } from './question.ts';
import type { OpenQuestion } from './quorum.ts';
import { askWithAnybody } from './quorum.ts';

/**
 * More people must never turn a yes into a no: a quorum would otherwise be no quorum, and an approval could take away
 * what was there without it. Looked for in the syntax, so what passes is safe for every request, not only for those that
 * somebody thought of: a permit's condition may only become true as people approve, a forbid's only false.
 * Some harmless conditions are refused too; each has a plain spelling, which the message gives.
 */
export const monotonicMistakes = ({ id, text }: PolicySource): readonly ConfigError[] => {
  const { effect, conditions } = parsePolicy(text);
  if (!mentionsPeople(conditions)) return [];
  const mistakes = conditions.flatMap(({ kind, body }) => [
    ...unknownOperators(body),
    ...wrongWays(body, (effect === 'permit') === (kind === 'when')),
  ]);
  return [...new Set(mistakes)].map((mistake) => ({
    path: `policy ${id}`,
    message: `More approvals must never turn a yes into a no, but ${mistake}.`,
  }));
};

/** The same, seen in the answers: the first number of people at which a yes turns into a no for this question. */
export const findDrop = (
  ask: AskPolicy,
  question: OpenQuestion,
  groups: readonly string[],
): number | undefined => {
  const answers = Array.from({ length: QUORUM_MAX + 1 }, (_, approvals) =>
    askWithAnybody(ask, question, { approvals, groups }),
  );
  const drop = answers.findIndex((answer, approvals) => !answer.allowed && answers[approvals - 1]?.allowed);
  return drop === -1 ? undefined : drop;
};

type Operands = Readonly<Record<string, unknown>>;

const PEOPLE: readonly unknown[] = ['approvals', 'approverGroups'];
const HOW_TO_ASK =
  'ask for people with `context.approvals >= n` or `context.approverGroups.contains(Group::"…")`, joined by `&&` and `||`';

const isRecord = (node: unknown): node is Operands => typeof node === 'object' && node !== null;

/** A node of Cedar's tree is an object whose one key is the operator. */
const split = (node: unknown): { readonly operator: string; readonly operands: Operands } => {
  const [operator, operands] = isRecord(node) ? (Object.entries(node)[0] ?? []) : [];
  return { operator: operator ?? '', operands: isRecord(operands) ? operands : {} };
};

const isContext = (node: unknown): boolean => isRecord(node) && node.Var === 'context';

const isAttribute = (node: unknown, attribute: string): boolean => {
  const { operator, operands } = split(node);
  return operator === '.' && operands.attr === attribute && isContext(operands.left);
};

/** The first attribute of `context.a`, `context.a.b` or `context has a`; undefined for any other expression. */
const contextAttribute = (node: unknown): unknown => {
  const { operator, operands } = split(node);
  if (operator !== '.' && operator !== 'has') return undefined;
  return isContext(operands.left) ? [operands.attr].flat()[0] : contextAttribute(operands.left);
};

/** Whether the value of an expression may depend on people. The context as a whole does; what is known of a run does not. */
const mentionsPeople = (node: unknown): boolean => {
  if (isContext(node)) return true;
  const attribute = contextAttribute(node);
  if (attribute !== undefined) return PEOPLE.includes(attribute);
  return isRecord(node) && Object.values(node).some(mentionsPeople);
};

/** Comparisons that become true, on their left side, as the number grows; and those that become false. */
const GROWS: readonly string[] = ['>', '>='];
const SHRINKS: readonly string[] = ['<', '<='];

/** What is wrong with a condition that may only become true (`rising`), or only false, as people approve. */
const wrongWays = (node: unknown, rising: boolean): readonly string[] => {
  if (!mentionsPeople(node)) return [];
  const { operator, operands } = split(node);
  if (operator === '!') return wrongWays(operands.arg, !rising);
  if (operator === '&&' || operator === '||')
    return [...wrongWays(operands.left, rising), ...wrongWays(operands.right, rising)];
  if (operator === 'if-then-else' && !mentionsPeople(operands.if))
    return [...wrongWays(operands.then, rising), ...wrongWays(operands.else, rising)];
  const way = wayOf(operator, operands);
  if (way === undefined) return [`\`${operator}\` may do that: ${HOW_TO_ASK}`];
  if ((way === 'rises') === rising) return [];
  return [`\`${operator}\` does that here: ${HOW_TO_ASK}`];
};

/** Which way a comparison goes as people approve; undefined when it may go either way, or cannot be told. */
const wayOf = (operator: string, operands: Operands): 'rises' | 'falls' | undefined => {
  const { left, right } = operands;
  if (GROWS.includes(operator) || SHRINKS.includes(operator)) {
    if (isAttribute(left, 'approvals') && !mentionsPeople(right))
      return GROWS.includes(operator) ? 'rises' : 'falls';
    if (isAttribute(right, 'approvals') && !mentionsPeople(left))
      return SHRINKS.includes(operator) ? 'rises' : 'falls';
  }
  if (['contains', 'containsAll', 'containsAny'].includes(operator))
    return isAttribute(left, 'approverGroups') && !mentionsPeople(right) ? 'rises' : undefined;
  if (operator === 'in')
    return isAttribute(right, 'approverGroups') && !mentionsPeople(left) ? 'rises' : undefined;
  if (operator === 'isEmpty') return isAttribute(operands.arg, 'approverGroups') ? 'falls' : undefined;
  return undefined;
};

/**
 * Operators that cannot fail once Cedar's validator has passed them. Others can, by overflow say, and one that is reached
 * only after somebody approved would fail only then; what fails to evaluate is a no.
 */
const SURE: readonly string[] = [
  ...['Value', 'Var', '!', '&&', '||', '==', '!=', '<', '<=', '>', '>=', 'if-then-else'],
  ...['in', 'is', 'has', 'like', 'contains', 'containsAll', 'containsAny', 'isEmpty', 'Set', 'Record'],
];

const unknownOperators = (node: unknown): readonly string[] => {
  const { operator, operands } = split(node);
  if (operator === 'Value' || operator === 'Var') return [];
  // An attribute that may be absent is looked at behind a `has` only: strict validation insists on it.
  const isSure = SURE.includes(operator) || contextAttribute(node) !== undefined;
  if (!isSure)
    return [`\`${operator}\` can fail to evaluate: write the result out, or put it into a policy of its own`];
  return childrenOf(operator, operands).flatMap(unknownOperators);
};

const childrenOf = (operator: string, operands: Operands): readonly unknown[] => {
  if (operator === 'Set' || operator === 'Record') return Object.values(operands);
  return ['left', 'right', 'arg', 'if', 'then', 'else', 'in']
    .filter((name) => name in operands)
    .map((name) => operands[name]);
};
