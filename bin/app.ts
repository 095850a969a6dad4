import { App } from 'aws-cdk-lib';
import { readSettings, type Settings } from '../lib/settings.ts';
import { Mistakes, runCommand } from './mistakes.ts';
import { synthesize } from './synthesize.ts';

/** What `cdk.json` holds under `latchkey`, or `--context` says instead. */
const settingsFromContext = (): Settings => {
  const raw: unknown = new App({ autoSynth: false }).node.tryGetContext('latchkey');
  const settings = readSettings(raw);
  if (!settings.ok)
    throw new Mistakes(
      settings.errors.map(({ path, message }) => ({
        file: 'cdk.json',
        path: ['context.latchkey', path].filter(Boolean).join('.'),
        message,
      })),
    );
  return settings.value;
};

/** The entry of the CDK's command line: `npx cdk synth`, `npx cdk deploy`. */
await runCommand(async () => {
  await synthesize({ outdir: process.env.CDK_OUTDIR ?? 'cdk.out', settings: settingsFromContext() });
});
