import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  covers,
  deniedBy,
  type EndedSessions,
  endedPolicy,
  readEndedPolicy,
  stillDenied,
} from '../../../lambdas/core/aws/ended-policy.ts';
import { AWS_CLOCK_SKEW_MS, MANAGED_POLICY_MAX_CHARACTERS } from '../../../lambdas/core/limits.ts';
import { parsePolicy, refusalBy } from '../../../local/iam.ts';
import { NOW } from '../../support/facts.ts';

const ended = (index: number, change: Partial<EndedSessions> = {}): EndedSessions => ({
  grantId: `g_${index}`,
  mark: String(index).padStart(12, '0'),
  until: NOW + 600_000,
  issuedBefore: NOW + index * 1_000,
  ...change,
});
const many = (count: number) => Array.from({ length: count }, (_, index) => ended(index));

/** What a session is answered under a policy, by its mark and when it was issued. */
const answer = (document: string, mark: string, issuedAt: number) =>
  refusalBy(
    { 'identity-based policy': [parsePolicy(JSON.parse(document))] },
    {
      action: 's3:GetObject',
      resource: '*',
      context: {
        'aws:PrincipalTag/latchkey:mark': [mark],
        'aws:TokenIssueTime': [new Date(issuedAt).toISOString()],
      },
    },
  );

const DENIED = 'with an explicit deny in an identity-based policy';

describe('the deny policy of a role', () => {
  test('denies those who are in it, by their mark, and nobody else', () => {
    const document = endedPolicy(deniedBy(many(3)));
    assert.equal(answer(document, ended(1).mark, NOW), DENIED);
    assert.notEqual(answer(document, ended(7).mark, NOW), DENIED);
  });

  test('is a policy that IAM takes when nobody is in it', () => {
    const document = endedPolicy(deniedBy([]));
    assert.match(document, /\["-"\]/);
    assert.notEqual(answer(document, ended(1).mark, NOW), DENIED);
  });

  test('is read back as it was written, also with single values as CloudFormation may write them', () =>
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[0-9a-z]{12}$/), { maxLength: 20 }),
        fc.option(fc.integer({ min: 0, max: 4e9 }), { nil: undefined }),
        (marks, seconds) => {
          const denied = { marks, issuedBefore: seconds === undefined ? undefined : seconds * 1_000 };
          assert.deepEqual(readEndedPolicy(endedPolicy(denied)), denied);
        },
      ),
    ));

  test('that says anything else is none of ours', () => {
    const document = endedPolicy(deniedBy(many(2)));
    assert.deepEqual(readEndedPolicy(document.replace('["-",', '["-" ,'))?.marks.length, 2);
    for (const other of [
      document.replace('"Deny"', '"Allow"'),
      document.replace('"Action":"*"', '"Action":"s3:*"'),
      document.replace('"Resource":"*"', '"Resource":"arn:aws:s3:::a"'),
      document.replace('StringEquals', 'StringNotEquals'),
      document.replace('latchkey:mark', 'latchkey:task'),
      document.replace(']}', '],"Id":"x"}'),
      '{}',
      'x',
    ])
      assert.equal(readEndedPolicy(other), undefined, other.slice(0, 120));
  });
});

describe('more than fit', () => {
  const everybody = many(1_000);
  const denied = deniedBy(everybody);

  test('never make it larger than IAM takes', () => {
    for (const count of [0, 1, 390, 391, 392, 1_000])
      assert.ok(endedPolicy(deniedBy(many(count))).length <= MANAGED_POLICY_MAX_CHARACTERS, `${count}`);
    assert.equal(denied.marks.length, 391);
  });

  test('are denied by when they were issued: nobody is left out', () => {
    const document = endedPolicy(denied);
    for (const one of everybody) {
      assert.ok(covers(denied, one), one.grantId);
      assert.equal(answer(document, one.mark, one.issuedBefore - 1_000), DENIED, one.grantId);
    }
  });

  test('are the ones that ended first, so that what was issued lately goes on', () => {
    const latest = Math.max(...everybody.map(({ issuedBefore }) => issuedBefore));
    assert.ok(denied.issuedBefore && denied.issuedBefore < latest - 300_000);
    assert.notEqual(answer(endedPolicy(denied), 'somebody', latest), DENIED);
  });

  test('a time within a second is rounded so that it denies more, not less', () => {
    const document = endedPolicy({ marks: [], issuedBefore: NOW + 1 });
    assert.equal(answer(document, 'somebody', NOW), DENIED);
  });

  test('whoever is not covered is told', () => {
    assert.equal(covers({ marks: [], issuedBefore: undefined }, ended(1)), false);
    assert.equal(covers({ marks: [], issuedBefore: ended(1).issuedBefore - 1 }, ended(1)), false);
    assert.equal(covers({ marks: [], issuedBefore: ended(1).issuedBefore }, ended(1)), true);
  });
});

test('somebody is denied until the natural end by any clock that differs by five minutes', () => {
  const { until } = ended(1);
  const at = (now: number) => stillDenied([ended(1)], now).length;
  assert.deepEqual([at(until), at(until + AWS_CLOCK_SKEW_MS - 1), at(until + AWS_CLOCK_SKEW_MS)], [1, 1, 0]);
});
