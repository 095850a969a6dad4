import { resolve } from 'node:path';

const FULL_DIR = resolve(import.meta.dirname, '../../.latchkey/full');

/** What `bin/test-full.ts` prepares and these tests use. */
export const NPM_DIR = resolve(FULL_DIR, 'npm');
export const VENV_DIR = resolve(FULL_DIR, 'venv');
/** Made anew by each run. */
export const WORK_DIR = resolve(FULL_DIR, 'work');
