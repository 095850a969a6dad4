import {
  DescribeAccessEntryCommand,
  DescribeClusterCommand,
  type EKSClient,
  ListAssociatedAccessPoliciesCommand,
} from '@aws-sdk/client-eks';
import type { Trusted } from '../lambdas/core/aws/role-policies.ts';
import type { EksResource } from '../lambdas/core/config/resource.ts';
import { clusterUsersOf } from '../lib/eks-access-entries.ts';
import { Mistakes } from './mistakes.ts';
import type { TargetCheck } from './target-check.ts';

/** What an answer was not, where it says something about the target or about whoever asks. */
type Unseen = 'missing' | 'hidden';

/**
 * Asks EKS, with the operator's own credentials for the cluster's account, whether it knows sessions of grants and the
 * administrator by their names, and gives neither anything by itself.
 */
export const checkAccessEntries = async (
  client: EKSClient,
  resource: EksResource,
  trusted: Pick<Trusted, 'runnerRoleArn'>,
): Promise<readonly TargetCheck[]> => [
  ...(await checkCluster(client, resource)),
  ...(await Promise.all(
    Object.values(clusterUsersOf(resource, trusted)).map((user) => checkEntry(client, resource, user)),
  )),
];

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
      lacks(`EKS says ${cluster.endpoint}.`),
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
  { principalArn, username }: { readonly principalArn: string; readonly username: string },
): Promise<TargetCheck> => {
  const ofEntry = { clusterName: target.cluster, principalArn };
  const item = `${roleName(principalArn)} is ${username}, and has nothing by itself`;
  const [entry, policies] = await Promise.all([
    seen(client.send(new DescribeAccessEntryCommand(ofEntry))),
    seen(client.send(new ListAssociatedAccessPoliciesCommand(ofEntry))),
  ]);
  if (entry === 'hidden' || policies === 'hidden') return check(item, false, MAY_NOT);
  const deploy = `Deploy what \`npm run config -- target ${id}\` prints to account ${target.account}.`;
  if (entry === 'missing' || policies === 'missing') return check(item, false, deploy);
  const { username: known, kubernetesGroups: groups = [], type } = entry.accessEntry ?? {};
  // EKS takes neither another name nor another type for an entry that is there.
  if (type !== 'STANDARD' || known !== username)
    return check(item, false, `Its entry is ${type}, as ${known}: delete it. ${deploy}`);
  const beyond = [...groups, ...(policies.associatedAccessPolicies ?? []).map((one) => `${one.policyArn}`)];
  return check(item, beyond.length === 0, `Take away from its entry: ${beyond.join(', ')}.`);
};

const MAY_NOT =
  'You may not ask: you need eks:DescribeCluster, eks:DescribeAccessEntry and eks:ListAssociatedAccessPolicies.';

const roleName = (arn: string): string => arn.split('/').at(-1) ?? arn;

const isSameOrigin = (told: string | undefined, meant: string): boolean =>
  told !== undefined && URL.canParse(told) && new URL(told).origin === new URL(meant).origin;

const check = (item: string, ok: boolean, mend: string): TargetCheck => ({
  item,
  ok,
  mend: ok ? undefined : mend,
});

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
