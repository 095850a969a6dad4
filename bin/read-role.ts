import { isDeepStrictEqual } from 'node:util';
import {
  GetRoleCommand,
  GetRolePolicyCommand,
  type IAMClient,
  ListAttachedRolePoliciesCommand,
  ListRolePoliciesCommand,
} from '@aws-sdk/client-iam';
import { roleName } from '../lambdas/core/aws/role-shards.ts';
import { Mistakes } from './mistakes.ts';

export interface ReadRole {
  readonly name: string;
  /** Exactly as it is named: in that account, on that path. What else has its name is nothing of it. */
  readonly isThere: boolean;
  /** What has its name all the same, and what to do about it. */
  readonly mistaken: string | undefined;
  readonly trust: unknown;
  /** Inline ones, by name. */
  readonly policies: Readonly<Record<string, unknown>>;
  readonly attached: readonly string[];
  readonly boundary: string | undefined;
  readonly maxSeconds: number;
}

/** As IAM tells it, to whoever has the right to ask: by its name, in the account of whoever asks. */
export const readRole = async (client: IAMClient, roleArn: string): Promise<ReadRole> => {
  const name = roleName(roleArn);
  const found = await unlessMissing(client.send(new GetRoleCommand({ RoleName: name })));
  if (found?.Role?.Arn !== roleArn)
    return {
      name,
      isThere: false,
      mistaken: mistakenFor(roleArn, found?.Role?.Arn),
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
    mistaken: undefined,
    trust: decoded(found.Role.AssumeRolePolicyDocument),
    policies,
    attached: AttachedPolicies.map(({ PolicyArn = '' }) => PolicyArn),
    boundary: found.Role.PermissionsBoundary?.PermissionsBoundaryArn,
    maxSeconds: found.Role.MaxSessionDuration ?? 0,
  };
};

const accountOf = (arn: string): string | undefined => arn.split(':')[4];

const mistakenFor = (wanted: string, found: string | undefined): string | undefined => {
  if (found === undefined) return undefined;
  return accountOf(found) === accountOf(wanted)
    ? `IAM has it as ${found}, on another path: name it so in resources.yaml, or make it anew.`
    : `Your credentials are for account ${accountOf(found)}: use some of ${accountOf(wanted)}.`;
};

export const unlessMissing = async <T>(call: Promise<T>): Promise<T | undefined> => {
  try {
    return await call;
  } catch (error) {
    if (error instanceof Error && /^NoSuchEntity/.test(error.name)) return undefined;
    const message = error instanceof Error ? `${error.message} (${error.name})` : String(error);
    throw new Mistakes([{ file: 'AWS IAM', path: '', message }]);
  }
};

/** IAM gives documents encoded for a URL. */
export const decoded = (document: string | undefined): unknown =>
  document === undefined ? undefined : JSON.parse(decodeURIComponent(document));

/** IAM keeps the order of statements; one value may stand with a list around it or without. */
export const isSame = (one: unknown, other: unknown): boolean => isDeepStrictEqual(plain(one), plain(other));

const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.length === 1 ? plain(value[0]) : value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, plain(member)]));
};
