import assert from 'node:assert/strict';
import { test } from 'node:test';
import { clusterTrust } from '../../lambdas/core/eks/session-role.ts';
import { eksAccess } from '../support/eks-access.ts';

const ACCOUNT = '111122223333';
const ROLE = `arn:aws:iam::${ACCOUNT}:role`;
const { trust, rights, entries } = eksAccess(ACCOUNT, {
  RoleName: 'latchkey-target-shop-cluster',
  ExternalId: 'latchkey-shop-cluster',
  Cluster: 'shop',
});

test('the plain template trusts whom the construct trusts, and gives the role no rights either', () => {
  const wanted = clusterTrust(
    { externalId: 'latchkey-shop-cluster' },
    { account: ACCOUNT, vendRoleArn: `${ROLE}/latchkey-vend` },
  );
  assert.deepEqual(trust, wanted);
  assert.deepEqual(rights, ['AssumeRolePolicyDocument']);
});

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
