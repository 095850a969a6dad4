import { createEngine } from '../policy/engine.ts';
import { runExamples } from '../policy/examples.ts';
import { missingGuardRails, weakGuardRails } from '../policy/guard-rails.ts';
import { monotonicMistakes } from '../policy/monotonic.ts';
import { validatePolicies } from '../policy/validate.ts';
import type { CompiledConfig } from './compiled.ts';
import type { ConfigFiles, FileError } from './config-files.ts';
import { digestOf } from './digest.ts';
import { type FilesRead, inFile, readConfigFiles, type UncheckedConfig } from './read-config-files.ts';

export type CompileResult =
  | { readonly ok: true; readonly value: CompiledConfig }
  | { readonly ok: false; readonly errors: readonly FileError[] };

/**
 * Everything under `config/`, checked as a whole: shapes, references, policies against their schema, guard rails, and
 * every example. Pure, and the only way to a `CompiledConfig`. All mistakes of a stage are told at once; a stage whose
 * ground is unsound is not entered.
 */
export const compileConfig = (files: ConfigFiles): CompileResult => {
  const checked = checkConfig(files);
  if (!checked.ok) return checked;
  const errors = exampleMistakes(checked);
  if (errors.length > 0) return { ok: false, errors };
  const { config } = checked;
  return { ok: true, value: deepFreeze({ digest: digestOf(config), ...config }) };
};

/** The same up to the examples, which `npm run policy -- test` shows one by one. */
export const checkConfig = (files: ConfigFiles): FilesRead => {
  const read = readConfigFiles(files);
  if (!read.ok) return read;
  const { config } = read;
  const isGuarded = files.guardRails === 'required';
  const errors = [
    ...(isGuarded ? missingGuardRails(config.policies) : []),
    ...validatePolicies(config),
    ...config.policies.flatMap((policy) => inFile(`policies/${policy.file}`, monotonicMistakes(policy))),
  ];
  if (errors.length > 0) return { ok: false, errors };
  const weak = isGuarded ? weakGuardRails(config, read) : [];
  return weak.length > 0 ? { ok: false, errors: weak } : read;
};

const exampleMistakes = ({ config, examples }: UncheckedConfig): readonly FileError[] =>
  runExamples(examples, config, createEngine(config)).flatMap(({ mistakes }, index) =>
    mistakes.map((mistake) => ({
      file: 'examples.yaml',
      path: `examples[${index}]`,
      message: `The example ${mistake}`,
    })),
  );

const deepFreeze = <T>(value: T): T => {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const part of Object.values(value)) deepFreeze(part);
  }
  return value;
};
