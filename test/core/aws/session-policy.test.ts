import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { DENY_FLOOR } from '../../../lambdas/core/aws/deny-floor.ts';
import {
  oversize,
  PROBED_ACTION,
  probePolicy,
  sessionPolicy,
} from '../../../lambdas/core/aws/session-policy.ts';
import type { AwsStatement } from '../../../lambdas/core/config/target-addresses.ts';
import { SESSION_POLICY_MAX_CHARACTERS } from '../../../lambdas/core/limits.ts';
import { type AccessRequest, givesTo, parsePolicy, refusalBy } from '../../../local/iam.ts';
import { NOW } from '../../support/facts.ts';

const UNTIL = NOW + 600_000;
const ANYTHING = parsePolicy({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
});

const at = (time: number) => ({ 'aws:CurrentTime': [new Date(time).toISOString()] });

/** Whether a session with this profile may do it, of a role that may do everything. */
const may = (allow: readonly AwsStatement[], request: AccessRequest, time = NOW): boolean => {
  const session = parsePolicy(JSON.parse(sessionPolicy(allow, UNTIL)));
  const layers = { 'identity-based policy': [ANYTHING], 'session policy': [session] };
  return refusalBy(layers, { ...request, context: at(time) }) === undefined;
};

const READ: AwsStatement = { actions: ['s3:GetObject'], resources: ['arn:aws:s3:::reports/*'] };
const get = { action: 's3:GetObject', resource: 'arn:aws:s3:::reports/a.csv' };

describe('a session policy', () => {
  test('allows what its profile names, until the end and not a second longer', () => {
    assert.equal(may([READ], get), true);
    assert.equal(may([READ], get, UNTIL - 1), true);
    for (const time of [UNTIL, UNTIL + 1, UNTIL + 86_400_000]) assert.equal(may([READ], get, time), false);
  });

  test('never ends later than its grant, whose end may lie within a second', () => {
    const session = parsePolicy(JSON.parse(sessionPolicy([READ], UNTIL + 999)));
    const layers = { 'session policy': [session] };
    assert.notEqual(refusalBy(layers, { ...get, context: at(UNTIL) }), undefined);
  });

  const names = fc.constantFrom('GetObject', 'PutObject', 'Get*', 'List?ucket', 'ListBucket');
  const arns = fc.constantFrom('arn:aws:s3:::a/*', 'arn:aws:s3:::a', 'arn:aws:s3:::b/x', '*');
  const statements = fc.array(
    fc.record({
      actions: fc
        .array(names, { minLength: 1, maxLength: 3 })
        .map((found) => found.map((name) => `s3:${name}`)),
      resources: fc.array(arns, { minLength: 1, maxLength: 3 }),
    }),
    { minLength: 1, maxLength: 4 },
  );
  const requests = fc.record({
    action: fc.constantFrom(
      's3:GetObject',
      's3:PutObject',
      's3:GetBucketPolicy',
      's3:ListBucket',
      's3:DeleteObject',
      'sqs:SendMessage',
    ),
    resource: fc.constantFrom('arn:aws:s3:::a/x', 'arn:aws:s3:::a', 'arn:aws:s3:::b/x', 'arn:aws:s3:::c/x'),
  });

  test('never widens: whatever is allowed is allowed by one statement of the profile', () =>
    fc.assert(
      fc.property(statements, requests, (allow, request) => {
        const isNamed = allow.some(
          ({ actions, resources }) =>
            refusalBy(
              {
                'session policy': [
                  parsePolicy({
                    Version: '2012-10-17',
                    Statement: [{ Effect: 'Allow', Action: actions, Resource: resources }],
                  }),
                ],
              },
              request,
            ) === undefined,
        );
        assert.equal(may(allow, request), isNamed);
      }),
      { numRuns: 500 },
    ));

  test('denies the floor, whatever the profile says', () => {
    for (const denied of DENY_FLOOR) {
      const action = denied.replaceAll('*', 'Anything');
      const allow = [{ actions: [action, denied], resources: ['*'] }];
      assert.equal(may(allow, { action, resource: '*' }), false, denied);
    }
  });

  test('denies everything after the end, also what a policy of a resource gives to the session by name', () => {
    const session = 'arn:aws:sts::111122223333:assumed-role/reports/g_1';
    const bucket = parsePolicy({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Principal: { AWS: session }, Action: 's3:*', Resource: '*' }],
    });
    /** As AWS decides: such a gift adds to what a session policy leaves, and only a deny that says so takes it away. */
    const isLetIn = (request: AccessRequest): boolean => {
      const own = parsePolicy(JSON.parse(sessionPolicy([READ], UNTIL)));
      const refusal = refusalBy({ 'session policy': [own] }, request);
      if (refusal?.includes('explicit deny')) return false;
      return refusal === undefined || givesTo(bucket, [session], request);
    };
    const put = { action: 's3:PutObject', resource: 'arn:aws:s3:::other/x' };
    assert.equal(isLetIn({ ...put, context: at(NOW) }), true);
    assert.equal(isLetIn({ ...put, context: at(UNTIL) }), false);
    assert.equal(isLetIn({ ...put, action: 'kms:PutKeyPolicy', context: at(NOW) }), false);
  });

  test('has no white space, and one value without a list around it', () => {
    const policy = sessionPolicy([READ], UNTIL);
    assert.doesNotMatch(policy, /\s/);
    assert.match(policy, /"Action":"s3:GetObject","Resource":"arn:aws:s3:::reports\/\*"/);
  });
});

describe('a profile that is too large', () => {
  const large = (characters: number): AwsStatement[] => [
    READ,
    { actions: ['s3:PutObject'], resources: [`arn:aws:s3:::${'x'.repeat(characters)}`] },
  ];
  const room = SESSION_POLICY_MAX_CHARACTERS - sessionPolicy(large(0), UNTIL).length;

  test('is told by one character, and not before', () => {
    assert.equal(oversize(large(room)), undefined);
    assert.equal(sessionPolicy(large(room), UNTIL).length, SESSION_POLICY_MAX_CHARACTERS);
    assert.match(oversize(large(room + 1)) ?? '', /^is 1 characters too long/);
  });

  test('is told how much is left, and where to begin cutting', () => {
    const advice = oversize(large(room + 100)) ?? '';
    assert.match(advice, /is 100 characters too long/);
    assert.match(advice, /allow\[1\] alone has \d+/);
    assert.match(advice, /s3:GetObject\*/);
  });
});

describe('the policy of a probe', () => {
  const probe = (action: string, time: number) =>
    refusalBy(
      {
        'identity-based policy': [ANYTHING],
        'session policy': [parsePolicy(JSON.parse(probePolicy(UNTIL)))],
      },
      { action, resource: '*', context: at(time) },
    );

  test('allows one call, and from the end on denies that too', () => {
    assert.equal(probe(PROBED_ACTION, NOW), undefined);
    assert.equal(probe(PROBED_ACTION, UNTIL), 'with an explicit deny in a session policy');
    assert.match(probe('s3:GetObject', NOW) ?? '', /no session policy allows/);
  });
});
