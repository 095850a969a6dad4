import { writeSync } from 'node:fs';
import { afterEach, beforeEach } from 'node:test';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded before a test file (`--import …/end-in-time.ts?timeoutMs=60000`): a process in which no test has begun or ended for half as
 * long again as a test may take has left something open, or waits for ever. It ends here with exit code 1, saying what is open.
 * Node's own limit is for tests, not for their files.
 */
const timeoutMs = 1.5 * Number(new URL(import.meta.url).searchParams.get('timeoutMs'));

const endHere = (): void => {
  const open = process.getActiveResourcesInfo().join(', ');
  writeSync(process.stderr.fd, `no test has begun or ended for ${timeoutMs} ms; still open: ${open}\n`);
  process.exit(1);
};

// Threads inherit what their process was told to load, and have no tests.
if (isMainThread) {
  const timer = setTimeout(endHere, timeoutMs).unref();
  beforeEach(() => void timer.refresh());
  afterEach(() => void timer.refresh());
}
