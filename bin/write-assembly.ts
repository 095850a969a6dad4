import { App } from 'aws-cdk-lib';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { appContext } from '../lib/app-context.ts';
import { acknowledgementsFor, checkStack } from '../lib/checks.ts';
import { LatchkeyStack } from '../lib/latchkey-stack.ts';
import type { Settings } from '../lib/settings.ts';
import type { AssetDirs } from './bundle.ts';

export interface AssemblyInput {
  readonly outdir: string;
  readonly settings: Settings;
  readonly resources: readonly Resource[];
  readonly assetDirs: AssetDirs;
  readonly check: boolean;
}

/** Builds the stack and writes its cloud assembly, from what has been read and bundled before. */
export const writeAssembly = ({
  outdir,
  settings,
  resources,
  assetDirs,
  check,
}: AssemblyInput): { stackName: string; outdir: string } => {
  const app = new App({
    outdir,
    analyticsReporting: false,
    autoSynth: false,
    treeMetadata: false,
    stackTraces: check,
    postCliContext: appContext(check),
    builtinCloudFormationValidation: check,
  });
  const stack = new LatchkeyStack(app, settings.stackName, {
    settings,
    resources,
    assetDirs,
    env: { account: settings.account, region: settings.region },
    description: 'Latchkey: just-in-time access for AI agents',
  });
  if (check) checkStack(app, stack, acknowledgementsFor({ settings, resources }));
  app.synth();
  return { stackName: stack.stackName, outdir };
};
