import { readFileSync } from 'node:fs';
import type { SampleDatabase } from '../targets/postgres.ts';

/** One of those beside this file. */
export const sampleDatabase = (name: string): SampleDatabase => ({
  name,
  seed: readFileSync(`${import.meta.dirname}/${name}.sql`, 'utf8'),
});

/** The shop of the sample configuration. */
export const SAMPLE_DATABASES: readonly SampleDatabase[] = ['orders', 'billing'].map(sampleDatabase);
