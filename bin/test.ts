import { availableParallelism } from 'node:os';
import { runTests } from './run-tests.ts';
import { testFiles } from './test-files.ts';

/** A suite counts as one test, and a busy machine is no failure. */
const TEST_TIMEOUT_MS = 240_000;
const RUN_TIMEOUT_MS = 900_000;
/** Files mostly compute: more at a time than there are cores only makes each of them late. */
const CONCURRENCY = Math.max(2, availableParallelism());

/**
 * `npm test`: every test that needs nothing but Node and what `npm ci` installs. `npm test -- test/core` runs a part.
 * What needs more is in `test/full` and runs with `npm run test:full`.
 */
const files = testFiles(process.argv.slice(2)).filter((file) => !file.startsWith('test/full/'));

/**
 * Tests of these folders leave nothing behind, so their files share a process: CDK, Cedar and the parser are then loaded once and
 * not by each. What starts servers or changes the environment, and what has hooks for each test, keeps a process of its own.
 */
const TOGETHER = ['test/core/', 'test/infra/'];
const shared = TOGETHER.map((folder) => files.filter((file) => file.startsWith(folder)));
/** Those that start the whole stack take longest, so they begin first: at the end one would keep a core waiting. */
const isLong = (file: string): number => Number(file.startsWith('test/e2e/'));
const alone = files.filter((file) => !TOGETHER.some((folder) => file.startsWith(folder)));
const passed = await runTests({
  files: [...shared.filter((list) => list.length > 0), ...alone.toSorted((a, b) => isLong(b) - isLong(a))],
  concurrency: CONCURRENCY,
  testTimeoutMs: TEST_TIMEOUT_MS,
  runTimeoutMs: RUN_TIMEOUT_MS,
});
if (!passed) process.exitCode = 1;
