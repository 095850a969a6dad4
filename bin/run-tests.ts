import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';

export interface TestRun {
  /** Paths of test files, from the working directory. Those of a list share a process, each a suite of its own. */
  readonly files: readonly (string | readonly string[])[];
  /** Processes at a time. */
  readonly concurrency: number;
  /** A test that takes longer has failed, and so has a process in which for half as long again no test begins or ends. */
  readonly testTimeoutMs: number;
  /** What has not ended by then is ended, and has failed. */
  readonly runTimeoutMs: number;
}

const END_IN_TIME = pathToFileURL(join(import.meta.dirname, 'end-in-time.ts')).href;

/**
 * Runs test files with Node's own runner, which closes with its summary. True when each file has tests, each test ran
 * and passed: one that is skipped, left for later or preferred over others (`only`) makes it false, and is named.
 */
export const runTests = async (options: TestRun): Promise<boolean> => {
  const { concurrency, testTimeoutMs, runTimeoutMs } = options;
  const files = options.files.flat();
  const together = new Set(options.files.flatMap((one) => (typeof one === 'string' ? [] : one)));
  let failures = 0;
  let testsOfSuite = 0;
  const objections: string[] = [];
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error('the tests took too long')), runTimeoutMs);
  const entries = mkdtempSync(join(tmpdir(), 'latchkey-tests-'));
  const events = run({
    files: options.files.map((one, index) =>
      typeof one === 'string' ? resolve(one) : sharedEntry(join(entries, `${index}.test.mjs`), one),
    ),
    concurrency,
    timeout: testTimeoutMs,
    execArgv: ['--import', `${END_IN_TIME}?timeoutMs=${testTimeoutMs}`],
    signal: deadline.signal,
  });
  // What one process has to tell comes in one piece, and a suite after what is in it.
  const count = (nesting: number) => {
    testsOfSuite = nesting > 0 ? testsOfSuite + 1 : 0;
  };
  events.on('test:fail', ({ nesting }) => {
    failures += 1;
    count(nesting);
  });
  events.on('test:pass', ({ name, nesting, file = '', skip, todo }) => {
    if (isSaid(skip)) objections.push(`skipped: ${name} (${file})`);
    if (isSaid(todo)) objections.push(`left for later: ${name} (${file})`);
    // The runner reports a process in which it met no test as one passed test, and passes an empty suite.
    const isEmpty = name === file || (nesting === 0 && together.has(name) && testsOfSuite === 0);
    if (isEmpty) objections.push(`no test in it: ${name}`);
    count(nesting);
  });
  events.on('test:diagnostic', ({ message, file = '' }) => {
    if (message.includes('--test-only')) objections.push(`preferred over others by \`only\`: in ${file}`);
  });
  const output = events.compose(new spec());
  for await (const text of output) process.stdout.write(text);
  clearTimeout(timer);
  rmSync(entries, { recursive: true });
  for (const objection of objections) console.error(objection);
  if (files.length === 0) console.error('There is no test to run.');
  return files.length > 0 && failures === 0 && objections.length === 0;
};

/**
 * A suite for each file, with the hooks of that file for its own tests alone; each test still tells its own file. Nothing that
 * two of them load may wait while it is loaded: the second would define its tests in the suite of the first, and be empty.
 */
const sharedEntry = (entry: string, files: readonly string[]): string => {
  const suites = files.map((file) => {
    const url = pathToFileURL(resolve(file)).href;
    return `describe(${JSON.stringify(file)}, async () => void (await import(${JSON.stringify(url)})));\n`;
  });
  writeFileSync(entry, `import { describe } from 'node:test';\n${suites.join('')}`);
  return entry;
};

/** `skip: ''` and `todo: ''` are said too: a test that says `t.skip('')` did not run. */
const isSaid = (reason: string | boolean | undefined): boolean => reason !== undefined && reason !== false;
