import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { stsSessions } from '../../../lambdas/adapters/aws/assume-role.ts';
import { awsIssuer } from '../../../lambdas/adapters/aws/aws-issuer.ts';
import { sessionPolicy } from '../../../lambdas/core/aws/session-policy.ts';
import type { AwsResource } from '../../../lambdas/core/config/resource.ts';
import { SESSION_POLICY_MAX_CHARACTERS } from '../../../lambdas/core/limits.ts';
import { REPORTS } from '../../support/aws-account.ts';
import { type AwsScene, startAwsScene } from '../../support/aws-scene.ts';
import { NOW } from '../../support/facts.ts';

const sessionOf = (scene: AwsScene, accessKeyId: string) => {
  const session = scene.sessions.lookup(accessKeyId);
  assert.ok(session);
  return session;
};

describe('a credential', () => {
  test('is a session of its grant, and carries who it is for', async (context) => {
    const scene = await startAwsScene({}, context);
    const grant = await scene.newGrant();
    const { accessKeyId, region } = await scene.issue(grant);
    const { arn, context: told } = sessionOf(scene, accessKeyId);
    assert.equal(arn, `arn:aws:sts::111122223333:assumed-role/latchkey-aws-reports/${grant.id}`);
    assert.equal(region, 'eu-central-1');
    const tags = {
      'latchkey:grant': grant.id,
      'latchkey:task': grant.task,
      'latchkey:principal': 'sales-analyst',
      'latchkey:owner': 'alice',
      'latchkey:mark': grant.id.slice(-12),
    };
    for (const [name, value] of Object.entries(tags))
      assert.deepEqual(told[`aws:PrincipalTag/${name}` as keyof typeof told], [value]);
    assert.deepEqual(told['aws:SourceIdentity' as keyof typeof told], ['alice']);
  });

  test('is never given twice: each asks STS anew, also under one grant', async (context) => {
    const scene = await startAwsScene({}, context);
    const [one, other] = [await scene.newGrant(), await scene.newGrant()];
    const sessions = [
      ...(await Promise.all([scene.issue(one), scene.issue(one), scene.issue(other)])),
      await scene.issue(one),
    ];
    for (const key of ['accessKeyId', 'secretAccessKey', 'sessionToken'] as const)
      assert.equal(new Set(sessions.map((session) => session[key])).size, sessions.length);
  });

  for (const [what, leftMs, seconds] of [
    ['the shortest that STS gives, where the grant has less left', 60_000, 900],
    ['as long as the grant, rounded up', 1_800_500, 1_801],
    ['an hour at most', 4 * 3_600_000, 3_600],
  ] as const)
    test(`lasts ${what}`, async (context) => {
      const scene = await startAwsScene({}, context);
      const expiresAt = scene.time.now + leftMs;
      const grant = await scene.newGrant({ expiresAt });
      const issued = await scene.issuer.issue({ resource: REPORTS, grant, id: 'c_1' });
      assert.ok(issued.ok && issued.value.content.kind === 'aws');
      const { expiration } = sessionOf(scene, issued.value.content.accessKeyId);
      assert.equal(expiration, scene.time.now + seconds * 1_000);
      assert.equal(issued.value.expiresAt, Math.min(expiration, expiresAt));
    });

  test('is refused by its own dates at the end of its grant, although STS gave it longer', async (context) => {
    const scene = await startAwsScene({}, context);
    const grant = await scene.newGrant({ expiresAt: scene.time.now + 60_000 });
    const session = await scene.issue(grant);
    assert.equal(await scene.read(session), 'read');
    scene.time.now += 60_000;
    assert.equal(await scene.read(session), 'AccessDenied');
  });

  test('of a profile that configuration no longer has is not given', async (context) => {
    const scene = await startAwsScene({}, context);
    const ask = { resource: REPORTS, grant: await scene.newGrant({ profile: 'gone' }), id: 'c_1' };
    assert.deepEqual(await scene.issuer.issue(ask), {
      ok: false,
      failure: { code: 'grant_over', state: 'profile_removed' },
    });
  });

  test('tells the trail its key’s id and how much of AWS’s room it takes, and no secret', async (context) => {
    const scene = await startAwsScene({}, context);
    const issued = await scene.issuer.issue({ resource: REPORTS, grant: await scene.newGrant(), id: 'c_1' });
    assert.ok(issued.ok && issued.value.content.kind === 'aws');
    const { accessKeyId, secretAccessKey, sessionToken } = issued.value.content;
    assert.equal(issued.value.told?.accessKeyId, accessKeyId);
    assert.ok((issued.value.told?.packedPolicyPercent ?? 0) > 20);
    assert.equal(issued.value.secret, sessionToken);
    const told = JSON.stringify([issued.value.told, scene.said]);
    for (const secret of [secretAccessKey, sessionToken]) assert.equal(told.includes(secret), false);
  });
});

describe('a profile that is nearly as large as AWS takes', () => {
  const large = (characters: number): AwsResource => ({
    ...REPORTS,
    target: {
      ...REPORTS.target,
      profiles: {
        read: {
          description: 'Large',
          allow: [
            { actions: ['s3:ListBucket'], resources: ['arn:aws:s3:::a'] },
            { actions: ['s3:GetObject'], resources: [`arn:aws:s3:::${'x'.repeat(characters)}`] },
          ],
        },
      },
    },
  });
  const room =
    SESSION_POLICY_MAX_CHARACTERS - sessionPolicy(large(0).target.profiles.read?.allow ?? [], NOW).length;
  const longNames = {
    principal: { issuer: 'i', subject: 's', type: 'agent' as const, name: 'n'.repeat(64) },
  };

  test('is given, and said', async (context) => {
    const scene = await startAwsScene({}, context);
    const issued = await scene.issuer.issue({
      resource: large(900),
      grant: await scene.newGrant(),
      id: 'c_1',
    });
    assert.equal(issued.ok, true);
    assert.deepEqual(scene.said, ['a session is nearly too large']);
  });

  test('is refused where names make it larger, and it is said where to cut', async (context) => {
    const scene = await startAwsScene({}, context);
    const grant = await scene.newGrant({
      ...longNames,
      owners: [{ issuer: 'i', subject: 'o'.repeat(64), name: 'O' }],
    });
    const issued = await scene.issuer.issue({ resource: large(room), grant, id: 'c_1' });
    assert.deepEqual(issued, {
      ok: false,
      failure: { code: 'profile_too_large', profile: 'read', largest: 1 },
    });
  });
});

describe('STS', () => {
  test('that is away, or gives half a session, is a dependency that is away', async (context) => {
    const scene = await startAwsScene({}, context);
    const settings = { ...scene.keysOf('vend'), endpoint: 'http://127.0.0.1:1' };
    const issuer = awsIssuer({
      assume: stsSessions(settings),
      clock: () => scene.time.now,
      log: () => undefined,
    });
    await assert.rejects(issuer.issue({ resource: REPORTS, grant: await scene.newGrant(), id: 'c_1' }), {
      name: 'DependencyUnavailable',
    });
  });

  test('refuses another external id, another role and another account', async (context) => {
    const scene = await startAwsScene({}, context);
    const grant = await scene.newGrant();
    for (const change of [
      { externalId: 'somebody-elses' },
      { roleArn: 'arn:aws:iam::111122223333:role/latchkey-vend' },
      { roleArn: REPORTS.target.roleArn.replace('111122223333', '999900009999') },
    ]) {
      const resource = { ...REPORTS, target: { ...REPORTS.target, ...change } };
      await assert.rejects(scene.issuer.issue({ resource, grant, id: 'c_1' }), {
        name: 'DependencyUnavailable',
      });
    }
  });
});

/** What a role's trust is asked, beyond what our own adapters would ever ask. */
describe('the role of a target', () => {
  const MARKED = { 'latchkey:grant': 'g_1', 'latchkey:mark': '000000000001' };
  const PROBE = { ...MARKED, 'latchkey:purpose': 'probe' };

  const assume = async (
    scene: AwsScene,
    who: 'vend' | 'revoker' | 'stranger',
    {
      tags = MARKED,
      ...change
    }: { tags?: Record<string, string>; ExternalId?: string; SourceIdentity?: string; RoleArn?: string } = {},
  ) => {
    const client = new STSClient(scene.keysOf(who));
    const command = new AssumeRoleCommand({
      RoleArn: REPORTS.target.roleArn,
      RoleSessionName: 'g_1',
      ExternalId: REPORTS.target.externalId,
      DurationSeconds: 900,
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      ...change,
    });
    const outcome = await client.send(command).then(
      ({ Credentials: made }) => made,
      (error: Error) => error.name,
    );
    client.destroy();
    return outcome;
  };

  for (const [what, who, ask] of [
    ['somebody else of the account', 'stranger', {}],
    ['vend without the external id', 'vend', { ExternalId: undefined }],
    ['vend without a mark', 'vend', { tags: { 'latchkey:grant': 'g_1' } }],
    ['vend without its grant', 'vend', { tags: { 'latchkey:mark': '000000000001' } }],
    ['vend as a probe, which no deny would concern', 'vend', { tags: PROBE }],
    ['vend with a tag that nobody knows', 'vend', { tags: { ...MARKED, team: 'x' } }],
    ['revoker as anything but a probe', 'revoker', {}],
    ['revoker for another purpose', 'revoker', { tags: { ...MARKED, 'latchkey:purpose': 'other' } }],
    ['revoker in somebody’s name', 'revoker', { tags: PROBE, SourceIdentity: 'alice' }],
    [
      'vend as the writer of deny policies',
      'vend',
      { tags: {}, RoleArn: `${REPORTS.target.roleArn}-ending` },
    ],
  ] as const)
    test(`is not assumed by ${what}`, async (context) =>
      assert.equal(
        await assume(await startAwsScene({}, context), who, ask as object),
        'AccessDeniedException',
      ));

  test('is assumed by vend in the owner’s name, and by revoker as a probe', async (context) => {
    const scene = await startAwsScene({}, context);
    for (const [who, ask] of [
      ['vend', { SourceIdentity: 'alice' }],
      ['revoker', { tags: PROBE }],
    ] as const)
      assert.equal(typeof (await assume(scene, who, ask)), 'object');
  });

  test('lets a probe do nothing but the one call, although it has no session policy', async (context) => {
    const scene = await startAwsScene({}, context);
    const made = await assume(scene, 'revoker', { tags: PROBE });
    assert.ok(typeof made === 'object');
    const keys = {
      accessKeyId: made.AccessKeyId ?? '',
      secretAccessKey: made.SecretAccessKey ?? '',
      sessionToken: made.SessionToken ?? '',
    };
    assert.equal(await scene.read({ kind: 'aws', region: 'eu-central-1', ...keys }), 'AccessDenied');
    assert.equal(await scene.tools.probe(keys, 'eu-central-1'), 'got_in');
  });

  test('is bounded: whatever its deny policy is made to say, a session has no more than some profile allows', async (context) => {
    const scene = await startAwsScene({}, context);
    const versions = await scene.tools.versionsOf(REPORTS, REPORTS.target.roleArn);
    const everything = {
      Version: '2012-10-17',
      Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }],
    };
    await versions.makeDefault((await versions.create(JSON.stringify(everything))) ?? 0);
    const made = await assume(scene, 'vend');
    assert.ok(typeof made === 'object');
    const session = sessionOf(scene, made.AccessKeyId ?? '');
    const may = (action: string, resource: string) => scene.sessions.isAllowed(session, { action, resource });
    assert.equal(may('s3:GetObject', 'arn:aws:s3:::shop-reports/a'), true);
    assert.equal(may('s3:GetObject', 'arn:aws:s3:::others/a'), false);
    assert.equal(may('iam:CreateUser', 'arn:aws:iam::111122223333:user/x'), false);
    assert.match(
      scene.sessions.refusalOf(session, { action: 'sts:AssumeRole', resource: '*' }) ?? '',
      /explicit deny in a permissions boundary/,
    );
  });
});

describe('the writer of deny policies', () => {
  test('writes versions of these and does nothing else', async (context) => {
    const scene = await startAwsScene({}, context);
    const made = await scene.tools.assume({
      roleArn: `${REPORTS.target.roleArn}-ending`,
      externalId: REPORTS.target.externalId,
      sessionName: 'test',
      seconds: 900,
    });
    const session = sessionOf(scene, made.keys.accessKeyId);
    const ended = 'arn:aws:iam::111122223333:policy/latchkey-ended-latchkey-aws-reports';
    const may = (action: string, resource = ended) => scene.sessions.isAllowed(session, { action, resource });
    for (const verb of ['Create', 'Delete', 'SetDefault', 'Get'])
      assert.equal(may(`iam:${verb}PolicyVersion`), true);
    assert.equal(may('iam:ListPolicyVersions'), true);
    for (const action of [
      'iam:DeletePolicy',
      'iam:CreatePolicy',
      'iam:AttachRolePolicy',
      'iam:DetachRolePolicy',
      'sts:AssumeRole',
    ])
      assert.equal(may(action), false, action);
    const boundary = 'arn:aws:iam::111122223333:policy/latchkey-boundary-latchkey-aws-reports';
    for (const other of [
      boundary,
      `${ended}-2`,
      'arn:aws:iam::999900009999:policy/latchkey-ended-latchkey-aws-reports',
    ])
      assert.equal(may('iam:CreatePolicyVersion', other), false, other);
  });
});
