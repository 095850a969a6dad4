import { availableParallelism } from 'node:os';
import { runTests } from './run-tests.ts';
import { testFiles } from './test-files.ts';

/** A busy machine is no failure. */
const TEST_TIMEOUT_MS = 300_000;
const RUN_TIMEOUT_MS = 900_000;
/** Tests mostly compute, and now and then wait: many more at a time than there are cores only make each of them late. */
const CONCURRENCY = availableParallelism() + 1;

/**
 * `npm test`: every test that needs nothing but Node and what `npm ci` installs. `npm test -- test/core` runs a part.
 * What needs more is in `test/full` and runs with `npm run test:full`.
 */
const files = testFiles(process.argv.slice(2)).filter((file) => !file.startsWith('test/full/'));

/**
 * Files that share a process, since each would load CDK, Cedar, the parser and AWS's clients again. Every part takes about as
 * long as the others.
 */
const TOGETHER: readonly (readonly string[])[] = [
  ['test/adapters/'],
  ['test/bin/'],
  ['test/app/'],
  ['test/core/', 'test/infra/'],
  [
    'test/console/',
    'test/contracts/',
    'test/examples/',
    'test/functions/',
    'test/http/',
    'test/local/',
    'test/security/tokens.test.ts',
    'test/tasks/',
  ],
];
/** What runs commands in the environment as it finds it, and what is long by itself. */
const ALONE = ['test/app/crash-points.test.ts', 'test/bin/audit-payloads.test.ts'];

const isBelow = (folders: readonly string[]) => (file: string) =>
  !ALONE.includes(file) && folders.some((folder) => file.startsWith(folder));
const shared = TOGETHER.map((folders) => files.filter(isBelow(folders)));
const alone = files.filter((file) => !isBelow(TOGETHER.flat())(file));
/** Those that start the whole stack take longest, so they begin first: at the end one would keep a core waiting. */
const isLong = (file: string): boolean => file.startsWith('test/e2e/');
const passed = await runTests({
  files: [
    ...alone.filter(isLong),
    ...shared.filter((list) => list.length > 0),
    ...alone.filter((file) => !isLong(file)),
  ],
  concurrency: CONCURRENCY,
  testTimeoutMs: TEST_TIMEOUT_MS,
  runTimeoutMs: RUN_TIMEOUT_MS,
});
if (!passed) process.exitCode = 1;
