import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CONFIG_PARTS, type ConfigFor, type FunctionName } from '../core/config/compiled.ts';

/**
 * The part of the configuration that travels in this function's own asset. Call it once, where the function is
 * composed: it reads and parses `config.json` each time. The file was checked when it was compiled, so only its
 * shape is looked at here; a function without it fails at its start and serves nobody.
 */
export const loadConfig = <F extends FunctionName>(name: F): ConfigFor<F> => {
  const directory = process.env.LAMBDA_TASK_ROOT;
  if (!directory) throw new Error('LAMBDA_TASK_ROOT is not set, so there is no configuration to read');
  const config: unknown = JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8'));
  const missing = CONFIG_PARTS[name].filter((part) => !hasPart(config, part));
  if (missing.length > 0) throw new Error(`config.json of ${name} lacks ${missing.join(', ')}`);
  return config as ConfigFor<F>;
};

const hasPart = (config: unknown, part: string): boolean =>
  typeof config === 'object' && config !== null && Object.hasOwn(config, part);
