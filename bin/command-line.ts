import { parseArgs } from 'node:util';
import { closest } from '../lambdas/core/config/find-resource.ts';
import { runCommand } from './mistakes.ts';

/** The command was called in a way that it does not understand: told in one line, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Flags that take a value, and switches that take none. */
export interface FlagNames {
  readonly values: readonly string[];
  readonly switches: readonly string[];
}

export interface Arguments {
  readonly words: readonly string[];
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
}

/** Reads a command line, refusing whatever it would otherwise silently ignore. */
export const readArguments = (args: readonly string[], flags: FlagNames): Arguments => {
  const { tokens } = parseArgs({
    args: [...args],
    strict: false,
    tokens: true,
    options: Object.fromEntries([
      ...flags.values.map((name) => [name, { type: 'string' as const }]),
      ...flags.switches.map((name) => [name, { type: 'boolean' as const }]),
    ]),
  });
  const words: string[] = [];
  const values = new Map<string, string>();
  const switches = new Set<string>();
  for (const token of tokens) {
    if (token.kind === 'positional') words.push(token.value);
    if (token.kind !== 'option') continue;
    if (values.has(token.name) || switches.has(token.name))
      throw new UsageError(`${token.rawName} is there twice.`);
    if (flags.switches.includes(token.name)) switches.add(onlySwitch(token));
    else values.set(token.name, flagValue(token, flags));
  }
  return { words, values, switches };
};

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value: string | undefined;
  readonly inlineValue: boolean | undefined;
}

const onlySwitch = ({ name, rawName, value }: OptionToken): string => {
  if (value !== undefined) throw new UsageError(`${rawName} takes no value.`);
  return name;
};

const flagValue = ({ name, rawName, value, inlineValue }: OptionToken, flags: FlagNames): string => {
  if (!flags.values.includes(name)) {
    const near = closest(name, [...flags.values, ...flags.switches]);
    throw new UsageError(
      `${rawName} is not known here.${near === undefined ? '' : ` Did you mean --${near}?`}`,
    );
  }
  if (value === undefined || value === '' || (value.startsWith('-') && !inlineValue))
    throw new UsageError(`${rawName} needs a value.`);
  return value;
};

/** The value of a flag that must be there. */
export const required = ({ values }: Arguments, name: string): string => {
  const value = values.get(name);
  if (value === undefined) throw new UsageError(`--${name} is missing.`);
  return value;
};

/** One of several names, or what was probably meant. */
export const oneOf = (what: string, name: string, known: readonly string[]): string => {
  if (known.includes(name)) return name;
  const near = closest(name, known);
  const hint = near === undefined ? `There are: ${known.join(', ') || 'none'}.` : `Did you mean ${near}?`;
  throw new UsageError(`${what} ${JSON.stringify(name)} is not known. ${hint}`);
};

type Subcommand = (args: readonly string[]) => Promise<void>;

/** Runs the subcommand that is named first. `--help`, or nothing, shows the help; a mistake in calling it is exit code 2. */
export const runSubcommand = async (
  help: string,
  subcommands: Readonly<Record<string, Subcommand>>,
  [name, ...args]: readonly string[],
): Promise<void> => {
  if (name === undefined || name === '--help' || name === '-h' || args.includes('--help')) {
    console.log(help.trim());
    return;
  }
  try {
    const known = oneOf('The command', name, Object.keys(subcommands));
    await runCommand(async () => subcommands[known]?.(args));
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`${error.message}\nRun it with --help to see how it is called.`);
    process.exitCode = 2;
  }
};
