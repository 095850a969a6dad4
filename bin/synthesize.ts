import { join } from 'node:path';
import type { Settings } from '../lib/settings.ts';
import { bundleFunctions } from './bundle.ts';
import { compiledConfig } from './compiled-config.ts';
import { refuseUnreachable } from './refuse-unreachable.ts';

export interface SynthesisOptions {
  /** Where the cloud assembly goes; the bundles are made in `functions/` inside it. */
  readonly outdir: string;
  readonly settings: Settings;
  /** Instead of the one that settings name. */
  readonly configDir?: string;
  readonly entryDir?: string;
  /** Whether CDK and cdk-nag look at it: needed before a deploy, not to run the stack on one machine. */
  readonly check?: boolean;
}

/**
 * From settings and configuration to a cloud assembly. Nothing is looked up, so it works without AWS and without a
 * network. Throws `Mistakes`; with `check`, also on a finding that `lib/checks.ts` does not explain.
 */
export const synthesize = async (
  options: SynthesisOptions,
): Promise<{ stackName: string; outdir: string }> => {
  const { outdir, settings, configDir = settings.configDir, entryDir, check = true } = options;
  const config = compiledConfig(configDir, settings.guardRails);
  refuseUnreachable(configDir, config.resources, settings);
  const [assetDirs, { writeAssembly }] = await Promise.all([
    bundleFunctions({
      outDir: join(outdir, 'functions'),
      config,
      ...(entryDir === undefined ? {} : { entryDir }),
    }),
    // CDK takes most of a second to load; esbuild works meanwhile.
    import('./write-assembly.ts'),
  ]);
  return writeAssembly({ outdir, settings, resources: config.resources, assetDirs, check });
};
