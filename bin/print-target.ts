import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { isElsewhere } from '../lambdas/core/ssh/machine-roles.ts';
import { madeHere } from '../lib/made-here.ts';
import type { Settings } from '../lib/settings.ts';
import { CONFIG_FLAGS, guardRailsOf } from './checked-policy.ts';
import { oneOf, readArguments, UsageError } from './command-line.ts';
import { compiledConfig } from './compiled-config.ts';
import { settingsOfFile } from './named-settings.ts';
import { refuseUnreachable } from './refuse-unreachable.ts';

/** `config target`: the template that makes a target in its own account, whoever deploys it there. */
export const printTarget = async (args: readonly string[]): Promise<void> => {
  const given = readArguments(args, { values: [...CONFIG_FLAGS, 'settings'], switches: [] });
  const [asked, ...others] = given.words;
  if (asked === undefined || others.length > 0) throw new UsageError('Name one resource.');
  const directory = given.values.get('config') ?? 'config';
  const { resources } = compiledConfig(directory, guardRailsOf(given));
  const settings = settingsOfFile(given.values.get('settings'));
  refuseUnreachable(directory, resources, settings);
  const id = oneOf(
    'The resource',
    asked,
    resources.map((resource) => resource.id),
  );
  const resource = resources.find((one) => one.id === id);
  if (resource === undefined) return;
  const reason = reasonForNothing(resource, settings);
  if (reason !== undefined) throw new UsageError(`${id} ${reason}`);
  // CDK takes a second to load, and wants a folder to write to.
  const { targetTemplate } = await import('../lib/target-template.ts');
  const outdir = mkdtempSync(join(tmpdir(), 'latchkey-target-'));
  try {
    console.log(JSON.stringify(targetTemplate(resource, settings, outdir), null, 2));
  } finally {
    rmSync(outdir, { recursive: true, force: true });
  }
};

/** Why there is nothing to print; what is made twice under one name, CloudFormation refuses after minutes. */
const reasonForNothing = (resource: Resource, settings: Settings): string | undefined => {
  if ('auth' in resource.target && resource.target.auth === 'password')
    return 'has passwords: no account needs anything for it.';
  if (resource.kind === 'ssh' && !isElsewhere(resource))
    return 'is beside Latchkey: its stack makes the document that ends sessions, and nothing else is needed.';
  // The access entries of a cluster are left to whoever makes and changes it.
  return resource.kind !== 'eks' && madeHere([resource], settings).length > 0
    ? 'is in the account of Latchkey, and createTargetRoles is set in its settings: its stack makes what is needed.'
    : undefined;
};
