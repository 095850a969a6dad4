import { readFileSync } from 'node:fs';
import type { SampleDatabase } from '../targets/postgres.ts';

/** The shop of the sample configuration. */
export const SAMPLE_DATABASES: readonly SampleDatabase[] = ['orders', 'billing'].map((name) => ({
  name,
  seed: readFileSync(`${import.meta.dirname}/${name}.sql`, 'utf8'),
}));
