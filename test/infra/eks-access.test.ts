import assert from 'node:assert/strict';
import { test } from 'node:test';
import { grantTrust } from '../../lambdas/core/aws/role-policies.ts';
import type { EksResource } from '../../lambdas/core/config/resource.ts';
import { templateOf } from '../support/aws-account.ts';
import { clusterResource } from '../support/cluster-scene.ts';
import { eksAccess } from '../support/eks-access.ts';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role`;
const { trust, rights, entries } = eksAccess(ACCOUNT, {
  RoleName: 'latchkey-target-shop-cluster',
  ExternalId: 'latchkey-shop-cluster',
  Cluster: 'shop',
});

const sample = clusterResource('https://ABC.gr7.eu-central-1.eks.amazonaws.com', 'pem');
const SHOP: EksResource = {
  ...sample,
  target: { ...sample.target, account: ACCOUNT, roleArn: `${ROLE}/latchkey-target-shop-cluster` },
};

test('the plain template trusts whom the construct trusts, and gives the role no rights either', () => {
  const wanted = grantTrust(
    { externalId: 'latchkey-shop-cluster' },
    { account: ACCOUNT, vendRoleArn: `${ROLE}/latchkey-vend` },
  );
  assert.deepEqual(trust, wanted);
  assert.deepEqual(rights, ['AssumeRolePolicyDocument']);
});

test('the construct makes the same entries', () => {
  const { Resources } = templateOf(SHOP) as {
    Resources: Record<string, { Type: string; Properties: Entry }>;
  };
  const made = Object.values(Resources).flatMap(({ Type, Properties }) =>
    Type === 'AWS::EKS::AccessEntry' ? [Properties] : [],
  );
  assert.deepEqual(
    made.map(({ PrincipalArn, Username, ...others }) => {
      assert.deepEqual(others, { ClusterName: SHOP.target.cluster, Type: 'STANDARD' });
      return { roleArn: PrincipalArn, username: Username, others: Object.keys(others) };
    }),
    entries,
  );
});

test('each entry waits for the roles beside it, which EKS would refuse as principals before they are there', () => {
  const administratorRoleArn = `${ROLE}/latchkey-administrator`;
  const elsewhere = { ...SHOP, target: { ...SHOP.target, administratorRoleArn } };
  for (const [resource, waiting] of [
    [SHOP, ['latchkey-target-shop-cluster']],
    [elsewhere, ['latchkey-administrator', 'latchkey-target-shop-cluster']],
  ] as const) {
    const { Resources } = templateOf(resource) as {
      Resources: Record<string, { Type: string; Properties: { RoleName: string }; DependsOn?: string[] }>;
    };
    const found = Object.values(Resources).flatMap(({ Type, DependsOn = [] }) =>
      Type === 'AWS::EKS::AccessEntry'
        ? [DependsOn.map((id) => Resources[id]?.Properties.RoleName).sort()]
        : [],
    );
    assert.deepEqual(found, [waiting, waiting]);
  }
});

interface Entry {
  readonly PrincipalArn: string;
  readonly Username: string;
}

test('its access entries name a user for each session, in no group and with no access policy', () => {
  const keys = ['ClusterName', 'Type'];
  assert.deepEqual(entries, [
    {
      roleArn: `${ROLE}/latchkey-target-shop-cluster`,
      username: 'latchkey:{{SessionName}}',
      others: keys,
    },
    { roleArn: `${ROLE}/latchkey-runner`, username: 'latchkey-admin', others: keys },
  ]);
});
