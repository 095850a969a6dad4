import {
  DescribeAccessEntryCommand,
  DescribeClusterCommand,
  type EKSClient,
  type ListAssociatedAccessPoliciesCommandOutput,
  paginateListAccessEntries,
  paginateListAssociatedAccessPolicies,
} from '@aws-sdk/client-eks';
import type { Trusted } from '../lambdas/core/aws/role-policies.ts';
import type { EksResource, Resource } from '../lambdas/core/config/resource.ts';
import { clusterUsersOf } from '../lib/eks-access-entries.ts';
import { Mistakes } from './mistakes.ts';
import { check, type TargetCheck } from './target-check.ts';

type ClusterUser = ReturnType<typeof clusterUsersOf>['Session'];

/** What an answer was not, where it says something about the target or about whoever asks. */
type Unseen = 'missing' | 'hidden';

export interface ClusterAbout {
  readonly resource: EksResource;
  /** Of the whole configuration, since several may be of one cluster. */
  readonly resources: readonly Resource[];
  readonly trusted: Pick<Trusted, 'runnerRoleArn'>;
}

/**
 * Asks EKS, with the operator's own credentials for the cluster's account, whether it knows sessions of grants and the
 * administrator by their names, nobody else by such a name, and gives neither anything by itself.
 */
export const checkAccessEntries = async (
  client: EKSClient,
  { resource, resources, trusted }: ClusterAbout,
): Promise<readonly TargetCheck[]> => {
  const users = Object.values(clusterUsersOf(resource, trusted));
  const known = resources
    .filter((other) => other.kind === 'eks')
    .filter(({ target }) => CLUSTER_KEYS.every((key) => target[key] === resource.target[key]))
    .flatMap((other) => Object.values(clusterUsersOf(other, trusted)));
  const checks = [...(await checkCluster(client, resource))];
  // EKS answers nothing about entries where it takes none.
  if (checks.some(({ ok }) => !ok)) return checks;
  for (const user of users) checks.push(await checkEntry(client, resource, user));
  return [...checks, await checkOthers(client, resource, known)];
};

const CLUSTER_KEYS = ['account', 'region', 'cluster'] as const;

const MODES: readonly (string | undefined)[] = ['API', 'API_AND_CONFIG_MAP'];

const checkCluster = async (client: EKSClient, { target }: EksResource): Promise<readonly TargetCheck[]> => {
  const answer = await seen(client.send(new DescribeClusterCommand({ name: target.cluster })));
  const { cluster = {} } = typeof answer === 'object' ? answer : {};
  const lacks = (mend: string): string =>
    typeof answer === 'object'
      ? mend
      : { hidden: MAY_NOT, missing: `There is no cluster ${target.cluster} in ${target.region}.` }[answer];
  return [
    check(
      `${target.cluster} is at the endpoint in resources.yaml`,
      isSameOrigin(cluster.endpoint, target.endpoint),
      lacks(`EKS says ${cluster.endpoint ?? 'that it has none yet'}.`),
    ),
    check(
      `${target.cluster} takes access entries`,
      MODES.includes(cluster.accessConfig?.authenticationMode),
      lacks(
        `aws eks update-cluster-config --name ${target.cluster} --access-config authenticationMode=API_AND_CONFIG_MAP`,
      ),
    ),
  ];
};

const checkEntry = async (
  client: EKSClient,
  { id, target }: EksResource,
  { principalArn, username }: ClusterUser,
): Promise<TargetCheck> => {
  const ofEntry = { clusterName: target.cluster, principalArn };
  const item = `${roleName(principalArn)} is ${username}, and has nothing by itself`;
  const [entry, policies] = await Promise.all([
    seen(client.send(new DescribeAccessEntryCommand(ofEntry))),
    seen(all(paginateListAssociatedAccessPolicies({ client }, ofEntry))),
  ]);
  if (entry === 'hidden' || policies === 'hidden') return check(item, false, MAY_NOT);
  const deploy = `Deploy what \`npm run config -- target ${id}\` prints to account ${target.account}.`;
  if (entry === 'missing' || policies === 'missing') return check(item, false, deploy);
  const { username: known, kubernetesGroups: groups = [], type } = entry.accessEntry ?? {};
  // EKS takes neither another name nor another type for an entry that is there.
  if (type !== 'STANDARD' || known !== username)
    return check(item, false, `Its entry is ${type}, as ${known}: delete it. ${deploy}`);
  const beyond = [...groups, ...policies.flatMap(policyArnsOf)];
  return check(item, beyond.length === 0, `Take away from its entry: ${beyond.join(', ')}.`);
};

const policyArnsOf = ({ associatedAccessPolicies = [] }: ListAssociatedAccessPoliciesCommandOutput) =>
  associatedAccessPolicies.map(({ policyArn }) => `${policyArn}`);

/** Whoever else has such a name has what a grant has, or the administrator. */
const checkOthers = async (
  client: EKSClient,
  { target: { cluster: clusterName } }: EksResource,
  known: readonly ClusterUser[],
): Promise<TargetCheck> => {
  const item = 'nobody else has a name that begins with latchkey';
  const listed = await seen(all(paginateListAccessEntries({ client }, { clusterName })));
  if (typeof listed === 'string') return check(item, false, MAY_NOT);
  const others = listed
    .flatMap(({ accessEntries = [] }) => accessEntries)
    .filter((arn) => !known.some(({ principalArn }) => principalArn === arn));
  const found: string[] = [];
  // One after the other: EKS takes few calls at a time.
  for (const principalArn of others) {
    const entry = await seen(client.send(new DescribeAccessEntryCommand({ clusterName, principalArn })));
    if (entry === 'hidden') return check(item, false, MAY_NOT);
    if (entry !== 'missing' && /^latchkey/i.test(entry.accessEntry?.username ?? '')) found.push(principalArn);
  }
  return check(item, found.length === 0, `Delete the access entries of ${found.join(', ')}.`);
};

const all = <T>(pages: AsyncIterable<T>): Promise<T[]> => Array.fromAsync(pages);

const MAY_NOT =
  'You may not ask: you need eks:DescribeCluster, eks:DescribeAccessEntry, eks:ListAccessEntries and eks:ListAssociatedAccessPolicies.';

const roleName = (arn: string): string => arn.split('/').at(-1) ?? arn;

const isSameOrigin = (told: string | undefined, meant: string): boolean =>
  told !== undefined && URL.canParse(told) && new URL(told).origin === new URL(meant).origin;

const seen = async <T extends object>(call: Promise<T>): Promise<T | Unseen> => {
  try {
    return await call;
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    if (name === 'ResourceNotFoundException') return 'missing';
    if (name === 'AccessDeniedException') return 'hidden';
    throw new Mistakes([{ file: 'AWS EKS', path: '', message: `${message} (${name})` }]);
  }
};
