import { execFile } from 'node:child_process';
import { copyFileSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import type { BundleResult } from './bench-results.ts';
import { summarize } from './bench-statistics.ts';
import { START_SETTINGS } from './bundle.ts';

/** A function as it was deployed: where its bundle is and the environment it starts in. */
export interface DeployedFunction {
  readonly name: FunctionName;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
}

const ENGINE = '@cedar-policy/cedar-wasm/nodejs';
const ROOT = resolve(import.meta.dirname, '..');

/**
 * Sizes, and times of `require` in fresh processes. Rounds go through all functions in turn, so that a moment in which
 * the machine is busy with something else touches all of them alike. `scratchDir` is written to.
 */
export const measureBundles = async (
  functions: readonly DeployedFunction[],
  { rounds, scratchDir }: { readonly rounds: number; readonly scratchDir: string },
): Promise<readonly BundleResult[]> => {
  const subjects = await Promise.all(
    functions.map(async (deployed) => ({
      deployed,
      times: [] as number[],
      without: wasmBytesIn(deployed.directory) > 0 ? await withoutEngine(deployed, scratchDir) : undefined,
      timesWithout: [] as number[],
    })),
  );
  // The first round finds files that are not in the cache of the file system yet, and is not counted.
  for (let round = -1; round < rounds; round += 1)
    for (const { deployed, without, times, timesWithout } of subjects) {
      const ms = await importOnce(deployed);
      const msWithout = without && (await importOnce(without));
      if (round < 0) continue;
      times.push(ms);
      if (msWithout !== undefined) timesWithout.push(msWithout);
    }
  return subjects.map(({ deployed, times, timesWithout }) => ({
    name: deployed.name,
    importMs: summarize(times),
    importWithoutPolicyMs: timesWithout.length > 0 ? summarize(timesWithout) : undefined,
    codeBytes: statSync(join(deployed.directory, 'index.cjs')).size,
    wasmBytes: wasmBytesIn(deployed.directory),
  }));
};

const wasmBytesIn = (directory: string): number =>
  readdirSync(directory)
    .filter((file) => file.endsWith('.wasm'))
    .reduce((sum, file) => sum + statSync(join(directory, file)).size, 0);

/** The same function with an absent engine, bundled as it starts when deployed. */
const withoutEngine = async (deployed: DeployedFunction, scratchDir: string): Promise<DeployedFunction> => {
  const directory = resolve(scratchDir, deployed.name);
  mkdirSync(directory, { recursive: true });
  await build({
    ...START_SETTINGS,
    entryPoints: [join(ROOT, 'lambdas/functions', `${deployed.name}.ts`)],
    outfile: join(directory, 'index.cjs'),
    alias: { [ENGINE]: join(ROOT, 'bin/bench-absent-engine.ts') },
  });
  copyFileSync(join(deployed.directory, 'config.json'), join(directory, 'config.json'));
  return { ...deployed, directory };
};

const TIMED_REQUIRE = `
const startedAt = performance.now();
const { handler } = require(process.argv[1]);
const ms = performance.now() - startedAt;
if (typeof handler !== 'function') throw new Error('no handler');
process.stdout.write(String(ms), () => process.exit(0));
`;

const run = promisify(execFile);

/** Keys that sign nothing: importing calls nobody. */
const importOnce = async ({ directory, environment }: DeployedFunction): Promise<number> => {
  const { stdout } = await run(process.execPath, ['-e', TIMED_REQUIRE, join(directory, 'index.cjs')], {
    env: {
      ...environment,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'none',
      AWS_SECRET_ACCESS_KEY: 'none',
      AWS_LAMBDA_FUNCTION_NAME: 'bench',
      LAMBDA_TASK_ROOT: directory,
    },
  });
  return Number(stdout);
};
