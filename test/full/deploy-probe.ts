import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ACCOUNT, REGION } from './deploy-stack.ts';
import { runCdk } from './run-cdk.ts';
import type { MiniStack } from './start-ministack.ts';

export interface Probe {
  readonly name: string;
  readonly resources: Readonly<Record<string, { readonly Type: string; readonly Properties: object }>>;
}

/** Any version that CDK's command line still reads. */
const ASSEMBLY_VERSION = '36.0.0';

/**
 * Deploys a few resources as a stack of their own, by CDK's own command line. Its cloud assembly is written by hand:
 * without assets, so that nothing needs to be bootstrapped. Throws with what was printed.
 */
export const deployProbe = async (ministack: MiniStack, workDir: string, probe: Probe): Promise<void> => {
  const outdir = join(workDir, probe.name);
  const artifact = {
    type: 'aws:cloudformation:stack',
    environment: `aws://${ACCOUNT}/${REGION}`,
    properties: { templateFile: 'template.json' },
  };
  mkdirSync(outdir, { recursive: true });
  writeFileSync(join(outdir, 'template.json'), JSON.stringify({ Resources: probe.resources }));
  writeFileSync(
    join(outdir, 'manifest.json'),
    JSON.stringify({ version: ASSEMBLY_VERSION, artifacts: { [probe.name]: artifact } }),
  );
  const args = ['deploy', '--app', outdir, '--require-approval', 'never', '--progress', 'events'];
  await runCdk({ args, cwd: workDir, env: ministack.adminEnv });
};
