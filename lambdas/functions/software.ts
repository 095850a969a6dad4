import type { Software } from '../app/caller.ts';
import type { FunctionName } from '../core/config/compiled.ts';

/** What the trail says acted. The version is written into the bundle when it is made. */
export const softwareOf = (name: FunctionName, policyDigest: string): Software => ({
  function: name,
  version: process.env.LATCHKEY_VERSION ?? 'unbundled',
  policyDigest,
});
