import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConfigFiles } from '../../lambdas/core/config/config-files.ts';

/** Writes a configuration as a person would keep it, and says where. */
export const writeConfig = (files: ConfigFiles): string => {
  const directory = mkdtempSync(join(tmpdir(), 'latchkey-config-'));
  mkdirSync(join(directory, 'policies'));
  for (const name of ['issuers', 'principals', 'resources', 'examples'] as const)
    writeFileSync(join(directory, `${name}.yaml`), files[name]);
  for (const { file, text } of files.policies) writeFileSync(join(directory, 'policies', file), text);
  for (const [file, text] of files.certificates) writeFileSync(join(directory, file), text);
  return directory;
};
