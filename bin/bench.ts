import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, loadavg, totalmem } from 'node:os';
import { join } from 'node:path';
import { findMariadb } from '../examples/targets/mysql/find-mariadb.ts';
import { CONFIG_PARTS, type FunctionName } from '../lambdas/core/config/compiled.ts';
import { type LocalStack, startStack } from '../local/stack.ts';
import { measureApprovals } from './bench-approvals.ts';
import { type DeployedFunction, measureBundles } from './bench-bundles.ts';
import { measureContainments } from './bench-containments.ts';
import { type AwsCall, newBench } from './bench-crew.ts';
import { measureEndedAtOnce } from './bench-endings.ts';
import { KIND_TABLE_HEADER, kindRows, kindTable, withKindTable } from './bench-kind-table.ts';
import { measureLives } from './bench-kinds.ts';
import { benchmarkPage, verdicts } from './bench-report.ts';
import type { BenchResults, Machine } from './bench-results.ts';
import { measureRoutes } from './bench-routes.ts';
import { measureRuns } from './bench-runs.ts';
import { ms } from './bench-table.ts';
import { measureVend } from './bench-vend.ts';
import { createNarrator, type Narrator } from './narrator.ts';
import { paint, tableLines } from './terminal.ts';

const DATA_DIR = '.latchkey/bench';
const PAGE = 'docs/benchmarks.md';
/** Of how access ends, which shows the table of kinds too. */
const ENDINGS_PAGE = 'docs/revocation.md';
const IMPORT_ROUNDS = 15;

const HELP = `Measures the whole product on this machine, in about five minutes, and writes ${PAGE} and the table of kinds in ${ENDINGS_PAGE}.

  npm run bench

Figures are only as good as the machine is quiet: the page tells its load.
`;

const main = async (): Promise<void> => {
  if (process.argv.includes('--help')) return void process.stdout.write(HELP);
  const narrator = createNarrator(process.stdout);
  narrator.title('Latchkey: how fast it is on this machine');
  rmSync(DATA_DIR, { recursive: true, force: true });
  try {
    const results = await measure(narrator);
    writeFileSync(PAGE, benchmarkPage(results));
    const endings = readFileSync(ENDINGS_PAGE, 'utf8');
    writeFileSync(ENDINGS_PAGE, withKindTable(endings, kindTable(results.kinds)));
    process.stdout.write(summaryOf(results));
  } finally {
    rmSync(DATA_DIR, { recursive: true, force: true });
  }
};

const measure = async (narrator: Narrator): Promise<BenchResults> => {
  const [loadBefore = 0] = loadavg();
  if (loadBefore > availableParallelism() / 2)
    narrator.note(
      `This machine is busy (load ${loadBefore.toFixed(1)}): figures will be worse than they need be.`,
    );
  const { functions, postgresVersion, ...running } = await measureRunning(narrator);
  narrator.progress('importing every bundle in fresh processes');
  const scratchDir = join(DATA_DIR, 'without-policy');
  mkdirSync(scratchDir, { recursive: true });
  const bundles = await measureBundles(functions, { rounds: IMPORT_ROUNDS, scratchDir });
  const [loadAfter = 0] = loadavg();
  return { machine: machineOf({ loadBefore, loadAfter, postgresVersion }), bundles, ...running };
};

type Running = Pick<BenchResults, 'routes' | 'vend' | 'runs' | 'approvals' | 'kinds' | 'endedAtOnce'>;

/** Everything that needs the stack to be up, which is stopped afterwards: imports are measured without it. */
const measureRunning = async (
  narrator: Narrator,
): Promise<Running & { functions: readonly DeployedFunction[]; postgresVersion: string }> => {
  const calls: AwsCall[] = [];
  const stack = await startStack({
    dataDir: DATA_DIR,
    mariadb: findMariadb(),
    onProgress: narrator.progress,
    onCall: ({ roleArn, action }) =>
      calls.push({
        functionName: roleArn.split('/latchkey-').at(-1) ?? '',
        operation: action.split(':').at(-1) ?? '',
      }),
  });
  try {
    const bench = await newBench(stack, calls);
    narrator.progress('calling every route');
    const containments = await measureContainments(bench);
    const { results, grants } = await measureRoutes(bench);
    narrator.progress('vending against the floor');
    const vend = await measureVend(bench, grants);
    narrator.progress('running statements against a plain client');
    const measuredRuns = await measureRuns(bench);
    narrator.progress('approving logins and runs on the real page');
    const approvals = await measureApprovals(bench);
    const { kinds, release } = await measureLives(bench, narrator.progress);
    narrator.progress('ending twenty grants at once');
    const endedAtOnce = await measureEndedAtOnce(bench);
    const postgresVersion = await versionOf(stack);
    return {
      routes: [...results, ...measuredRuns.routes, release, ...containments],
      runs: measuredRuns.runs,
      approvals,
      vend,
      kinds,
      endedAtOnce,
      functions: functionsOf(stack),
      postgresVersion,
    };
  } finally {
    await stack.stop();
  }
};

const functionsOf = ({ aws }: LocalStack): readonly DeployedFunction[] =>
  (Object.keys(CONFIG_PARTS) as FunctionName[]).flatMap((name) => {
    const source = aws.functions.get(`latchkey-${name}`)?.source;
    return source ? [{ name, directory: source.directory, environment: source.environment }] : [];
  });

const versionOf = async ({ postgres }: LocalStack): Promise<string> => {
  const superuser = await postgres.asSuperuser('postgres');
  const { rows } = await superuser.query<{ server_version: string }>('SHOW server_version');
  await superuser.end();
  return rows[0]?.server_version ?? 'unknown';
};

const machineOf = (found: Pick<Machine, 'loadBefore' | 'loadAfter' | 'postgresVersion'>): Machine => ({
  cores: availableParallelism(),
  memoryGb: Math.round(totalmem() / 2 ** 30),
  platform: `${process.platform} ${process.arch}`,
  nodeVersion: process.versions.node,
  ...found,
});

const summaryOf = (results: BenchResults): string => {
  const lines = verdicts(results).map(({ what, figure, aim, isMet }) => {
    const mark = paint(process.stdout, isMet ? 'green' : 'yellow', isMet ? 'met' : 'not met');
    return `${what.padEnd(46)} ${figure.padStart(9)}   ${aim.padEnd(9)} ${mark}`;
  });
  return `
${lines.join('\n')}

${tableLines(process.stdout, KIND_TABLE_HEADER, kindRows(results.kinds)).join('\n')}

twenty at once of postgres: dead after ${ms(results.endedAtOnce.again.deadAfter.max)} at most

Everything is in ${PAGE}.
`;
};

await main().catch((error: unknown) => {
  console.error(`Nothing was written: ${error instanceof Error ? error.stack : error}`);
  process.exitCode = 1;
});
