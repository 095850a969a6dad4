import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { transform } from 'esbuild';
import { type Mutant, mutated } from './mutant.ts';

export interface Outcome {
  /** `caught`: a test failed. `survived`: none did. `misplaced`: the text to change is not there exactly once. */
  readonly verdict: 'caught' | 'survived' | 'misplaced' | 'timed out';
  /** The first test that failed. */
  readonly caughtBy: string;
  readonly seconds: number;
}

const RUN_TIMEOUT_MS = 120_000;
const TEST_TIMEOUT_MS = 60_000;
/** Made, or large, or nobody's business; `node_modules` is linked. */
const LEFT_OUT = new Set([
  'node_modules',
  '.git',
  'cdk.out',
  'dist',
  '.latchkey',
  '.venv',
  '__pycache__',
  'coverage',
]);

/** A copy of the working tree to change things in. The tree itself is never touched. */
export const copyTree = (root: string): string => {
  const copy = mkdtempSync(join(tmpdir(), 'latchkey-mutants-'));
  // PostgreSQL runs as another user and must be able to go through.
  chmodSync(copy, 0o755);
  for (const entry of readdirSync(root).filter((name) => !LEFT_OUT.has(name)))
    cpSync(join(root, entry), join(copy, entry), {
      recursive: true,
      filter: (path) => !LEFT_OUT.has(basename(path)),
    });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'), 'dir');
  return copy;
};

/** Changes one file of the copy, runs the tests that must notice, and puts the file back. */
export const runMutant = async (copy: string, mutant: Mutant): Promise<Outcome> => {
  const path = join(copy, mutant.file);
  const original = readFileSync(path, 'utf8');
  const changed = mutated(original, mutant);
  if (changed === undefined) return { verdict: 'misplaced', caughtBy: '', seconds: 0 };
  // What does not even parse fails everywhere, and says nothing about the rule.
  if (mutant.file.endsWith('.ts')) await transform(changed, { loader: 'ts', sourcefile: mutant.file });
  writeFileSync(path, changed);
  try {
    const startedAt = performance.now();
    const { failed, isComplete } = await runTestFiles(copy, mutant.tests, mutant);
    const seconds = (performance.now() - startedAt) / 1_000;
    const [caughtBy = ''] = failed;
    if (!isComplete) return { verdict: 'timed out', caughtBy, seconds };
    return { verdict: caughtBy === '' ? 'survived' : 'caught', caughtBy, seconds };
  } finally {
    writeFileSync(path, original);
  }
};

export interface TestFilesRun {
  /** Names of tests, or of files that could not be loaded. */
  readonly failed: readonly string[];
  /** False when it had to be ended. */
  readonly isComplete: boolean;
}

/** Runs test files with Node's own runner, in a process group of their own, which is ended when it takes too long. */
export const runTestFiles = async (
  cwd: string,
  files: readonly string[],
  {
    testsNamed,
    timeoutMs = RUN_TIMEOUT_MS,
  }: { readonly testsNamed?: string; readonly timeoutMs?: number } = {},
): Promise<TestFilesRun> => {
  // Without any file, Node's runner would run all there are.
  if (files.length === 0) return { failed: [], isComplete: true };
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const named = testsNamed === undefined ? [] : [`--test-name-pattern=${testsNamed}`];
  const options = [
    '--test',
    '--test-reporter=tap',
    `--test-timeout=${TEST_TIMEOUT_MS}`,
    '--test-concurrency=1',
  ];
  const child = spawn(process.execPath, [...options, ...named, ...files], {
    cwd,
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  let isComplete = true;
  const timer = setTimeout(() => {
    isComplete = false;
    end(child);
    // What a test left running may hold the pipe open.
    child.stdout.destroy();
  }, timeoutMs);
  const endChild = () => end(child);
  process.once('exit', endChild);
  await once(child, 'close');
  process.off('exit', endChild);
  clearTimeout(timer);
  return { failed: failedTests(output), isComplete };
};

/** The whole group: a test may have started servers. */
const end = ({ pid, exitCode, signalCode }: ChildProcess): void => {
  if (pid !== undefined && exitCode === null && signalCode === null) process.kill(-pid, 'SIGKILL');
};

/** Names of the tests that a TAP stream says are not ok, the innermost of nested ones first. */
export const failedTests = (tap: string): readonly string[] =>
  [...tap.matchAll(/^( *)not ok \d+ - (.*)$/gm)]
    .map(([, indent = '', name = '']) => ({ depth: indent.length, name }))
    .sort((a, b) => b.depth - a.depth)
    .map(({ name }) => name);
