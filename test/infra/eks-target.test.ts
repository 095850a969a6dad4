import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { EksResource } from '../../lambdas/core/config/resource.ts';
import { clusterResource } from '../support/cluster-scene.ts';
import { ORDERS, RAW_SETTINGS } from './sample-settings.ts';
import { ofType, sampleResources } from './sample-stack.ts';

const { account, region } = RAW_SETTINGS;
const ROLE = `arn:aws:iam::${account}:role/latchkey/target-shop`;
const sample = clusterResource('https://ABC.gr7.eu-central-1.eks.amazonaws.com', 'pem');
const SHOP: EksResource = { ...sample, target: { ...sample.target, account, region, roleArn: ROLE } };

const CLUSTER_GROUP = 'sg-1a1b2c3d4e5f60718';
const vpc = { ...RAW_SETTINGS.vpc, clusterSecurityGroupIds: [CLUSTER_GROUP] };
const resources = sampleResources({
  resources: [ORDERS, SHOP],
  settings: { vpc, createTargetRoles: true },
});

const [role] = ofType(resources, 'AWS::IAM::Role').filter(
  ({ properties }) => properties.RoleName === 'target-shop',
);

describe('the role whose sessions are users of grants', () => {
  test('has no rights of its own, and sessions of an hour at most', () => {
    assert.ok(role);
    const { Policies, ManagedPolicyArns, MaxSessionDuration, Path } = role.properties;
    assert.deepEqual(
      [Policies, ManagedPolicyArns, MaxSessionDuration, Path],
      [undefined, undefined, 3_600, '/latchkey/'],
    );
  });

  test('is assumed by vend alone, with the external id, the name and the marks of a grant', () => {
    const vend = `arn:aws:iam::${account}:role/latchkey-vend`;
    const statements = role?.properties.AssumeRolePolicyDocument.Statement;
    for (const { Principal, Condition } of statements) {
      assert.deepEqual(Principal, { AWS: `arn:aws:iam::${account}:root` });
      assert.equal(Condition.ArnEquals['aws:PrincipalArn'], vend);
    }
    assert.deepEqual(
      statements.map(({ Action, Condition }: { Action: string; Condition: Record<string, unknown> }) => {
        const { ArnEquals: _, ...others } = Condition;
        return [Action, others];
      }),
      [
        [
          'sts:AssumeRole',
          {
            StringEquals: { 'sts:ExternalId': 'latchkey-test' },
            StringLike: { 'sts:RoleSessionName': 'g_*' },
            Null: {
              'aws:RequestTag/latchkey:grant': 'false',
              'aws:RequestTag/latchkey:mark': 'false',
              'aws:RequestTag/latchkey:purpose': 'true',
            },
          },
        ],
        [
          'sts:TagSession',
          {
            'ForAllValues:StringEquals': {
              'aws:TagKeys': ['grant', 'task', 'principal', 'owner', 'mark'].map((tag) => `latchkey:${tag}`),
            },
          },
        ],
        ['sts:SetSourceIdentity', {}],
      ],
    );
  });
});

describe('a cluster of another account', () => {
  const there = 'arn:aws:iam::444455556666:role';
  const administratorRoleArn = `${there}/shop-administrator`;
  const STS_GROUP = 'sg-0f1e2d3c4b5a69788';
  const shop: EksResource = {
    ...SHOP,
    target: { ...SHOP.target, account: '444455556666', roleArn: `${there}/shop`, administratorRoleArn },
  };
  const made = sampleResources({
    resources: [ORDERS, shop],
    settings: { vpc: { ...vpc, stsEndpointSecurityGroupId: STS_GROUP }, createTargetRoles: true },
  });

  test('is administrated by a role that runner alone may assume, and that is all that it may assume', () => {
    const assuming = ofType(made, 'AWS::IAM::Role').flatMap(({ properties }) =>
      (properties.Policies ?? []).flatMap((policy: { PolicyDocument: { Statement: Right[] } }) =>
        policy.PolicyDocument.Statement.filter(({ Action }) =>
          [Action].flat().includes('sts:AssumeRole'),
        ).map(({ Resource }) => [properties.RoleName, Resource]),
      ),
    );
    assert.deepEqual(assuming, [
      ['latchkey-runner', administratorRoleArn],
      ['latchkey-vend', ORDERS.target.roleArn],
      ['latchkey-vend', `${there}/shop`],
    ]);
  });

  test('is reached with STS through its endpoint alone, and roles are not made here', () => {
    const out = ofType(made, 'AWS::EC2::SecurityGroupEgress').map(
      ({ properties: { FromPort, DestinationSecurityGroupId } }) =>
        `${FromPort} ${DestinationSecurityGroupId}`,
    );
    assert.ok(out.includes(`443 ${STS_GROUP}`));
    assert.deepEqual(
      ofType(made, 'AWS::IAM::Role').filter(({ properties }) => properties.RoleName?.startsWith('shop')),
      [],
    );
    const beside = ofType(
      sampleResources({
        resources: [SHOP],
        settings: { vpc: { ...vpc, stsEndpointSecurityGroupId: STS_GROUP } },
      }),
      'AWS::EC2::SecurityGroupEgress',
    );
    assert.doesNotMatch(JSON.stringify(beside), new RegExp(STS_GROUP));
  });
});

interface Right {
  readonly Action: string | string[];
  readonly Resource: unknown;
}

describe('who reaches a cluster', () => {
  const rightsOf = (name: string): { Action: string | string[]; Resource: unknown }[] =>
    ofType(resources, 'AWS::IAM::Role')
      .filter(({ id }) => id === `${name}Role`)
      .flatMap(({ properties }) =>
        properties.Policies.flatMap(
          (policy: { PolicyDocument: { Statement: object[] } }) => policy.PolicyDocument.Statement,
        ),
      );

  test('vend assumes the cluster’s role with names and marks, and nobody else assumes it', () => {
    const naming = (name: string) =>
      rightsOf(name).filter(({ Resource }) => [Resource].flat().includes(ROLE));
    assert.deepEqual(
      naming('vend').map(({ Action }) => Action),
      [['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity']],
    );
    for (const name of ['runner', 'revoker', 'api', 'console', 'sweeper']) assert.deepEqual(naming(name), []);
  });

  test('runner needs no right of AWS for it: it signs its own identity', () => {
    const actions = rightsOf('runner').flatMap(({ Action }) => Action);
    assert.ok(actions.length > 0);
    assert.deepEqual(
      actions.filter((action) => /^(eks|sts):/.test(action)),
      [],
    );
  });

  test('runner may send to the API server’s port of listed clusters, and only where there are any', () => {
    const towards = (made: typeof resources) =>
      ofType(made, 'AWS::EC2::SecurityGroupEgress')
        .filter(({ properties }) => properties.DestinationSecurityGroupId === CLUSTER_GROUP)
        .map(({ properties: { IpProtocol, FromPort, ToPort } }) => [IpProtocol, FromPort, ToPort]);
    assert.deepEqual(towards(resources), [['tcp', 443, 443]]);
    assert.deepEqual(towards(sampleResources({ resources: [ORDERS], settings: { vpc } })), []);
  });
});
