import assert from 'node:assert/strict';
import { test } from 'node:test';
import { resourcesOf } from '../../../lambdas/core/config/resource.ts';
import { compileResources } from '../../../lambdas/core/config/resources-file.ts';
import { localCertificate } from '../../../local/certificates.ts';
import { scratchDir } from '../../infra/scratch-dir.ts';

const { certPem } = await localCertificate(scratchDir());

const ENDPOINT = 'https://ABCDEF0123456789ABCDEF0123456789.gr7.eu-central-1.eks.amazonaws.com';
const PROFILE = {
  description: 'Read logs',
  namespace: 'shop',
  role: { kind: 'Role', name: 'logs-reader' },
  mayFollowLogs: true,
};
const TARGET = {
  account: '111122223333',
  region: 'eu-central-1',
  cluster: 'shop-staging',
  endpoint: ENDPOINT,
  roleArn: 'arn:aws:iam::111122223333:role/latchkey-target-shop-cluster',
  externalId: 'latchkey-0123456789',
  profiles: { 'logs-reader': PROFILE },
  tls: { ca: { file: 'shop.pem' } },
};

const compile = (target: object) =>
  compileResources(
    {
      environments: ['staging'],
      unguarded: [],
      resources: [
        {
          id: 'shop-cluster',
          kind: 'eks',
          description: 'The cluster of the shop',
          env: 'staging',
          actions: ['eks:connect'],
          maxDurationSeconds: 3_600,
          target: { ...TARGET, ...target },
        },
      ],
    },
    new Map([['shop.pem', certPem]]),
  );

const refuses = (target: object, path: string, message: RegExp) => {
  const result = compile(target);
  assert.ok(!result.ok, JSON.stringify(target));
  assert.deepEqual(
    result.errors.map((error) => error.path),
    [`resources[0].target.${path}`],
  );
  assert.match(result.errors[0]?.message ?? '', message);
};

const withProfile = (change: object) => ({ profiles: { 'logs-reader': { ...PROFILE, ...change } } });
const withRole = (name: string, kind = 'Role') => withProfile({ role: { kind, name } });

const ADMINISTRATOR = 'arn:aws:iam::111122223333:role/latchkey-administrator';

test('the administrator of a cluster may be a role of its account, and no other role of it', () => {
  const read = compile({ administratorRoleArn: ADMINISTRATOR });
  assert.ok(read.ok);
  const [cluster] = resourcesOf(read.value.resources, 'eks');
  assert.equal(cluster?.target.administratorRoleArn, ADMINISTRATOR);
  const path = 'administratorRoleArn';
  const other = ADMINISTRATOR.replace('111122223333', '999900009999');
  refuses({ administratorRoleArn: other }, path, /must be a role of "account"/);
  refuses({ administratorRoleArn: TARGET.roleArn }, path, /must be another role than "roleArn"/);
  refuses({ administratorRoleArn: 'latchkey' }, path, /must be the ARN/);
});

test('a cluster is compiled with its authority pinned, and logs are not followed unless it says so', () => {
  const result = compile(withProfile({ mayFollowLogs: undefined }));
  assert.ok(result.ok);
  const [resource] = result.value.resources;
  assert.ok(resource?.kind === 'eks');
  assert.equal(resource.target.caPem.trim(), certPem.trim());
  assert.equal(resource.target.profiles['logs-reader']?.mayFollowLogs, false);
  assert.equal('tls' in resource.target, false);
  assert.deepEqual(resource.sensitive, []);
});

test('the endpoint is the cluster’s own, in its region', () => {
  assert.ok(
    compile({
      endpoint: ENDPOINT.replace('.eu-central-1.eks.amazonaws.com', '.eks-cluster.eu-central-1.api.aws'),
    }).ok,
  );
  assert.ok(
    compile({
      endpoint: 'https://localhost:6443',
      account: '000000000000',
      roleArn: TARGET.roleArn.replace('111122223333', '000000000000'),
    }).ok,
  );
  for (const endpoint of [
    ENDPOINT.replace('https', 'http'),
    `${ENDPOINT}/`,
    `${ENDPOINT}/path`,
    `${ENDPOINT}.example.com`,
    `${ENDPOINT}:443`,
    ENDPOINT.replace('https://', 'https://user@'),
    'https://10.0.0.1',
    'https://localhost:6443',
    'https://evil.example.com',
  ])
    refuses({ endpoint }, 'endpoint', /the cluster’s own/);
  refuses({ endpoint: ENDPOINT.replace('eu-central-1', 'us-east-1') }, 'endpoint', /is in us-east-1/);
});

test('a role that reaches everything, or is ours or the system’s, is no profile’s', () => {
  for (const name of [
    'cluster-admin',
    'admin',
    'edit',
    'view',
    'system:node',
    'eks:addon-manager',
    'latchkey-admin',
  ])
    for (const kind of ['Role', 'ClusterRole'])
      refuses(withRole(name, kind), 'profiles.logs-reader.role.name', /of your own/);
  for (const name of ['', 'a b', '../secrets', 'a/b', '-a', 'a%2f'])
    refuses(withRole(name), 'profiles.logs-reader.role.name', /name of a role/);
  refuses(withRole('x', 'Group'), 'profiles.logs-reader.role.kind', /must be one of: Role, ClusterRole/);
});

test('namespaces of the system are no profile’s', () => {
  for (const namespace of ['kube-system', 'kube-public', 'kube-node-lease'])
    refuses(withProfile({ namespace }), 'profiles.logs-reader.namespace', /of your own/);
  for (const namespace of ['Shop', 'a.b', '../x', '*', ''])
    refuses(withProfile({ namespace }), 'profiles.logs-reader.namespace', /name of a namespace/);
});

test('there is at least one profile, and its names are plain', () => {
  refuses({ profiles: {} }, 'profiles', /1 to/);
  refuses({ profiles: { __proto__x: PROFILE } }, 'profiles.__proto__x', /./);
});

test('the authority is a certificate, and nothing stands in for it', () => {
  refuses({ tls: { ca: 'rds' } }, 'tls.ca', /certificates in PEM form/);
  refuses({ tls: { ca: { file: 'other.pem' } } }, 'tls.ca', /not a \*\.pem file/);
  refuses({ tls: { ca: `${certPem}\n-----BEGIN PRIVATE KEY-----` } }, 'tls.ca', /private key/);
});

test('the role of its sessions is in its own account', () => {
  refuses({ roleArn: TARGET.roleArn.replace('1111', '9999') }, 'roleArn', /role of "account"/);
});
