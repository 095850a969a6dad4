import type { PolicyExample } from '../lambdas/core/config/examples-file.ts';
import { createEngine } from '../lambdas/core/policy/engine.ts';
import {
  type ExampleReport,
  policiesBehind,
  runExamples,
  verdictName,
} from '../lambdas/core/policy/examples.ts';
import { imaginedRun } from '../lambdas/core/policy/imagined-run.ts';
import { CONFIG_FLAGS, checkedPolicy } from './checked-policy.ts';
import { readArguments, UsageError } from './command-line.ts';
import { runWords } from './run-words.ts';
import { paint, printable, tableLines } from './terminal.ts';

/** `policy test`: every example with the answer policy gives. Exit code 1 when one does not hold. */
export const testPolicy = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: CONFIG_FLAGS, switches: ['json'] });
  if (given.words.length > 0) throw new UsageError(`"${given.words[0]}" is too much: test takes flags only.`);
  const { config, examples } = checkedPolicy(given);
  const reports = runExamples(examples, config, createEngine(config));
  const failed = reports.filter(({ mistakes }) => mistakes.length > 0);
  console.log(given.switches.has('json') ? JSON.stringify(reports.map(jsonOf), null, 2) : told(reports));
  if (failed.length > 0) process.exitCode = 1;
};

const HEADER = ['', 'who', 'asks for', 'resource', 'seconds', 'answer', 'because of'];

const told = (reports: readonly ExampleReport[]): string => {
  const failed = reports.filter(({ mistakes }) => mistakes.length > 0);
  const style = failed.length > 0 ? 'red' : 'green';
  const summary =
    failed.length > 0
      ? `${failed.length} of ${reports.length} examples do not hold.`
      : `${reports.length} examples hold.`;
  return [
    ...tableLines(process.stdout, HEADER, reports.map(rowOf)),
    ...failed.flatMap(({ example, mistakes }) =>
      mistakes.map((mistake) => `examples[${positionOf(example, reports)}] ${mistake}`),
    ),
    paint(process.stdout, style, summary),
  ].join('\n');
};

const positionOf = (example: PolicyExample, reports: readonly ExampleReport[]): number =>
  reports.findIndex((report) => report.example === example);

const rowOf = ({ example, verdict, mistakes }: ExampleReport): readonly string[] => [
  mistakes.length > 0 ? paint(process.stdout, 'red', 'fails') : paint(process.stdout, 'green', 'holds'),
  `${example.principal.type} ${example.principal.name}`,
  printable(questionCell(example)),
  example.resource,
  example.kind === 'access' ? String(example.durationSeconds) : '-',
  verdict === undefined ? '-' : verdictName(verdict),
  (verdict === undefined ? '' : policiesBehind(verdict).join(', ')) || '-',
];

/** `postgres:write (delete, unbounded, public.orders)` of a run, `aws:assume (read)` of a profile, `unmask email`, or the action. */
const questionCell = (example: PolicyExample): string => {
  if (example.kind === 'unmask') return `unmask ${example.category}`;
  const more = example.run === undefined ? example.profile : runWords(imaginedRun(example.run));
  return more === undefined ? example.action : `${example.action} (${more})`;
};

const jsonOf = ({ example, verdict, mistakes }: ExampleReport) => ({
  ...example,
  answer: verdict === undefined ? null : verdictName(verdict),
  behind: verdict === undefined ? [] : policiesBehind(verdict),
  mistakes,
});
