import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CONFIG_FLAGS, guardRailsOf } from './checked-policy.ts';
import { oneOf, readArguments, UsageError } from './command-line.ts';
import { compiledConfig } from './compiled-config.ts';
import { settingsOfFile } from './named-settings.ts';

/** `config target`: the template that makes a target in its own account, whoever deploys it there. */
export const printTarget = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: [...CONFIG_FLAGS, 'settings'], switches: [] });
  const [asked, ...others] = given.words;
  if (asked === undefined || others.length > 0) throw new UsageError('Name one resource.');
  const { resources } = compiledConfig(given.values.get('config') ?? 'config', guardRailsOf(given));
  const id = oneOf(
    'The resource',
    asked,
    resources.map((resource) => resource.id),
  );
  const resource = resources.find((one) => one.id === id);
  if (resource === undefined) return;
  if ('auth' in resource.target && resource.target.auth === 'password')
    throw new UsageError(`${id} has passwords: no account needs anything for it.`);
  const settings = settingsOfFile(given.values.get('settings'));
  // CDK takes a second to load, and wants a folder to write to.
  const { targetTemplate } = await import('../lib/target-template.ts');
  const outdir = mkdtempSync(join(tmpdir(), 'latchkey-target-'));
  try {
    console.log(JSON.stringify(targetTemplate(resource, settings, outdir), null, 2));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
};
