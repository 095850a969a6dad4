import assert from 'node:assert/strict';
import { test } from 'node:test';
import { IAMClient } from '@aws-sdk/client-iam';
import { checkAccountRoles } from '../../bin/check-account-roles.ts';
import { accountRolesOf } from '../../lib/account-roles.ts';
import { ORDERS } from '../infra/sample-settings.ts';
import { TRUSTED, templateOf } from '../support/aws-account.ts';
import { identitiesMadeBy, type MadeIdentities, startIam } from '../support/iam-query-api.ts';
import { SSH_RESOURCE } from '../support/ssh-facts.ts';

const ROLE = 'latchkey-target-build-host';
const MACHINE = {
  ...SSH_RESOURCE,
  target: {
    ...SSH_RESOURCE.target,
    roleArn: `arn:aws:iam::${SSH_RESOURCE.target.account}:role/${ROLE}`,
    externalId: 'latchkey-build-host',
  },
};

/** What is said to be lacking where the account is as the template makes it, but for one change. */
const lacking = async (
  resource: typeof MACHINE | typeof ORDERS,
  change: (made: MadeIdentities) => unknown = () => undefined,
): Promise<readonly string[]> => {
  const made = identitiesMadeBy(templateOf(resource), resource.target.account);
  change(made);
  const iam = await startIam(made);
  const credentials = { accessKeyId: 'operator', secretAccessKey: 'secret' };
  const client = new IAMClient({ endpoint: iam.url, region: 'eu-central-1', credentials, maxAttempts: 1 });
  try {
    const checks = await checkAccountRoles(client, resource, accountRolesOf(resource, TRUSTED));
    for (const { ok, mend } of checks) assert.equal(mend === undefined, ok);
    return checks.filter(({ ok }) => !ok).map(({ item, mend }) => `${item}: ${mend}`);
  } finally {
    client.destroy();
    await iam.close();
  }
};

test('an account lacks nothing once the template is deployed', async () => {
  for (const resource of [MACHINE, ORDERS]) assert.deepEqual(await lacking(resource), []);
});

test('an account where nothing is deployed is told what to deploy', async () => {
  const found = await lacking(MACHINE, ({ roles }) => roles.clear());
  assert.equal(found.length, 6);
  for (const line of found)
    assert.match(
      line,
      /: Deploy what `npm run config -- target build-host` prints to account 000000000000\.$/,
    );
});

const open = { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] };
for (const [what, change, said] of [
  [
    'a trust that is wider',
    (made) => Object.assign(made.roles.get(ROLE) ?? {}, { AssumeRolePolicyDocument: open }),
    /build-host is assumed by vend alone/,
  ],
  [
    'an ending role that others may be',
    (made) => Object.assign(made.roles.get(`${ROLE}-ending`) ?? {}, { AssumeRolePolicyDocument: open }),
    /-ending is assumed by revoker alone/,
  ],
  [
    'rights that are wider',
    (made) => Object.assign(made.roles.get(ROLE)?.Policies[0] ?? {}, { PolicyDocument: open }),
    /may do what it is for/,
  ],
  [
    'a policy that is attached',
    (made) =>
      Object.assign(made.roles.get(ROLE) ?? {}, {
        ManagedPolicyArns: ['arn:aws:iam::aws:policy/ReadOnlyAccess'],
      }),
    /may do what it is for/,
  ],
] as [string, (made: MadeIdentities) => unknown, RegExp][])
  test(`an account is told of ${what}`, async () => {
    const found = await lacking(MACHINE, change);
    assert.equal(found.length, 1, found.join('\n'));
    assert.match(found[0] ?? '', said);
  });

for (const [what, arn, said] of [
  [
    'the same name in another account',
    `arn:aws:iam::999988887777:role/${ROLE}`,
    /: Your credentials are for account 999988887777: use some of 000000000000\.$/,
  ],
  [
    'the same name on another path',
    `arn:aws:iam::000000000000:role/else/${ROLE}`,
    /: IAM has it as arn:aws:iam::000000000000:role\/else\/latchkey-target-build-host, on another path/,
  ],
] as const)
  test(`a role is not taken for what has ${what}`, async () => {
    const found = await lacking(MACHINE, ({ roles }) => Object.assign(roles.get(ROLE) ?? {}, { arn }));
    assert.equal(found.length, 3);
    for (const line of found) assert.match(line, said);
  });
