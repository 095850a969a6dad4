import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Made once, the same at each start, in a file that nobody else may read: what scripts and people hold goes on working. */
export const keptSecrets = <N extends string>(
  directory: string,
  names: readonly N[],
): Readonly<Record<N, string>> => {
  const file = join(directory, 'secrets.json');
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  for (const name of names) kept[name] ??= randomBytes(18).toString('base64url');
  writeFileSync(file, JSON.stringify(kept), { mode: 0o600 });
  return Object.fromEntries(names.map((name) => [name, kept[name]])) as Record<N, string>;
};
