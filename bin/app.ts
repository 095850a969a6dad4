import { App } from 'aws-cdk-lib';
import { runCommand } from './mistakes.ts';
import { settingsOf } from './named-settings.ts';
import { synthesize } from './synthesize.ts';

/** The entry of the CDK's command line: `npx cdk synth`, `npx cdk deploy`. */
await runCommand(async () => {
  // What `cdk.json` holds under `latchkey`, or `--context` says instead.
  const settings = settingsOf(new App({ autoSynth: false }).node.tryGetContext('latchkey'));
  await synthesize({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out', settings });
});
