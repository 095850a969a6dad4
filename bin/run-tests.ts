import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { pathToFileURL } from 'node:url';

export interface TestRun {
  /** Paths of test files, from the working directory. Those of a list share a process, one after the other. */
  readonly files: readonly (string | readonly string[])[];
  /** Processes at a time. */
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
  const { concurrency, testTimeoutMs, runTimeoutMs } = options;
  const files = options.files.flat();
  const tested = new Set<string>();
  let failures = 0;
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
    signal: deadline.signal,
  });
  events.on('test:fail', ({ file = '' }) => {
    failures += 1;
    tested.add(file);
  });
  events.on('test:pass', ({ name, file = '', skip, todo }) => {
    if (isSaid(skip)) objections.push(`skipped: ${name} (${file})`);
    if (isSaid(todo)) objections.push(`left for later: ${name} (${file})`);
    // The runner reports a process in which it met no test as one passed test.
    if (name !== file) tested.add(file);
    else if (!file.startsWith(entries)) objections.push(`no test in it: ${file}`);
  });
  events.on('test:diagnostic', ({ message, file = '' }) => {
    if (message.includes('--test-only')) objections.push(`preferred over others by \`only\`: in ${file}`);
  });
  const output = events.compose(new spec());
  for await (const text of output) process.stdout.write(text);
  clearTimeout(timer);
  rmSync(entries, { recursive: true });
  // A file that only calls what defines tests elsewhere shares no process: there it is not seen.
  const together = options.files.flatMap((one) => (typeof one === 'string' ? [] : one));
  for (const file of together) if (!tested.has(resolve(file))) objections.push(`no test in it: ${file}`);
  for (const objection of objections) console.error(objection);
  if (files.length === 0) console.error('There is no test to run.');
  return files.length > 0 && failures === 0 && objections.length === 0;
};

/** Reads the files one after the other: what they define is then run in that order, and each test tells its own file. */
const sharedEntry = (entry: string, files: readonly string[]): string => {
  const lines = files.map((file) => `import ${JSON.stringify(pathToFileURL(resolve(file)).href)};\n`);
  writeFileSync(entry, lines.join(''));
  return entry;
};

/** `skip: ''` and `todo: ''` are said too: a test that says `t.skip('')` did not run. */
const isSaid = (reason: string | boolean | undefined): boolean => reason !== undefined && reason !== false;
