import { globSync } from 'node:fs';
import { sep } from 'node:path';

/** Every test file of the working directory, or those below the paths that are named; in order, with `/` in them. */
export const testFiles = (only: readonly string[] = []): string[] =>
  globSync('test/**/*.test.ts')
    .map((file) => file.split(sep).join('/'))
    .filter((file) => only.length === 0 || only.some((path) => isBelow(file, path)))
    .sort();

const isBelow = (file: string, path: string): boolean =>
  file === path || file.startsWith(path.endsWith('/') ? path : `${path}/`);
