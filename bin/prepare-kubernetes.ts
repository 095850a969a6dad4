import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Mistakes } from './mistakes.ts';

const run = promisify(execFile);

/** The oldest that reads a `toolchain` line, and gets the version that is named there as a module. */
const GO_MINOR_MIN = 21;
const TICK_MS = 30_000;

export const GO_MISSING = `needs 1.${GO_MINOR_MIN} or later, to build Kubernetes' own API server (Debian 13, Ubuntu 24.04: \`apt-get install golang-go\`).`;

export const hasFitGo = async (): Promise<boolean> => {
  const output = await run('go', ['env', 'GOVERSION']).then(
    ({ stdout }) => stdout,
    () => '',
  );
  return Number(/^go1\.(\d+)/.exec(output)?.[1]) >= GO_MINOR_MIN;
};

/**
 * Builds the API server from its published Go modules, pinned by `go.sum`, once for each state of its sources. Nothing is optimised:
 * building it is what takes the time.
 */
export const prepareKubernetes = async (wish: {
  readonly source: string;
  readonly dir: string;
  readonly onProgress: (what: string) => void;
}): Promise<void> => {
  const { source, dir, onProgress } = wish;
  const stamp = join(dir, 'built');
  const wanted = digestOf(source);
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  onProgress(
    'building Kubernetes’ API server from Go modules, once: three to five minutes on two cores, 2 GB of caches',
  );
  const started = Date.now();
  const tick = setInterval(() => onProgress(`still building, for ${secondsSince(started)} s`), TICK_MS);
  const args = ['build', '-ldflags=-s -w', '-gcflags=all=-l', '-o', resolve(dir, 'kubernetes'), '.'];
  const env = { ...process.env, GOFLAGS: '-mod=readonly -buildvcs=false' };
  await run('go', args, { cwd: source, env })
    .catch((error: unknown) => {
      const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
      const message = `Kubernetes' API server could not be built.\n${stderr}`;
      throw new Mistakes([{ file: 'Go', path: '', message }]);
    })
    .finally(() => clearInterval(tick));
  onProgress(`built in ${secondsSince(started)} s`);
  writeFileSync(stamp, wanted);
};

const secondsSince = (at: number): number => Math.round((Date.now() - at) / 1_000);

const digestOf = (source: string): string => {
  const hash = createHash('sha256');
  for (const file of globSync('*', { cwd: source }).sort()) hash.update(readFileSync(join(source, file)));
  return hash.digest('hex');
};
