import { resolve } from 'node:path';

const FULL_DIR = resolve(import.meta.dirname, '../../.latchkey/full');

/** What `bin/test-full.ts` prepares and these tests use. */
export const NPM_DIR = resolve(FULL_DIR, 'npm');
/** By major version, where it is not the packaged one. */
export const POSTGRES_DIRS: Readonly<Record<number, string>> = {
  16: resolve(FULL_DIR, 'postgres-16'),
  17: resolve(FULL_DIR, 'postgres-17'),
};
/** Debian's MySQL, unpacked, where it could be had. */
export const MYSQL_DIR = resolve(FULL_DIR, 'mysql');
export const KUBERNETES = resolve(FULL_DIR, 'kubernetes/kubernetes');
export const VENV_DIR = resolve(FULL_DIR, 'venv');
/** Made anew by each run. */
export const WORK_DIR = resolve(FULL_DIR, 'work');
