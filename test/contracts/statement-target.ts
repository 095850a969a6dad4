import { after, before, describe } from 'node:test';
import { type RunTarget, startRunTarget } from '../support/run-target.ts';
import { RUN_SEED } from './run-seed.ts';
import { bypassesContract } from './statement-bypasses.ts';
import { definitionsContract } from './statement-definitions.ts';
import { readsContract } from './statement-reads.ts';
import { writesContract } from './statement-writes.ts';

export interface PostgresUnderTest {
  readonly name: string;
  /** With cases that differ from others in little, and looks in between: three times as long. */
  readonly thorough: boolean;
  /** The folder of another version's binaries. */
  readonly binaries?: string;
}

/** All that runs rely on in PostgreSQL. The same tests hold for every major version. */
export const statementTargetContract = ({ name, thorough, binaries }: PostgresUnderTest): void => {
  describe(`statements are executed at ${name}`, () => {
    let target: RunTarget;
    before(async () => {
      target = await startRunTarget(RUN_SEED, binaries);
    });
    after(() => target.stop());
    for (const suite of [readsContract, writesContract, definitionsContract, bypassesContract])
      suite(() => target, thorough);
  });
};
