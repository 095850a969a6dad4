import { writeSync } from 'node:fs';
import { afterEach, beforeEach } from 'node:test';
import { isMainThread } from 'node:worker_threads';

/**
 * Loaded before a test file (`--import …/end-in-time.ts?timeoutMs=60000`): a process in which no test runs for so long has left
 * something open, and ends here with exit code 1, saying what it was. Node's own limit is for tests, not for their files.
 */
const timeoutMs = Number(new URL(import.meta.url).searchParams.get('timeoutMs'));

const endHere = (): void => {
  const open = process.getActiveResourcesInfo().join(', ');
  writeSync(process.stderr.fd, `did not end after its last test; still open: ${open}\n`);
  process.exit(1);
};

// Threads inherit what their process was told to load, and have no tests.
if (isMainThread) {
  let running = 0;
  let timer = setTimeout(endHere, timeoutMs).unref();
  beforeEach(() => {
    running += 1;
    clearTimeout(timer);
  });
  afterEach(() => {
    running -= 1;
    if (running === 0) timer = setTimeout(endHere, timeoutMs).unref();
  });
}
