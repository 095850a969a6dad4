import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that is gone when the test process is. */
export const scratchDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'latchkey-infra-'));
  process.on('exit', () => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
