import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { AccessTarget } from '../../lib/access-target.ts';
import { TRUSTED } from '../support/aws-account.ts';
import { ORDERS } from './sample-settings.ts';
import { ofType, readable, sampleResources } from './sample-stack.ts';
import { scratchDir } from './scratch-dir.ts';

const VEND_ROLE = 'arn:aws:iam::111122223333:role/latchkey-vend';

const roleMade = (roleArn: string) => {
  const stack = new Stack(
    new App({ outdir: scratchDir(), builtinCloudFormationValidation: false }),
    'Target',
  );
  new AccessTarget(stack, 'Orders', {
    resource: { ...ORDERS, target: { ...ORDERS.target, roleArn } },
    trusted: TRUSTED,
  });
  const [role] = Object.values(Template.fromStack(stack).findResources('AWS::IAM::Role'));
  return role?.Properties;
};

describe('the role that vend assumes', () => {
  const role = roleMade('arn:aws:iam::111122223333:role/latchkey/target-orders');

  test('has the path and the name that resources.yaml wrote in advance', () => {
    assert.deepEqual([role.Path, role.RoleName], ['/latchkey/', 'target-orders']);
    const plain = roleMade('arn:aws:iam::111122223333:role/target-orders');
    assert.deepEqual([plain.Path, plain.RoleName], ['/', 'target-orders']);
  });

  test('is assumed by vend alone, which need not exist yet', () => {
    const [trust, ...others] = role.AssumeRolePolicyDocument.Statement;
    assert.deepEqual(others, []);
    assert.equal(trust.Action, 'sts:AssumeRole');
    assert.match(JSON.stringify(readable(trust.Principal)), /:iam::111122223333:root"/);
    assert.deepEqual(trust.Condition, { ArnEquals: { 'aws:PrincipalArn': VEND_ROLE } });
  });

  test('signs for users of grants on its one database, and not for our own admin', () => {
    const statements = role.Policies.flatMap(
      ({ PolicyDocument }: { PolicyDocument: { Statement: unknown[] } }) => PolicyDocument.Statement,
    );
    assert.deepEqual(statements, [
      {
        Action: 'rds-db:connect',
        Effect: 'Allow',
        Resource: ['arn:aws:rds-db:eu-central-1:111122223333:dbuser:db-ORDERS/lk_*'],
      },
    ]);
    assert.equal(role.ManagedPolicyArns, undefined);
  });

  test('gives sessions of an hour at most, as AWS does where roles are chained', () => {
    assert.equal(role.MaxSessionDuration, 3_600);
  });
});

test('the Latchkey stack makes it for its resources where settings say so, and trusts the vend it makes', () => {
  const targets = (settings: object) =>
    ofType(sampleResources({ settings }), 'AWS::IAM::Role').filter(({ id }) => id.startsWith('Target'));
  assert.deepEqual(targets({ createTargetRoles: false }), []);
  const [made, ...others] = targets({ createTargetRoles: true, stackName: 'jit' });
  assert.deepEqual(others, []);
  assert.equal(made?.properties.RoleName, 'target-orders');
  assert.deepEqual(made?.properties.AssumeRolePolicyDocument.Statement[0].Condition, {
    ArnEquals: { 'aws:PrincipalArn': 'arn:aws:iam::111122223333:role/jit-vend' },
  });
});
