import type { Mutant } from '../bin/mutant.ts';
import { ENDING_MUTANTS } from './mutants/endings.ts';
import { GRANT_MUTANTS } from './mutants/grants.ts';
import { IDENTITY_MUTANTS } from './mutants/identity.ts';
import { POLICY_MUTANTS } from './mutants/policy.ts';
import { TRAIL_MUTANTS } from './mutants/trail.ts';

/** At least one for each promise, and one for each rule that keeps it. `npm run test:mutants` sees each caught. */
export const MUTANTS: readonly Mutant[] = [
  ...IDENTITY_MUTANTS,
  ...POLICY_MUTANTS,
  ...GRANT_MUTANTS,
  ...TRAIL_MUTANTS,
  ...ENDING_MUTANTS,
];
