import assert from 'node:assert/strict';
import { test } from 'node:test';
import { administratorOf } from '../../../lambdas/core/aws/administrator-role.ts';

const account = '444455556666';
const administratorRoleArn = `arn:aws:iam::${account}:role/administrator`;

test('an administrator elsewhere is a role with an external id, and half of it is none', () => {
  assert.deepEqual(administratorOf({ account, administratorRoleArn, externalId: 'latchkey-test' }), {
    roleArn: administratorRoleArn,
    externalId: 'latchkey-test',
  });
  assert.equal(administratorOf({ account, administratorRoleArn }), undefined);
  assert.equal(administratorOf({ account, externalId: 'latchkey-test' }), undefined);
});
