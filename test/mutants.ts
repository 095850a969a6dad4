import type { Mutant } from '../bin/mutant.ts';
import { APPROVAL_MUTANTS } from './mutants/approvals.ts';
import { AWS_MUTANTS } from './mutants/aws.ts';
import { CONSOLE_MUTANTS } from './mutants/console.ts';
import { CONTAINMENT_MUTANTS } from './mutants/containment.ts';
import { DATABASE_MUTANTS } from './mutants/databases.ts';
import { EKS_MUTANTS } from './mutants/eks.ts';
import { ENDING_MUTANTS } from './mutants/endings.ts';
import { GRANT_MUTANTS } from './mutants/grants.ts';
import { IDENTITY_MUTANTS } from './mutants/identity.ts';
import { LIFECYCLE_MUTANTS } from './mutants/lifecycle.ts';
import { NOTICE_MUTANTS } from './mutants/notices.ts';
import { PLAN_MUTANTS } from './mutants/plans.ts';
import { POLICY_MUTANTS } from './mutants/policy.ts';
import { RUN_MUTANTS } from './mutants/runs.ts';
import { SSH_MUTANTS } from './mutants/ssh.ts';
import { STATEMENT_MUTANTS } from './mutants/statements.ts';
import { TRAIL_MUTANTS } from './mutants/trail.ts';
import { VAULT_MUTANTS } from './mutants/vault.ts';

/** At least one for each promise, and one for each rule that keeps it. `npm run test:mutants` sees each caught. */
export const MUTANTS: readonly Mutant[] = [
  ...IDENTITY_MUTANTS,
  ...POLICY_MUTANTS,
  ...GRANT_MUTANTS,
  ...RUN_MUTANTS,
  ...APPROVAL_MUTANTS,
  ...PLAN_MUTANTS,
  ...STATEMENT_MUTANTS,
  ...SSH_MUTANTS,
  ...TRAIL_MUTANTS,
  ...VAULT_MUTANTS,
  ...CONSOLE_MUTANTS,
  ...ENDING_MUTANTS,
  ...LIFECYCLE_MUTANTS,
  ...DATABASE_MUTANTS,
  ...CONTAINMENT_MUTANTS,
  ...EKS_MUTANTS,
  ...NOTICE_MUTANTS,
  ...AWS_MUTANTS,
];
