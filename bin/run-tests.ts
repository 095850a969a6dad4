import { resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

export interface TestRun {
  /** Paths of test files, from the working directory. */
  readonly files: readonly string[];
  /** Files at a time, each in a process of its own. */
  readonly concurrency: number;
  /** A test that takes longer has failed. */
  readonly testTimeoutMs: number;
  /** What has not ended by then is ended, and has failed: a server that was left open keeps its file alive for ever. */
  readonly runTimeoutMs: number;
}

/**
 * Runs test files with Node's own runner, which closes with its summary. True when each file has tests, each test ran
 * and passed: one that is skipped, left for later or preferred over others (`only`) makes it false, and is named.
 */
export const runTests = async (options: TestRun): Promise<boolean> => {
  const { files, concurrency, testTimeoutMs, runTimeoutMs } = options;
  let failures = 0;
  const objections: string[] = [];
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(new Error('the tests took too long')), runTimeoutMs);
  const events = run({
    files: files.map((file) => resolve(file)),
    concurrency,
    timeout: testTimeoutMs,
    signal: deadline.signal,
  });
  events.on('test:fail', () => {
    failures += 1;
  });
  events.on('test:pass', ({ name, file = '', skip, todo }) => {
    if (isSaid(skip)) objections.push(`skipped: ${name} (${file})`);
    if (isSaid(todo)) objections.push(`left for later: ${name} (${file})`);
    // The runner reports a file in which it met no test as one passed test.
    if (name === file) objections.push(`no test in it: ${file}`);
  });
  events.on('test:diagnostic', ({ message, file = '' }) => {
    if (message.includes('--test-only')) objections.push(`preferred over others by \`only\`: in ${file}`);
  });
  const output = events.compose(new spec());
  for await (const text of output) process.stdout.write(text);
  clearTimeout(timer);
  for (const objection of objections) console.error(objection);
  if (files.length === 0) console.error('There is no test to run.');
  return files.length > 0 && failures === 0 && objections.length === 0;
};

/** `skip: ''` and `todo: ''` are said too: a test that says `t.skip('')` did not run. */
const isSaid = (reason: string | boolean | undefined): boolean => reason !== undefined && reason !== false;
