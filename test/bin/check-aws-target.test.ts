import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { IAMClient } from '@aws-sdk/client-iam';
import { checkAwsTarget } from '../../bin/check-aws-target.ts';
import { rolesOf } from '../../lambdas/core/aws/role-shards.ts';
import { TRUSTED, templateOf } from '../support/aws-account.ts';
import { SHARDED } from '../support/aws-grants.ts';
import { identitiesMadeBy, type MadeIdentities, startIam } from '../support/iam-query-api.ts';

const ROLE = 'latchkey-aws-reports';
const ENDED = 'arn:aws:iam::111122223333:policy/latchkey-ended-latchkey-aws-reports';
const BOUNDARY = 'arn:aws:iam::111122223333:policy/latchkey-boundary-latchkey-aws-reports';

/** What is said to be lacking where the account is as the template makes it, but for one change. */
const lacking = async (
  change: (made: MadeIdentities) => void = () => undefined,
): Promise<readonly string[]> => {
  const made = identitiesMadeBy(templateOf(SHARDED));
  change(made);
  const iam = await startIam(made);
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'secret' };
  const client = new IAMClient({ endpoint: iam.url, region: 'eu-central-1', credentials, maxAttempts: 1 });
  try {
    const checks = await checkAwsTarget(client, SHARDED, TRUSTED);
    assert.equal(checks.length, 1 + 7 * rolesOf(SHARDED.target).length + 2);
    for (const { ok, mend } of checks) assert.equal(mend === undefined, ok);
    return checks.filter(({ ok }) => !ok).map(({ item }) => item);
  } finally {
    client.destroy();
    await iam.close();
  }
};

const roleOf = ({ roles }: MadeIdentities) => {
  const role = roles.get(ROLE);
  assert.ok(role);
  return role;
};

describe('an account', () => {
  test('lacks nothing once the template is deployed', async () => assert.deepEqual(await lacking(), []));

  const open = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
  for (const [what, change, said] of [
    ['a role that is not there', (made) => made.roles.delete(ROLE), /is there$/],
    [
      'a role of that name in another account',
      (made) => Object.assign(roleOf(made), { arn: `arn:aws:iam::999988887777:role/${ROLE}` }),
      /is there$/,
    ],
    [
      'a writer of that name on another path',
      (made) =>
        Object.assign(made.roles.get(`${ROLE}-ending`) ?? {}, {
          arn: `arn:aws:iam::111122223333:role/else/${ROLE}-ending`,
        }),
      /assumed by revoker alone/,
    ],
    [
      'a trust that is wider',
      (made) => Object.assign(roleOf(made), { AssumeRolePolicyDocument: open }),
      /is assumed by vend/,
    ],
    [
      'rights that are wider',
      (made) => Object.assign(roleOf(made).Policies[0] ?? {}, { PolicyDocument: open }),
      /may do what its profiles allow/,
    ],
    [
      'a second policy beside them',
      (made) => roleOf(made).Policies.push({ PolicyName: 'more', PolicyDocument: open }),
      /may do what its profiles allow/,
    ],
    ['no boundary', (made) => delete roleOf(made).PermissionsBoundary, /is bounded$/],
    [
      'a boundary that is wider',
      (made) => made.policies.set(BOUNDARY, { PolicyDocument: open }),
      /what bounds the roles/,
    ],
    ['no boundary at all', (made) => made.policies.delete(BOUNDARY), /what bounds the roles/],
    [
      'a deny policy that is not attached',
      (made) => Object.assign(roleOf(made), { ManagedPolicyArns: [] }),
      /deny policy attached/,
    ],
    [
      'another policy that is',
      (made) => roleOf(made).ManagedPolicyArns?.push('arn:aws:iam::aws:policy/ReadOnlyAccess'),
      /deny policy attached/,
    ],
    [
      'a deny policy that somebody wrote',
      (made) => made.policies.set(ENDED, { PolicyDocument: open }),
      /deny policy that Latchkey wrote/,
    ],
    [
      'shorter sessions',
      (made) => Object.assign(roleOf(made), { MaxSessionDuration: 900 }),
      /sessions of an hour/,
    ],
    [
      'a writer whom others may be',
      (made) => Object.assign(made.roles.get(`${ROLE}-ending`) ?? {}, { AssumeRolePolicyDocument: open }),
      /assumed by revoker alone/,
    ],
    [
      'a writer that may do more',
      (made) => Object.assign(made.roles.get(`${ROLE}-ending`)?.Policies[0] ?? {}, { PolicyDocument: open }),
      /writes the deny policies/,
    ],
  ] as [string, (made: MadeIdentities) => unknown, RegExp][])
    test(`is told of ${what}`, async () => {
      const found = await lacking(change);
      assert.ok(
        found.some((item) => said.test(item)),
        found.join('\n'),
      );
    });

  test('is not told of a value with a list around it, or of a list of one without', async () =>
    assert.deepEqual(
      await lacking((made) => {
        const [statement] = (roleOf(made).AssumeRolePolicyDocument as { Statement: { Action: unknown }[] })
          .Statement;
        if (statement) statement.Action = [statement.Action].flat();
      }),
      [],
    ));
});
