import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EKSClient } from '@aws-sdk/client-eks';
import * as z from 'zod';
import { checkAccessEntries } from '../../bin/check-access-entries.ts';
import { Mistakes } from '../../bin/mistakes.ts';
import type { Resource } from '../../lambdas/core/config/resource.ts';
import { TRUSTED, templateOf } from '../support/aws-account.ts';
import { type AccessEntry, type MadeCluster, startEksApi } from '../support/eks-api.ts';
import { EKS_RESOURCE } from '../support/kind-facts.ts';

const ABOUT = { resource: EKS_RESOURCE, resources: [EKS_RESOURCE], trusted: TRUSTED };
const Resources = z.object({ Resources: z.record(z.string(), z.looseObject({ Type: z.string() })) });
const Made = z.object({
  Properties: z.object({
    ClusterName: z.literal(EKS_RESOURCE.target.cluster),
    PrincipalArn: z.string(),
    Username: z.string(),
    Type: z.string(),
  }),
});

/** As the template makes them. */
const madeEntries = (): AccessEntry[] =>
  Object.values(Resources.parse(templateOf(EKS_RESOURCE)).Resources)
    .filter(({ Type }) => Type === 'AWS::EKS::AccessEntry')
    .map((resource) => Made.parse(resource).Properties)
    .map((made) => ({ principalArn: made.PrincipalArn, username: made.Username, type: made.Type }));

/** What is said to be lacking where the cluster knows whom the template makes, but for one change. */
const lacking = async (
  change: (made: MadeCluster) => unknown = () => undefined,
  resources: readonly Resource[] = [EKS_RESOURCE],
): Promise<readonly string[]> => {
  const { cluster: name, endpoint } = EKS_RESOURCE.target;
  const made: MadeCluster = {
    name,
    endpoint,
    authenticationMode: 'API_AND_CONFIG_MAP',
    entries: madeEntries(),
    denied: [],
  };
  change(made);
  const api = await startEksApi(made);
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'secret' };
  const client = new EKSClient({ endpoint: api.url, region: 'eu-central-1', credentials, maxAttempts: 1 });
  try {
    const checks = await checkAccessEntries(client, { ...ABOUT, resources });
    assert.ok(checks.length === 5 || checks.slice(0, 2).some(({ ok }) => !ok));
    for (const { ok, mend } of checks) assert.equal(mend === undefined, ok);
    return checks.filter(({ ok }) => !ok).map(({ item, mend }) => `${item}: ${mend}`);
  } finally {
    client.destroy();
    await api.close();
  }
};

const entryOf = ({ entries }: MadeCluster, user: RegExp): AccessEntry => {
  const found = entries.find(({ username }) => user.test(username));
  assert.ok(found);
  return found;
};

test('a cluster lacks nothing once the template is deployed', async () => {
  assert.deepEqual(await lacking(), []);
});

test('a cluster that knows nobody is told what to deploy, for the sessions of grants and for the administrator', async () => {
  const found = await lacking(({ entries }) => entries.splice(0));
  assert.equal(found.length, 2);
  for (const line of found)
    assert.match(line, /: Deploy what `npm run config -- target \S+` prints to account \d{12}\.$/);
});

for (const [what, change, said] of [
  [
    'sessions that are one user',
    (made) => Object.assign(entryOf(made, /SessionName/), { username: 'latchkey' }),
    /^\S+ is latchkey:\{\{SessionName\}\}, .*: Its entry is STANDARD, as latchkey: delete it\. Deploy/,
  ],
  [
    'an entry for machines',
    (made) => Object.assign(entryOf(made, /admin/), { type: 'EC2_LINUX' }),
    /^latchkey-runner is latchkey-admin, .*: Its entry is EC2_LINUX/,
  ],
  [
    'a group that all grants would be in',
    (made) => Object.assign(entryOf(made, /SessionName/), { kubernetesGroups: ['viewers'] }),
    /: Take away from its entry: viewers\.$/,
  ],
  [
    'an access policy of the administrator',
    (made) =>
      Object.assign(entryOf(made, /admin/), {
        policies: ['arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy'],
      }),
    /: Take away from its entry: \S+AmazonEKSClusterAdminPolicy\.$/,
  ],
  [
    'a cluster that takes no entries',
    (made) => Object.assign(made, { authenticationMode: 'CONFIG_MAP' }),
    /takes access entries: aws eks update-cluster-config --name \S+ --access-config /,
  ],
  [
    'another endpoint',
    (made) => Object.assign(made, { endpoint: 'https://other.example' }),
    /is at the endpoint in resources\.yaml: EKS says https:\/\/other\.example\.$/,
  ],
] as [string, (made: MadeCluster) => unknown, RegExp][])
  test(`${what}: is told, with what to do`, async () => {
    const found = await lacking(change);
    assert.equal(found.length, 1);
    assert.match(found[0] ?? '', said);
  });

const stranger = (username: string, role = 'stranger'): AccessEntry => ({
  ...{ principalArn: `arn:aws:iam::000000000000:role/${role}`, type: 'STANDARD', username },
});

test('whoever else would be taken for a grant or the administrator is named, and others are nobody’s business', async () => {
  for (const username of ['latchkey:g_1', 'latchkey:{{SessionName}}', 'latchkey-admin'])
    assert.deepEqual(
      await lacking(({ entries }) => entries.push(stranger('ana', 'ana'), stranger(username))),
      [
        'nobody else has a name that begins with latchkey: Delete the access entries of arn:aws:iam::000000000000:role/stranger.',
      ],
    );
  assert.deepEqual(await lacking(({ entries }) => entries.push(stranger('ana'))), []);
});

test('roles of another resource of the same cluster are no strangers; those of another cluster are', async () => {
  const { target } = EKS_RESOURCE;
  const roleArn = stranger('').principalArn;
  const second = { ...EKS_RESOURCE, id: 'shop-too', target: { ...target, roleArn } };
  const elsewhere = { ...second, target: { ...second.target, cluster: 'another' } };
  const change = ({ entries }: MadeCluster) => entries.push(stranger('latchkey:{{SessionName}}'));
  assert.deepEqual(await lacking(change, [EKS_RESOURCE, second]), []);
  assert.equal((await lacking(change, [EKS_RESOURCE, elsewhere])).length, 1);
});

test('a cluster that is not there is named, and nothing of it is right', async () => {
  const found = await lacking((made) => Object.assign(made, { name: 'another' }));
  assert.equal(found.length, 2);
  assert.match(found[0] ?? '', /There is no cluster \S+ in \S+\.$/);
});

for (const [operation, count] of [
  ['DescribeCluster', 2],
  ['DescribeAccessEntry', 3],
  ['ListAssociatedAccessPolicies', 2],
  ['ListAccessEntries', 1],
] as const)
  test(`whoever may not ask (${operation}) is told so: what is not seen is not taken for right`, async () => {
    const found = await lacking((made) => {
      made.denied.push(operation);
      made.entries.push(stranger('ana'));
    });
    assert.equal(found.length, count);
    for (const line of found) assert.match(line, /: You may not ask: you need eks:DescribeCluster, /);
  });

test('an answer that says nothing of the target ends the check with its reason', async () => {
  const client = new EKSClient({
    endpoint: 'http://127.0.0.1:1',
    region: 'eu-central-1',
    credentials: { accessKeyId: 'operator', secretAccessKey: 'secret' },
    maxAttempts: 1,
  });
  await assert.rejects(checkAccessEntries(client, ABOUT), Mistakes);
});
