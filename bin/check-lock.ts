import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { Mistakes, runCommand } from './mistakes.ts';

const Package = z.object({
  version: z.string().optional(),
  resolved: z.string().optional(),
  integrity: z.string().optional(),
  /** Comes inside another package's archive, and under its hash. */
  inBundle: z.boolean().optional(),
  optionalDependencies: z.record(z.string(), z.string()).default({}),
});
const Lock = z.object({ packages: z.record(z.string(), Package) });

/**
 * What makes `npm ci` fail or install something else on another machine: a package for another platform that the lock
 * does not hold, the address of the registry where the lock was made, and a package without a hash. Each is told
 * with the place in the lock.
 */
export const lockMistakes = (
  file: string,
  text: string,
): { file: string; path: string; message: string }[] => {
  const { packages } = Lock.parse(JSON.parse(text));
  return Object.entries(packages).flatMap(([path, locked]) =>
    [
      ...Object.keys(locked.optionalDependencies)
        .filter((name) => !isLocked(packages, path, name))
        .map(
          (name) => `its optional dependency ${name} is not in the lock; take a version that has all of them`,
        ),
      ...(locked.resolved?.includes('://')
        ? ['"resolved" names a host; npm must be told to omit it (.npmrc)']
        : []),
      ...(path === '' || locked.inBundle || locked.integrity ? [] : ['has no "integrity"']),
    ].map((message) => ({ file, path: path || 'the root', message })),
  );
};

/** As Node finds it: beside the package's own dependencies, or beside any package around it. */
const isLocked = (packages: Record<string, unknown>, path: string, name: string): boolean => {
  if (Object.hasOwn(packages, `${path ? `${path}/` : ''}node_modules/${name}`)) return true;
  if (path === '') return false;
  const parent = path.slice(0, Math.max(0, path.lastIndexOf('node_modules/') - 1));
  return isLocked(packages, parent, name);
};

export const LOCKS = [
  'package-lock.json',
  ...['npm', 'postgres-16', 'postgres-17'].map((folder) => `test/full/${folder}/package-lock.json`),
];

if (import.meta.main)
  await runCommand(async () => {
    const mistakes = LOCKS.flatMap((file) => lockMistakes(file, readFileSync(file, 'utf8')));
    if (mistakes.length > 0) throw new Mistakes(mistakes);
  });
