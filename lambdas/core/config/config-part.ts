import type { CompiledConfig, ConfigFor, FunctionName } from './compiled.ts';
import { CONFIG_PARTS } from './compiled.ts';

/** What one function carries inside its asset: the parts that it needs, and the digest that they all share. */
export const configFor = <F extends FunctionName>(name: F, config: CompiledConfig): ConfigFor<F> => {
  const parts: readonly (keyof CompiledConfig)[] = CONFIG_PARTS[name];
  return Object.fromEntries(parts.map((part) => [part, config[part]])) as unknown as ConfigFor<F>;
};
