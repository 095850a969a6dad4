import { compileConfig } from '../lambdas/core/config/compile.ts';
import type { CompiledConfig } from '../lambdas/core/config/compiled.ts';
import type { ConfigFiles } from '../lambdas/core/config/config-files.ts';
import { Mistakes } from './mistakes.ts';
import { readConfig } from './read-config.ts';

/** A configuration directory, read and compiled. Throws `Mistakes`. */
export const compiledConfig = (directory: string, guardRails: ConfigFiles['guardRails']): CompiledConfig => {
  const compiled = compileConfig(readConfig(directory, guardRails));
  if (!compiled.ok)
    throw new Mistakes(compiled.errors.map((error) => ({ ...error, file: `${directory}/${error.file}` })));
  return compiled.value;
};
