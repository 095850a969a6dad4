import { App, BootstraplessSynthesizer, type IStackSynthesizer, Stack } from 'aws-cdk-lib';
import { Construct } from 'constructs';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { AccessTarget } from './access-target.ts';
import { appContext } from './app-context.ts';
import { EksAccessEntries } from './eks-access-entries.ts';
import { madeHere } from './made-here.ts';
import { trustedBy } from './trusted-by.ts';

/**
 * What makes a target in its own account, as plain CloudFormation: what the construct makes, and nothing of CDK's own. Of a
 * cluster whose roles Latchkey's own stack makes, the access entries alone.
 */
export const targetTemplate = (
  resource: Resource,
  settings: Parameters<typeof trustedBy>[0] & Parameters<typeof madeHere>[1],
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
  const trusted = trustedBy(settings);
  if (resource.kind === 'eks' && madeHere([resource], settings).length > 0)
    // With the ids that they have beside the role, so that a stack which has them keeps them.
    new EksAccessEntries(new Construct(stack, 'Target'), 'AccessEntries', { resource, trusted });
  else new AccessTarget(stack, 'Target', { resource, trusted });
  return app.synth().getStackByName(stack.stackName).template;
};
