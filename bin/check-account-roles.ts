import type { IAMClient } from '@aws-sdk/client-iam';
import type { AccountRole } from '../lib/account-roles.ts';
import { isSame, readRole } from './read-role.ts';
import type { TargetCheck } from './target-check.ts';

/** Asks IAM, with the operator's own credentials for the resource's account, whether its roles are as the template makes them. */
export const checkAccountRoles = async (
  client: IAMClient,
  { id, target }: { readonly id: string; readonly target: { readonly account: string } },
  wanted: readonly AccountRole[],
): Promise<readonly TargetCheck[]> => {
  const mend = `Deploy what \`npm run config -- target ${id}\` prints to account ${target.account}.`;
  const checks: TargetCheck[] = [];
  for (const { roleArn, assumedBy, trust, rights } of wanted) {
    const role = await readRole(client, roleArn);
    const item = (what: string, ok: boolean): TargetCheck => ({
      item: what,
      ok,
      mend: ok ? undefined : (role.mistaken ?? mend),
    });
    checks.push(
      item(`${role.name} is there`, role.isThere),
      item(`${role.name} is assumed by ${assumedBy} alone`, isSame(role.trust, trust)),
      item(
        `${role.name} may do what it is for, and nothing else`,
        role.isThere && isSame(role.policies, rights ? { rights } : {}) && role.attached.length === 0,
      ),
    );
  }
  return checks;
};
