import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ManagedPolicies } from '../../local/managed-policies.ts';

const ARN = 'arn:aws:iam::111122223333:policy/latchkey-ended-reports';
const document = (...marks: string[]) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: '*', Resource: '*', Condition: { StringEquals: { mark: marks } } }],
});
const text = (...marks: string[]) => JSON.stringify(document(...marks));

const start = () => {
  const policies = new ManagedPolicies([{ arn: ARN, document: document('-') }]);
  const call = (action: string, input: object = {}) => policies.call(action, { PolicyArn: ARN, ...input });
  return {
    call,
    create: (...marks: string[]) => call('CreatePolicyVersion', { PolicyDocument: text(...marks) }),
    versions: () =>
      [...call('ListPolicyVersions').matchAll(/<VersionId>(v\d+)<\/VersionId><IsDefaultVersion>(\w+)</g)].map(
        ([, id, isDefault]) => `${id}${isDefault === 'true' ? '*' : ''}`,
      ),
    holds: () => policies.document(ARN)?.Statement[0]?.Condition.StringEquals?.mark,
  };
};

test('a new version holds only once it is made the default', () => {
  const { call, create, versions, holds } = start();
  create('a');
  assert.deepEqual([versions(), holds()], [['v2', 'v1*'], ['-']]);
  call('SetDefaultPolicyVersion', { VersionId: 'v2' });
  assert.deepEqual([versions(), holds()], [['v2*', 'v1'], ['a']]);
});

test('no number is given twice, also when its version is gone', () => {
  const { call, create, versions } = start();
  create('a');
  call('DeletePolicyVersion', { VersionId: 'v2' });
  create('b');
  assert.deepEqual(versions(), ['v3', 'v1*']);
});

test('a version that was deleted cannot be made the default', () => {
  const { call, create } = start();
  create('a');
  call('DeletePolicyVersion', { VersionId: 'v2' });
  for (const action of ['SetDefaultPolicyVersion', 'DeletePolicyVersion', 'GetPolicyVersion'])
    assert.throws(() => call(action, { VersionId: 'v2' }), { code: 'NoSuchEntity', status: 404 });
});

test('the default cannot be deleted', () => {
  const { call } = start();
  assert.throws(() => call('DeletePolicyVersion', { VersionId: 'v1' }), { code: 'DeleteConflict' });
});

test('there are five versions at most', () => {
  const { create } = start();
  for (const mark of ['a', 'b', 'c', 'd']) create(mark);
  assert.throws(() => create('e'), { code: 'LimitExceeded' });
});

test('a document has 6,144 characters at most, and white space is not counted', () => {
  const { call, create } = start();
  const room = 6_144 - text('').length;
  create('x'.repeat(room));
  call('CreatePolicyVersion', { PolicyDocument: `${text('x'.repeat(room))}${' \n'.repeat(500)}` });
  assert.throws(() => create('x'.repeat(room + 1)), { code: 'LimitExceeded' });
});

test('a document comes back as it was sent, encoded for a URL', () => {
  const { call, create } = start();
  create('a');
  const [, sent = ''] =
    /<Document>(.*)<\/Document>/.exec(call('GetPolicyVersion', { VersionId: 'v2' })) ?? [];
  assert.equal(decodeURIComponent(sent), text('a'));
});

test('what is not understood is refused: another operation, another policy, a policy that is none', () => {
  const { call } = start();
  assert.throws(() => call('DeletePolicy'), { code: 'InvalidAction' });
  assert.throws(() => call('ListPolicyVersions', { PolicyArn: `${ARN}2` }), { code: 'NoSuchEntity' });
  for (const PolicyDocument of ['', '{}', '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}'])
    assert.throws(() => call('CreatePolicyVersion', { PolicyDocument }), { code: 'MalformedPolicyDocument' });
});
