import { checkConfig } from '../lambdas/core/config/compile.ts';
import type { ConfigFiles } from '../lambdas/core/config/config-files.ts';
import type { UncheckedConfig } from '../lambdas/core/config/read-config-files.ts';
import { type Arguments, oneOf } from './command-line.ts';
import { Mistakes } from './mistakes.ts';
import { readConfig } from './read-config.ts';

/** Flags of every command that reads a configuration. */
export const CONFIG_FLAGS = ['config', 'guard-rails'] as const;

const SETTINGS: readonly ConfigFiles['guardRails'][] = ['required', 'removed'];

/** The setting as `cdk.json` would have it; required unless said otherwise. */
export const guardRailsOf = ({ values }: Arguments): ConfigFiles['guardRails'] => {
  const setting = oneOf('The value of --guard-rails,', values.get('guard-rails') ?? 'required', SETTINGS);
  return setting === 'removed' ? 'removed' : 'required';
};

/** The configuration that the flags name, sound but for its examples. Throws `Mistakes`. */
export const checkedPolicy = (given: Arguments): UncheckedConfig => {
  const directory = given.values.get('config') ?? 'config';
  const checked = checkConfig(readConfig(directory, guardRailsOf(given)));
  if (!checked.ok)
    throw new Mistakes(checked.errors.map((error) => ({ ...error, file: `${directory}/${error.file}` })));
  return checked;
};
