import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Mistakes } from './mistakes.ts';

const run = promisify(execFile);

export interface VenvWish {
  /** Where the environment is; what is there is replaced when it does not fit. */
  readonly dir: string;
  /** A `requirements.txt`. A `constraints.txt` beside it counts as a part of it. */
  readonly requirements: string;
  /** What it is for, as a subject of sentences to whoever waits. */
  readonly what: string;
  /** How much it is, for whoever wonders whether to wait. */
  readonly size: string;
  /** Tried in this order; what the variable PYTHON names, unless said otherwise, else those on the PATH. */
  readonly pythons?: readonly string[];
  readonly onProgress: (what: string) => void;
}

/** The oldest that all of our pinned packages run on, and the newest that CrewAI does. Debian splits off `ensurepip`. */
const PYTHON_CHECK = 'import sys, venv, ensurepip; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))';
const TICK_MS = 20_000;

/**
 * The Python of a virtual environment that holds what a requirements file asks for; made when it is missing, was not
 * finished, or those files have changed since. Throws `Mistakes` where Python or PyPI cannot be had.
 */
export const prepareVenv = async (wish: VenvWish): Promise<string> => {
  const { dir, requirements, what, size, onProgress, pythons = namedPythons() } = wish;
  const [python, stamp] = [join(dir, 'bin/python'), join(dir, 'installed')];
  const wanted = digestOf(requirements);
  if (existsSync(python) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return python;
  const base = await fitPython(pythons);
  if (base === undefined) throw missing('Python', pythonMissing(what, pythons));
  onProgress(`making a Python environment in ${dir}`);
  await run(base, ['-m', 'venv', '--clear', dir]);
  onProgress(`installing ${what} from PyPI, once: ${size}`);
  await install(wish, python);
  writeFileSync(stamp, wanted);
  return python;
};

export const namedPythons = (): readonly string[] =>
  process.env.PYTHON ? [process.env.PYTHON] : ['python3', 'python3.13', 'python3.12', 'python3.11'];

/** The first of these that an environment can be made with, or undefined. */
export const fitPython = async (names: readonly string[]): Promise<string | undefined> => {
  for (const name of names) {
    const isFit = await run(name, ['-c', PYTHON_CHECK]).then(
      () => true,
      () => false,
    );
    if (isFit) return name;
  }
  return undefined;
};

export const pythonMissing = (what: string, names: readonly string[]): string =>
  `${what} needs Python 3.11, 3.12 or 3.13 with venv, and this is none: ${names.join(', ')}. On Debian and Ubuntu, \`apt-get install python3-venv\` completes it. The variable PYTHON names another.`;

const digestOf = (requirements: string): string =>
  createHash('sha256')
    .update(
      [requirements, join(dirname(requirements), 'constraints.txt')]
        .filter((file) => existsSync(file))
        .map((file) => readFileSync(file, 'utf8'))
        .join('\0'),
    )
    .digest('hex');

const install = async ({ requirements, what, onProgress }: VenvWish, python: string): Promise<void> => {
  const startedAt = performance.now();
  const tell = () =>
    onProgress(`still installing after ${Math.round((performance.now() - startedAt) / 1_000)} s`);
  const ticks = setInterval(tell, TICK_MS);
  const options = ['--quiet', '--no-input', '--disable-pip-version-check', '--requirement', requirements];
  try {
    await run(python, ['-m', 'pip', 'install', ...options]);
  } catch (error) {
    const stderr = error instanceof Error && 'stderr' in error ? String(error.stderr).trim() : '';
    throw missing('PyPI', `${what} could not be installed from where pip looks for it.\n${stderr}`);
  } finally {
    clearInterval(ticks);
  }
};

const missing = (file: string, message: string): Mistakes => new Mistakes([{ file, path: '', message }]);
