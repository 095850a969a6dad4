import {
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { type BuildOptions, build, type Metafile } from 'esbuild';
import { CONFIG_PARTS, type CompiledConfig, type FunctionName } from '../lambdas/core/config/compiled.ts';
import { configFor } from '../lambdas/core/config/config-part.ts';
import { compiledConfig } from './compiled-config.ts';
import { runCommand } from './mistakes.ts';

export interface BundleOptions {
  /** Gets one folder for each function; what was there of them is replaced. */
  readonly outDir: string;
  readonly config: CompiledConfig;
  /** Where `<function>.ts` are. */
  readonly entryDir?: string;
}

/** Source maps, one for each function: `<outDir>/maps/<function>.map`. */
const MAPS = 'maps';

export type AssetDirs = Readonly<Record<FunctionName, string>>;

const ROOT = resolve(import.meta.dirname, '..');
const ENTRY_DIR = join(ROOT, 'lambdas/functions');
export const FUNCTION_NAMES = Object.keys(CONFIG_PARTS) as FunctionName[];

/** What decides how fast a bundle starts; `npm run bench` bundles with the same. */
export const START_SETTINGS = {
  absWorkingDir: ROOT,
  bundle: true,
  platform: 'node',
  target: 'node24',
  // Measured: CommonJS with the SDK inside starts fastest, and `module` entries are the ones that shake.
  format: 'cjs',
  mainFields: ['module', 'main'],
  minify: true,
  // `pg` asks for it only where it is installed.
  external: ['pg-native'],
  logLevel: 'error',
} satisfies BuildOptions;

/**
 * One folder for each function: `index.cjs`, `config.json` and the `.wasm` files its code reads. Equal input gives
 * equal bytes, so that a deploy replaces only what has changed.
 */
export const bundleFunctions = async ({
  outDir,
  config,
  entryDir = ENTRY_DIR,
}: BundleOptions): Promise<AssetDirs> => {
  for (const name of FUNCTION_NAMES) emptyDir(join(outDir, name));
  const { metafile } = await build({
    entryPoints: FUNCTION_NAMES.map((name) => ({
      in: resolve(entryDir, `${name}.ts`),
      out: `${name}/index`,
    })),
    outdir: resolve(outDir),
    outExtension: { '.js': '.cjs' },
    ...START_SETTINGS,
    // Kept beside the assets and not in them: whoever reads a stack trace has this folder, and Lambda loads less.
    sourcemap: 'external',
    legalComments: 'none',
    define: { 'process.env.LATCHKEY_VERSION': JSON.stringify(version()) },
    metafile: true,
  });
  mkdirSync(join(outDir, MAPS), { recursive: true });
  for (const name of FUNCTION_NAMES) {
    renameSync(join(outDir, name, 'index.cjs.map'), join(outDir, MAPS, `${name}.map`));
    copyWasm(metafile, name, join(outDir, name));
    writeFileSync(join(outDir, name, 'config.json'), JSON.stringify(configFor(name, config)));
  }
  return assetDirs(outDir);
};

const assetDirs = (outDir: string): AssetDirs =>
  Object.fromEntries(FUNCTION_NAMES.map((name) => [name, join(outDir, name)])) as AssetDirs;

const emptyDir = (dir: string): void => {
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
};

/** A module that reads a `.wasm` beside itself finds it beside the bundle: there `__dirname` is the bundle's. */
const copyWasm = (metafile: Metafile, name: FunctionName, dir: string): void => {
  const output = Object.entries(metafile.outputs).find(([path]) => path.endsWith(`/${name}/index.cjs`));
  const folders = new Set(Object.keys(output?.[1].inputs ?? {}).map((input) => dirname(join(ROOT, input))));
  for (const folder of folders)
    for (const file of readdirSync(folder))
      if (file.endsWith('.wasm')) copyFileSync(join(folder, file), join(dir, file));
};

const version = (): string => JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).version;

if (import.meta.main) {
  const [outDir = 'dist', configDir = 'config'] = process.argv.slice(2);
  await runCommand(async () => {
    await bundleFunctions({ outDir, config: compiledConfig(configDir, 'required') });
  });
}
