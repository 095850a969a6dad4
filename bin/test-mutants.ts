import { rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { MUTANTS } from '../test/mutants.ts';
import type { Mutant } from './mutant.ts';
import { copyTree, type Outcome, runMutant, runTestFiles } from './run-mutant.ts';
import { paint, tableLines } from './terminal.ts';

/** Each runs a database now and then; more at a time would only make all of them late. */
const AT_A_TIME = 2;
const UNCHANGED_TIMEOUT_MS = 300_000;

const HELP = `Applies one small mutation for each rule, in a copy of the working tree, and demands that a test fails.

  npm run test:mutants [-- <text>]

With a text, only mutants whose file, rule or tests have it. Exit code 1 when one survives or its place is not found.
`;

interface Result {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
}

const main = async (): Promise<void> => {
  const [text = ''] = process.argv.slice(2);
  if (text === '--help') return void process.stdout.write(HELP);
  const chosen = MUTANTS.filter(({ file, rule, tests }) =>
    [file, rule, ...tests].some((words) => words.includes(text)),
  );
  const copies = Array.from({ length: AT_A_TIME }, () => copyTree(resolve(import.meta.dirname, '..')));
  process.once('exit', () => {
    for (const copy of copies) rmSync(copy, { recursive: true, force: true });
  });
  process.once('SIGINT', () => process.exit(130));
  await assertSoundWithout(copies, chosen);
  const results = await runAll(copies, chosen);
  report(results);
  if (results.length === 0 || results.some(({ outcome }) => outcome.verdict !== 'caught'))
    process.exitCode = 1;
};

/** A test that fails anyway catches nothing. */
const assertSoundWithout = async (copies: readonly string[], mutants: readonly Mutant[]): Promise<void> => {
  const files = [...new Set(mutants.flatMap(({ tests }) => tests))].sort();
  process.stdout.write(`Running ${files.length} test files without a mutation …\n`);
  const runs = await Promise.all(
    copies.map((copy, index) => {
      const share = files.filter((_, at) => at % copies.length === index);
      return runTestFiles(copy, share, { timeoutMs: UNCHANGED_TIMEOUT_MS });
    }),
  );
  const failed = runs.flatMap((run) => (run.isComplete ? run.failed : ['the run, which took too long']));
  if (failed.length > 0) throw new Error(`without any mutation these fail: ${failed.join('; ')}`);
};

const runAll = async (copies: readonly string[], mutants: readonly Mutant[]): Promise<readonly Result[]> => {
  const results: Result[] = [];
  const queue = [...mutants];
  const work = async (copy: string): Promise<void> => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      const outcome = await runMutant(copy, mutant);
      results.push({ mutant, outcome });
      const { verdict } = outcome;
      const mark = paint(process.stdout, verdict === 'caught' ? 'green' : 'red', verdict);
      process.stdout.write(
        `${String(results.length).padStart(3)}/${mutants.length} ${mark}  ${mutant.rule}\n`,
      );
    }
  };
  await Promise.all(copies.map(work));
  return results.toSorted((a, b) => a.mutant.promise - b.mutant.promise);
};

const report = (results: readonly Result[]): void => {
  const rows = results.map(({ mutant, outcome }) => [
    String(mutant.promise),
    `${mutant.rule} (${mutant.file})`,
    outcome.verdict === 'caught' ? outcome.caughtBy : outcome.verdict.toUpperCase(),
    outcome.seconds.toFixed(1),
  ]);
  const header = ['promise', 'rule that was broken', 'caught by', 'seconds'];
  process.stdout.write(`\n${tableLines(process.stdout, header, rows).join('\n')}\n`);
  const caught = results.filter(({ outcome }) => outcome.verdict === 'caught').length;
  process.stdout.write(`\n${caught} of ${results.length} mutants were caught.\n`);
};

await main();
