import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DENY_FLOOR, floorReachedBy } from '../../../lambdas/core/aws/deny-floor.ts';
import { globsOverlap } from '../../../lambdas/core/aws/glob.ts';

const matches = (glob: string, text: string): boolean =>
  new RegExp(`^${glob.replaceAll('*', '.*').replaceAll('?', '.')}$`, 'i').test(text);

const letters = fc.string({ unit: fc.constantFrom('a', 'b', 'B', ':'), maxLength: 6 });
const globs = fc.string({ unit: fc.constantFrom('a', 'b', ':', '*', '?'), maxLength: 6 });

describe('two patterns overlap', () => {
  test('where a text is matched by both', () =>
    fc.assert(
      fc.property(globs, globs, letters, (one, other, text) => {
        if (matches(one, text) && matches(other, text)) assert.equal(globsOverlap(one, other), true);
      }),
      { numRuns: 5_000 },
    ));

  test('and nowhere else: two patterns of two signs that overlap have a text of two characters at most', () => {
    const all = ['a', 'b', 'c'];
    const texts = ['', ...all, ...all.flatMap((x) => all.map((y) => x + y))];
    const short = fc.string({ unit: fc.constantFrom('a', 'b', '*', '?'), maxLength: 2 });
    fc.assert(
      fc.property(short, short, (one, other) => {
        const found = texts.some((text) => matches(one, text) && matches(other, text));
        assert.equal(globsOverlap(one, other), found);
      }),
      { numRuns: 2_000 },
    );
  });

  for (const [one, other, overlap] of [
    ['s3:GetObject', 'iam:*', false],
    ['i*:GetUser', 'iam:*', true],
    ['IAM:getuser', 'iam:*', true],
    ['*', 'sts:*', true],
    ['kms:De*', 'kms:*Grant', true],
    ['kms:Decrypt', 'kms:*Grant', false],
    ['kms:D*', 'kms:DisableKey', true],
    ['s?:x', 's3:?', true],
    ['', '*', true],
    ['', '?', false],
  ] as const)
    test(`${one || 'nothing'} and ${other}: ${overlap}`, () =>
      assert.equal(globsOverlap(one, other), overlap));
});

describe('the floor', () => {
  for (const action of [
    ...[
      'iam:PassRole',
      'iam:CreateAccessKey',
      'sts:AssumeRole',
      'sts:GetFederationToken',
      'organizations:LeaveOrganization',
    ],
    ...['account:PutContactInformation', 'sso:CreateAccountAssignment', 'identitystore:CreateUser'],
    ...[
      'kms:PutKeyPolicy',
      'kms:CreateGrant',
      'kms:RetireGrant',
      'kms:RevokeGrant',
      'kms:ScheduleKeyDeletion',
    ],
    ...['kms:DisableKey', 'kms:ReplicateKey', 's3:GetDataAccess', 'ecr:GetAuthorizationToken'],
    ...[
      'redshift:GetClusterCredentialsWithIAM',
      'rds-db:connect',
      'ec2-instance-connect:SendSSHPublicKey',
      'ssm:StartSession',
    ],
  ])
    test(`denies ${action}`, () => assert.notEqual(floorReachedBy(action), undefined));

  for (const action of [
    's3:GetObject',
    'kms:Decrypt',
    'kms:GenerateDataKey',
    'kms:ListGrants',
    'dynamodb:Query',
    'ecr:BatchGetImage',
  ])
    test(`leaves ${action} to the profile`, () => assert.equal(floorReachedBy(action), undefined));

  test('names services as IAM writes them, with wildcards behind the colon only', () => {
    for (const denied of DENY_FLOOR) assert.match(denied, /^[a-z0-9-]+:[A-Za-z0-9*]+$/);
  });
});
