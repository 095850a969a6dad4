import { isDeepStrictEqual } from 'node:util';
import {
  GetPolicyCommand,
  GetPolicyVersionCommand,
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
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
  roleName,
  rolesOf,
} from '../lambdas/core/aws/role-shards.ts';
import type { AwsResource } from '../lambdas/core/config/resource.ts';
import { SESSION_MAX_SECONDS } from '../lambdas/core/limits.ts';
import { Mistakes } from './mistakes.ts';
import type { TargetCheck } from './target-check.ts';

/** Asks IAM, with the operator's own credentials for the target's account, whether the roles are as the template makes them. */
export const checkAwsTarget = async (
  client: IAMClient,
  { id, target }: AwsResource,
  trusted: Trusted,
): Promise<readonly TargetCheck[]> => {
  const mend = `Deploy what \`npm run config -- target ${id}\` prints to account ${target.account}.`;
  const item = (what: string, ok: boolean): TargetCheck => ({ item: what, ok, mend: ok ? undefined : mend });
  const boundaryArn = boundaryPolicyArn(target);
  const checks = [
    item(
      'what bounds the roles is the profiles, and never the floor',
      isSame(await managedPolicy(client, boundaryArn), boundaryPolicy(target)),
    ),
  ];
  for (const roleArn of rolesOf(target)) {
    const role = await readRole(client, roleName(roleArn));
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
  const writer = await readRole(client, roleName(endingRoleArn(target)));
  return [
    ...checks,
    item(`${writer.name} is assumed by revoker alone`, isSame(writer.trust, endingTrust(target, trusted))),
    item(
      `${writer.name} writes the deny policies, and nothing else`,
      isSame(writer.policies, { rights: endingPolicy(target) }) && writer.attached.length === 0,
    ),
  ];
};

interface ReadRole {
  readonly name: string;
  readonly isThere: boolean;
  readonly trust: unknown;
  /** Inline ones, by name. */
  readonly policies: Readonly<Record<string, unknown>>;
  readonly attached: readonly string[];
  readonly boundary: string | undefined;
  readonly maxSeconds: number;
}

const readRole = async (client: IAMClient, name: string): Promise<ReadRole> => {
  const found = await unlessMissing(client.send(new GetRoleCommand({ RoleName: name })));
  if (!found?.Role)
    return {
      name,
      isThere: false,
      trust: {},
      policies: {},
      attached: [],
      boundary: undefined,
      maxSeconds: 0,
    };
  const { PolicyNames = [] } = await client.send(new ListRolePoliciesCommand({ RoleName: name }));
  const { AttachedPolicies = [] } = await client.send(
    new ListAttachedRolePoliciesCommand({ RoleName: name }),
  );
  const policies: Record<string, unknown> = {};
  for (const PolicyName of PolicyNames) {
    const { PolicyDocument } = await client.send(new GetRolePolicyCommand({ RoleName: name, PolicyName }));
    policies[PolicyName] = decoded(PolicyDocument);
  }
  return {
    name,
    isThere: true,
    trust: decoded(found.Role.AssumeRolePolicyDocument),
    policies,
    attached: AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn),
    boundary: found.Role.PermissionsBoundary?.PermissionsBoundaryArn,
    maxSeconds: found.Role.MaxSessionDuration ?? 0,
  };
};

const managedPolicy = async (client: IAMClient, PolicyArn: string): Promise<unknown> => {
  const found = await unlessMissing(client.send(new GetPolicyCommand({ PolicyArn })));
  const VersionId = found?.Policy?.DefaultVersionId;
  if (VersionId === undefined) return undefined;
  const { PolicyVersion } = await client.send(new GetPolicyVersionCommand({ PolicyArn, VersionId }));
  return decoded(PolicyVersion?.Document);
};

const unlessMissing = async <T>(call: Promise<T>): Promise<T | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && /^NoSuchEntity/.test(error.name)) return undefined;
    const message = error instanceof Error ? `${error.message} (${error.name})` : String(error);
    throw new Mistakes([{ file: 'AWS IAM', path: '', message }]);
  }
};

/** IAM gives documents encoded for a URL. */
const decoded = (document: string | undefined): unknown =>
  document === undefined ? undefined : JSON.parse(decodeURIComponent(document));

/** IAM keeps the order of statements; one value may stand with a list around it or without. */
const isSame = (one: unknown, other: unknown): boolean => isDeepStrictEqual(plain(one), plain(other));

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length === 1 ? plain(value[0]) : value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
};
