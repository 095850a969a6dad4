import { App, BootstraplessSynthesizer, type IStackSynthesizer, Stack } from 'aws-cdk-lib';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { AccessTarget } from './access-target.ts';
import { appContext } from './app-context.ts';
import { trustedBy } from './trusted-by.ts';

/** What makes a target in its own account, as plain CloudFormation: what the construct makes, and nothing of CDK's own. */
export const targetTemplate = (
  resource: Resource,
  settings: Parameters<typeof trustedBy>[0],
  outdir: string,
): object => {
  const app = new App({
    outdir,
    analyticsReporting: false,
    autoSynth: false,
    treeMetadata: false,
    stackTraces: false,
    builtinCloudFormationValidation: false,
    postCliContext: { ...appContext(false), 'aws:cdk:enable-path-metadata': false },
  });
  const stack = new Stack(app, `latchkey-target-${resource.id}`, {
    synthesizer: new BootstraplessSynthesizer() as IStackSynthesizer,
    description: `What Latchkey needs in this account for grants on ${resource.id}`,
  });
  new AccessTarget(stack, 'Target', { resource, trusted: trustedBy(settings) });
  return app.synth().getStackByName(stack.stackName).template;
};
