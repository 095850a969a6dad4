import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { rolesOf } from '../../lambdas/core/aws/role-shards.ts';
import type { AwsResource } from '../../lambdas/core/config/resource.ts';
import { MANAGED_POLICY_MAX_CHARACTERS } from '../../lambdas/core/limits.ts';
import { reachMistakes } from '../../lib/reach.ts';
import { REPORTS, templateOf } from '../support/aws-account.ts';
import { SHARDED } from '../support/aws-grants.ts';
import { ORDERS } from './sample-settings.ts';
import { ofType, sampleResources } from './sample-stack.ts';

interface Made {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON, and tests read deep into it
  readonly Properties: any;
}

const madeBy = (resource: AwsResource, type: string): Made['Properties'][] =>
  Object.values((templateOf(resource) as { Resources: Record<string, Made> }).Resources)
    .filter(({ Type }) => Type === type)
    .map(({ Properties }) => Properties);

describe('what makes a target', () => {
  const roles = madeBy(SHARDED, 'AWS::IAM::Role');
  const policies = madeBy(SHARDED, 'AWS::IAM::ManagedPolicy');

  test('has a role for each shard, and the one that writes their deny policies', () => {
    const names = rolesOf(SHARDED.target).map((arn) => arn.split('/').at(-1));
    assert.deepEqual(roles.map(({ RoleName }) => RoleName).sort(), [...names, `${names[0]}-ending`].sort());
  });

  test('has one boundary for all roles, and a deny policy for each', () => {
    const names = policies.map(({ ManagedPolicyName }) => ManagedPolicyName);
    assert.equal(new Set(names).size, 5);
    assert.equal(names.filter((name) => name.startsWith('latchkey-ended-')).length, 4);
    const attached = roles.flatMap(({ ManagedPolicyArns = [] }) =>
      ManagedPolicyArns.map(({ Ref }: { Ref: string }) => Ref),
    );
    assert.equal(new Set(attached).size, 4);
    const bounds = roles.map(({ PermissionsBoundary }) => PermissionsBoundary?.Ref).filter(Boolean);
    assert.deepEqual([bounds.length, new Set(bounds).size], [4, 1]);
  });

  test('writes nothing that CloudFormation would write anew: a deny policy is the same in every version', () => {
    const deny = (resource: AwsResource) =>
      madeBy(resource, 'AWS::IAM::ManagedPolicy')
        .filter(({ ManagedPolicyName }) => ManagedPolicyName === 'latchkey-ended-latchkey-aws-reports')
        .map(({ PolicyDocument, Description }) => ({ PolicyDocument, Description }));
    const other = {
      ...REPORTS,
      id: 'renamed',
      target: { ...REPORTS.target, profiles: SHARDED.target.profiles },
    };
    assert.deepEqual(deny(other), deny(SHARDED));
    assert.deepEqual(deny(REPORTS)[0]?.PolicyDocument, {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Deny',
          Action: '*',
          Resource: '*',
          Condition: { StringEquals: { 'aws:PrincipalTag/latchkey:mark': ['-'] } },
        },
      ],
    });
  });

  test('stays within what IAM takes', () => {
    for (const { PolicyDocument } of policies)
      assert.ok(JSON.stringify(PolicyDocument).length <= MANAGED_POLICY_MAX_CHARACTERS);
  });

  test('has the path that resources.yaml wrote in advance', () => {
    const roleArn = REPORTS.target.roleArn.replace(':role/', ':role/teams/data/');
    const made = madeBy({ ...REPORTS, target: { ...REPORTS.target, roleArn } }, 'AWS::IAM::Role');
    assert.deepEqual(
      made.map(({ Path, RoleName }) => `${Path}${RoleName}`),
      ['/teams/data/latchkey-aws-reports', '/teams/data/latchkey-aws-reports-ending'],
    );
  });
});

describe('the Latchkey stack', () => {
  const made = (resource: AwsResource, settings: object) =>
    ofType(sampleResources({ resources: [ORDERS, resource], settings }), 'AWS::IAM::Role')
      .map(({ properties }) => properties.RoleName)
      .filter((name) => name?.startsWith('latchkey-aws'));
  const elsewhere: AwsResource = {
    ...REPORTS,
    target: {
      ...REPORTS.target,
      account: '999900009999',
      region: 'us-east-1',
      roleArn: REPORTS.target.roleArn.replace('111122223333', '999900009999'),
    },
  };

  test('makes targets of its own account where settings say so, and leaves those of others to them', () => {
    assert.deepEqual(made(REPORTS, { createTargetRoles: true }), [
      'latchkey-aws-reports',
      'latchkey-aws-reports-ending',
    ]);
    assert.deepEqual(made(REPORTS, { createTargetRoles: false }), []);
    assert.deepEqual(made(elsewhere, { createTargetRoles: true }), []);
  });

  test('reaches roles of any account, and no database but its own', () => {
    const settings = { account: '111122223333', region: 'eu-central-1', stackName: 'latchkey' };
    assert.deepEqual(reachMistakes([elsewhere], settings), []);
    const moved = { ...ORDERS, target: { ...ORDERS.target, account: '999900009999' } };
    assert.equal(reachMistakes([moved], settings).length, 1);
  });
});
