import { GetPolicyCommand, GetPolicyVersionCommand, type IAMClient } from '@aws-sdk/client-iam';
import { readEndedPolicy } from '../lambdas/core/aws/ended-policy.ts';
import {
  boundaryPolicy,
  endingPolicy,
  endingTrust,
  rightsPolicy,
  type Trusted,
  trustPolicy,
} from '../lambdas/core/aws/role-policies.ts';
import {
  boundaryPolicyArn,
  endedPolicyArn,
  endingRoleArn,
  rolesOf,
} from '../lambdas/core/aws/role-shards.ts';
import type { AwsResource } from '../lambdas/core/config/resource.ts';
import { SESSION_MAX_SECONDS } from '../lambdas/core/limits.ts';
import { decoded, isSame, type ReadRole, readRole, unlessMissing } from './read-role.ts';
import type { TargetCheck } from './target-check.ts';

/** Asks IAM, with the operator's own credentials for the target's account, whether the roles are as the template makes them. */
export const checkAwsTarget = async (
  client: IAMClient,
  { id, target }: AwsResource,
  trusted: Trusted,
): Promise<readonly TargetCheck[]> => {
  const mend = `Deploy what \`npm run config -- target ${id}\` prints to account ${target.account}.`;
  const itemOf =
    ({ mistaken }: Pick<ReadRole, 'mistaken'>) =>
    (what: string, ok: boolean): TargetCheck => ({
      item: what,
      ok,
      mend: ok ? undefined : (mistaken ?? mend),
    });
  const boundaryArn = boundaryPolicyArn(target);
  const checks = [
    itemOf({ mistaken: undefined })(
      'what bounds the roles is the profiles, and never the floor',
      isSame(await managedPolicy(client, boundaryArn), boundaryPolicy(target)),
    ),
  ];
  for (const roleArn of rolesOf(target)) {
    const role = await readRole(client, roleArn);
    const item = itemOf(role);
    const ended = await managedPolicy(client, endedPolicyArn(roleArn));
    checks.push(
      item(`${role.name} is there`, role.isThere),
      item(
        `${role.name} is assumed by vend with marks, by revoker to prove an end, and by nobody else`,
        isSame(role.trust, trustPolicy(target, trusted)),
      ),
      item(
        `${role.name} may do what its profiles allow, and a probe nothing`,
        isSame(role.policies, { rights: rightsPolicy(target) }),
      ),
      item(`${role.name} is bounded`, role.boundary === boundaryArn),
      item(
        `${role.name} has its deny policy attached, and nothing else`,
        isSame(role.attached, [endedPolicyArn(roleArn)]),
      ),
      item(
        `${role.name} has a deny policy that Latchkey wrote`,
        readEndedPolicy(JSON.stringify(ended)) !== undefined,
      ),
      item(`${role.name} gives sessions of an hour`, role.maxSeconds >= SESSION_MAX_SECONDS),
    );
  }
  const writer = await readRole(client, endingRoleArn(target));
  const item = itemOf(writer);
  return [
    ...checks,
    item(`${writer.name} is assumed by revoker alone`, isSame(writer.trust, endingTrust(target, trusted))),
    item(
      `${writer.name} writes the deny policies, and nothing else`,
      isSame(writer.policies, { rights: endingPolicy(target) }) && writer.attached.length === 0,
    ),
  ];
};

const managedPolicy = async (client: IAMClient, PolicyArn: string): Promise<unknown> => {
  const found = await unlessMissing(client.send(new GetPolicyCommand({ PolicyArn })));
  const VersionId = found?.Policy?.DefaultVersionId;
  if (VersionId === undefined) return undefined;
  const { PolicyVersion } = await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return decoded(PolicyVersion?.Document);
};
