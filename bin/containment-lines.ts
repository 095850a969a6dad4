import type { Wire } from './api-client.ts';
import { type Output, paint, printable, tableLines } from './terminal.ts';

type Seen = Wire['ContainmentView'];

/** `principal sales-analyst`, or the key where nobody is known by it. */
export const scopeWords = ({ scope, key, names }: Pick<Seen, 'scope' | 'key' | 'names'>): string => {
  if (scope === 'everything') return scope;
  return scope === 'principal' && names.length > 0 ? `${scope} ${names.join(', ')}` : `${scope} ${key}`;
};

const STYLES = { holding: 'yellow', settled: 'green', lifted: 'dim' } as const;

export const listLines = (output: Output, containments: readonly Seen[]): readonly string[] =>
  tableLines(
    output,
    ['ID', 'STATE', 'SCOPE', 'PLACED', 'BY', 'WHY'],
    containments.map((one) => [
      one.id,
      paint(output, STYLES[one.state], one.state),
      printable(scopeWords(one)),
      one.placed.at,
      printable(one.placed.by.name),
      oneLine(one.placed.why),
    ]),
  );

/** What is still being ended: a table for people, a line for each in a pipe. */
export const endingLines = (output: Output, { stillEnding }: Seen): readonly string[] => {
  if (!stillEnding || stillEnding.count === 0) return [];
  const grants = stillEnding.grants.map(({ id, status, attempts, lastError = '' }) => [
    id,
    status === 'quarantined' ? paint(output, 'red', status) : status,
    String(attempts),
    printable(lastError),
  ]);
  const runs = stillEnding.runs.map((id) => [id, 'not over', '', '']);
  const rows = [...grants, ...runs];
  const more = stillEnding.count - rows.length;
  const lines = tableLines(output, ['STILL BEING ENDED', 'STATUS', 'TRIES', 'LAST ERROR'], rows);
  return more > 0 ? [...lines, `and ${more} more`] : lines;
};

/** One line that says how far it is. The same line twice is said once. */
export const progressLine = (one: Seen): string => {
  const { lastPass, stillEnding } = one;
  const left = stillEnding?.count ?? lastPass?.owed ?? 0;
  const { grants = 0, runs = 0, approvals = 0, tasks = 0 } = lastPass?.ended ?? {};
  const last =
    one.passes === 0
      ? 'no pass yet'
      : `pass ${one.passes} ended ${grants} grants, ${runs} runs, ${approvals} plans and ${tasks} tasks`;
  return `${one.state}: ${last}; ${left} still being ended`;
};

const oneLine = (text: string): string => printable(text).replaceAll('\n', ' ');
