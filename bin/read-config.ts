import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ConfigFiles } from '../lambdas/core/config/config-files.ts';
import { Mistakes } from './mistakes.ts';

/** Reads a configuration directory, without judging it. Throws `Mistakes` when a file that must be there cannot be read. */
export const readConfig = (
  directory: string,
  guardRails: ConfigFiles['guardRails'] = 'required',
): ConfigFiles => {
  const text = (...names: readonly string[]) =>
    orMistake(join(directory, ...names), (path) => readFileSync(path, 'utf8'));
  const named = (extension: string, ...names: readonly string[]) =>
    orMistake(join(directory, ...names), (path) => readdirSync(path))
      .filter((name) => name.endsWith(extension))
      .sort();
  return {
    issuers: text('issuers.yaml'),
    principals: text('principals.yaml'),
    resources: text('resources.yaml'),
    examples: text('examples.yaml'),
    policies: named('.cedar', 'policies').map((file) => ({ file, text: text('policies', file) })),
    certificates: new Map(named('.pem').map((file) => [file, text(file)])),
    guardRails,
  };
};

const orMistake = <T>(path: string, read: (path: string) => T): T => {
  try {
    return read(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    throw new Mistakes([
      { file: path, path: '', message: `This cannot be read (${code}): it must be there.` },
    ]);
  }
};
