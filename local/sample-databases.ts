import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { SampleDatabase } from './postgres.ts';

const FOLDER = resolve(import.meta.dirname, '../examples/databases');

/** The shop of the sample configuration. */
export const SAMPLE_DATABASES: readonly SampleDatabase[] = ['orders', 'billing'].map((name) => ({
  name,
  seed: readFileSync(`${FOLDER}/${name}.sql`, 'utf8'),
}));
