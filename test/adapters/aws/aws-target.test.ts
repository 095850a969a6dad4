import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import type { AwsSession } from '../../../lambdas/app/credential.ts';
import { rolesOf } from '../../../lambdas/core/aws/role-shards.ts';
import { AWS_CLOCK_SKEW_MS, ENDED_PROPAGATION_MAX_MS } from '../../../lambdas/core/limits.ts';
import { REPORTS, templateOf } from '../../support/aws-account.ts';
import { SHARDED } from '../../support/aws-grants.ts';
import { type AwsScene, startAwsScene } from '../../support/aws-scene.ts';
import { NOW } from '../../support/facts.ts';

const start = (context: TestContext, ask: Parameters<typeof startAwsScene>[0] = {}): Promise<AwsScene> =>
  startAwsScene(ask, context);

const stepsOf = ({ steps }: { steps: readonly { name: string; outcome: string }[] }) =>
  steps.map(({ name, outcome }) => `${name} ${outcome}`);

describe('the end of a grant', () => {
  test('refuses its sessions: the one that is open, and one that is given in spite of it', async (context) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    const session = await scene.issue(grant);
    assert.equal(await scene.read(session), 'read');
    const report = await scene.close(grant);
    assert.deepEqual([report.dead, stepsOf(report)], [true, ['deny done', 'probe refused']]);
    assert.equal(await scene.read(session), 'AccessDenied');
    assert.equal(await scene.read(await scene.issue(grant)), 'AccessDenied');
  });

  test('leaves the sessions of other grants alone', async (context) => {
    const scene = await start(context);
    const [grant, other] = [await scene.newGrant(), await scene.newGrant()];
    const session = await scene.issue(other);
    await scene.issue(grant);
    assert.equal((await scene.close(grant)).dead, true);
    assert.equal(await scene.read(session), 'read');
  });

  test('has nothing to do where no credential was issued, and says so', async (context) => {
    const scene = await start(context);
    const report = await scene.close(await scene.newGrant());
    assert.deepEqual([report.dead, stepsOf(report)], [true, ['sessions none_issued']]);
    assert.deepEqual(scene.calls, []);
  });

  test('can be repeated', async (context) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    await scene.issue(grant);
    for (let attempt = 0; attempt < 3; attempt += 1) assert.equal((await scene.close(grant)).dead, true);
  });

  test('needs no list where it comes by itself: the dates in each session are seen to hold', async (context) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    const session = await scene.issue(grant);
    scene.time.now = grant.expiresAt;
    const report = await scene.close(grant);
    assert.deepEqual([report.dead, stepsOf(report)], [true, ['expire done', 'probe refused']]);
    assert.equal(await scene.read(session), 'AccessDenied');
    assert.deepEqual(await scene.tools.marks.list(REPORTS.target.roleArn), []);
  });

  test('is of the roles that the sessions are of, whatever configuration says by now', async (context) => {
    const scene = await start(context, { template: templateOf(SHARDED) });
    for (let index = 0; index < 6; index += 1) {
      const grant = await scene.newGrant();
      const session = await scene.issue(grant, REPORTS);
      assert.equal((await scene.close(grant, SHARDED)).dead, true);
      assert.equal(await scene.read(session), 'AccessDenied');
    }
  });

  test('is spread over the roles of a resource', async (context) => {
    const scene = await start(context, { template: templateOf(SHARDED) });
    for (let index = 0; index < 12; index += 1) {
      const grant = await scene.newGrant();
      const session = await scene.issue(grant, SHARDED);
      assert.equal((await scene.close(grant, SHARDED)).dead, true);
      assert.equal(await scene.read(session), 'AccessDenied');
    }
    const listed = await Promise.all(rolesOf(SHARDED.target).map((role) => scene.tools.marks.list(role)));
    assert.equal(listed.flat().length, 12);
    assert.ok(listed.filter((marks) => marks.length > 0).length > 1);
  });
});

test('a target in another account is reached as one in its own', async (context) => {
  const account = '999900009999';
  const roleArn = REPORTS.target.roleArn.replace('111122223333', account);
  const elsewhere = { ...REPORTS, target: { ...REPORTS.target, account, roleArn } };
  const scene = await start(context, { template: templateOf(elsewhere), account });
  const grant = await scene.newGrant();
  const session = await scene.issue(grant, elsewhere);
  assert.equal(await scene.read(session), 'read');
  assert.equal((await scene.close(grant, elsewhere)).dead, true);
  assert.equal(await scene.read(session), 'AccessDenied');
});

describe('a hundred grants that end in one instant', () => {
  test('are all refused, and are a few writes of the policy', async (context) => {
    const scene = await start(context, { isRealTime: true });
    const grants = await Promise.all(Array.from({ length: 100 }, () => scene.newGrant()));
    const sessions = await Promise.all(grants.map((grant) => scene.issue(grant)));
    scene.calls.length = 0;
    // One instant, however long the machine takes to bring them: nobody writes before all of them are in the table.
    const { marks } = scene.tools;
    const { promise: allThere, resolve: isAllThere } = Promise.withResolvers<void>();
    let there = 0;
    const put: typeof marks.put = async (...mark) => {
      await marks.put(...mark);
      there += 1;
      if (there === grants.length) isAllThere();
      await allThere;
    };
    const together = { marks: { ...marks, put } };
    const reports = await Promise.all(grants.map((grant) => scene.closeWith(together, grant)));
    assert.deepEqual(
      reports.filter(({ dead }) => !dead).map(({ error }) => error),
      [],
    );
    for (const session of sessions) assert.equal(await scene.read(session), 'AccessDenied');
    const writes = scene.calls.filter((action) => action === 'iam:CreatePolicyVersion').length;
    assert.ok(writes <= 10, `${writes} writes`);
  });
});

describe('clocks that differ by five minutes', () => {
  for (const skewMs of [-AWS_CLOCK_SKEW_MS, AWS_CLOCK_SKEW_MS]) {
    const where = skewMs < 0 ? 'behind' : 'ahead of';

    test(`AWS’s ${where} ours: an early end holds until the natural one has come on both`, async (context) => {
      const scene = await start(context, { skewMs });
      const grant = await scene.newGrant();
      const session = await scene.issue(grant);
      assert.equal((await scene.close(grant)).dead, true);
      for (let minute = 0; minute < 30; minute += 3) {
        scene.time.now += 3 * 60_000;
        assert.deepEqual(await scene.target.inventory(REPORTS), []);
        // Somebody else ends, so the policy is written without those who need it no more.
        const other = await scene.newGrant();
        await scene.issue(other);
        assert.equal((await scene.close(other)).dead, true);
        assert.notEqual(await scene.read(session), 'read', `after ${minute + 3} minutes`);
      }
    });

    test(`AWS’s ${where} ours: the natural end is proved by AWS’s, or denied until it comes`, async (context) => {
      const scene = await start(context, { skewMs });
      const grant = await scene.newGrant();
      const session = await scene.issue(grant);
      scene.time.now = grant.expiresAt;
      const report = await scene.close(grant);
      assert.equal(report.dead, true);
      assert.deepEqual(stepsOf(report)[0], skewMs < 0 ? 'deny done' : 'expire done');
      for (let minute = 0; minute < 12; minute += 1) {
        assert.notEqual(await scene.read(session), 'read', `after ${minute} minutes`);
        scene.time.now += 60_000;
        await scene.target.inventory(REPORTS);
      }
    });
  }
});

describe('a policy that IAM has taken and that does not hold yet', () => {
  test('is waited for', async (context) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    const session = await scene.issue(grant);
    scene.holdPolicies(8_000);
    const report = await scene.close(grant);
    assert.deepEqual([report.dead, stepsOf(report)], [true, ['deny done', 'probe refused']]);
    assert.equal(await scene.read(session), 'AccessDenied');
  });

  test('is not death: the attempt ends, and the next one goes on', async (context) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    await scene.issue(grant);
    const since = scene.time.now;
    scene.holdPolicies(90_000);
    assert.deepEqual([(await scene.close(grant, REPORTS, since)).error], ['probe:not_yet']);
    scene.time.now += 60_000;
    assert.equal((await scene.close(grant, REPORTS, since)).dead, true);
  });

  test('is an alarm after minutes', async (context) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    await scene.issue(grant);
    const since = scene.time.now - ENDED_PROPAGATION_MAX_MS;
    scene.holdPolicies(9e9);
    assert.equal((await scene.close(grant, REPORTS, since)).error, 'probe:got_in');
  });

  test('at one host of AWS is not yet held at all of them', async (context) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    await scene.issue(grant);
    const outcomes = [
      'refused',
      'got_in',
      'refused',
      'refused',
      'got_in',
      'refused',
      'refused',
      'refused',
    ] as const;
    let asked = 0;
    const probe = async () => outcomes[asked++] ?? 'unknown';
    const report = await scene.closeWith({ probe }, grant);
    assert.deepEqual([report.dead, asked], [true, outcomes.length]);
  });
});

describe('what is not taken for death', () => {
  const closeWhere = async (context: TestContext, change: (scene: AwsScene) => Promise<object>) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    await scene.issue(grant);
    const report = await scene.closeWith(await change(scene), grant);
    assert.equal(report.dead, false);
    return report.error;
  };

  test('a probe that says nothing', async (context) =>
    assert.equal(await closeWhere(context, async () => ({ probe: async () => 'unknown' })), 'probe:unknown'));

  test('STS that is away', async (context) => {
    const error = await closeWhere(context, async (scene) => ({ assume: scene.away('sts') }));
    assert.equal(error, 'probe:unavailable');
  });

  test('IAM that is away', async (context) => {
    const error = await closeWhere(context, async (scene) => ({ versionsOf: scene.away('iam') }));
    assert.equal(error, 'deny:unavailable');
  });

  test('a policy that others write all the time', async (context) => {
    const error = await closeWhere(context, async (scene) => {
      const { versionsOf } = scene.tools;
      return {
        versionsOf: async (...ask: Parameters<typeof versionsOf>) => ({
          ...(await versionsOf(...ask)),
          makeDefault: async () => false,
        }),
      };
    });
    assert.equal(error, 'deny:contended');
  });
});

describe('more ends than a policy has room for', () => {
  const overflow = async (context: TestContext) => {
    const scene = await start(context);
    for (let index = 0; index < 400; index += 1)
      await scene.tools.marks.put(REPORTS.target.roleArn, {
        grantId: `g_${index}`,
        mark: `x${String(index).padStart(11, '0')}`,
        until: NOW + 3_600_000,
        issuedBefore: NOW + index,
      });
    return scene;
  };

  test('refuse whoever has ended, by when their sessions were issued; and it is said whose those are', async (context) => {
    const scene = await overflow(context);
    const [grant, other] = [await scene.newGrant(), await scene.newGrant()];
    const session = await scene.issue(grant);
    const hit = await scene.issue(other);
    scene.time.now += 5_000;
    const report = await scene.close(grant);
    assert.deepEqual([report.dead, stepsOf(report)], [true, ['deny done', 'probe refused']]);
    assert.deepEqual(scene.overflown, [REPORTS.target.roleArn]);
    assert.deepEqual([await scene.read(session), await scene.read(hit)], ['AccessDenied', 'AccessDenied']);
  });

  test('a grant that was hit and has not ended is given a new session that works', async (context) => {
    const scene = await overflow(context);
    const [grant, other] = [await scene.newGrant(), await scene.newGrant()];
    await scene.issue(grant);
    await scene.issue(other);
    scene.time.now += 5_000;
    await scene.close(grant);
    assert.equal(await scene.read(await scene.issue(other)), 'read');
  });
});

describe('what the sweeper compares', () => {
  const endedOne = async (context: TestContext) => {
    const scene = await start(context);
    const grant = await scene.newGrant();
    const session = await scene.issue(grant);
    await scene.close(grant);
    return { scene, grant, session };
  };

  test('is nobody’s concern where the policy says what the table says', async (context) => {
    const { scene } = await endedOne(context);
    scene.calls.length = 0;
    assert.deepEqual(await scene.target.inventory(REPORTS), []);
    assert.equal(scene.calls.includes('iam:CreatePolicyVersion'), false);
  });

  for (const [what, document] of [
    [
      'that was emptied, as by a deploy',
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Effect: 'Deny',
            Action: '*',
            Resource: '*',
            Condition: { StringEquals: { 'aws:PrincipalTag/latchkey:mark': '-' } },
          },
        ],
      }),
    ],
    [
      'that allows everything',
      JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect: 'Allow', Action: '*', Resource: '*' }] }),
    ],
  ] as const)
    test(`a policy ${what}, is written anew at once, and whoever was let in is named`, async (context) => {
      const { scene, grant, session } = await endedOne(context);
      const versions = await scene.tools.versionsOf(REPORTS, REPORTS.target.roleArn);
      await versions.makeDefault((await versions.create(document)) ?? 0);
      assert.equal(await scene.read(session), 'read');
      assert.deepEqual(await scene.target.inventory(REPORTS), [grant.id]);
      assert.equal(await scene.read(session), 'AccessDenied');
      assert.equal(scene.said.length, what.includes('allows') ? 1 : 0);
      const report = await scene.target.close({
        resource: REPORTS,
        grantId: grant.id,
        grant: undefined,
        since: scene.time.now,
      });
      assert.equal(report.dead, true);
    });

  test('a version that a lost writer left behind is removed', async (context) => {
    const { scene } = await endedOne(context);
    const versions = await scene.tools.versionsOf(REPORTS, REPORTS.target.roleArn);
    const [current] = await versions.list();
    const made = await versions.create((await versions.read(current?.number ?? 0)) ?? '');
    await versions.makeDefault(made ?? 0);
    await scene.target.inventory(REPORTS);
    assert.equal((await versions.list()).length, 1);
  });

  test('an orphan that the table does not know has nothing to end', async (context) => {
    const scene = await start(context);
    const ask = { resource: REPORTS, grantId: (await scene.newGrant()).id, grant: undefined, since: NOW };
    assert.deepEqual(stepsOf(await scene.target.close(ask)), ['sessions absent']);
  });
});

describe('a grant becomes active', () => {
  test('only where a probe gets in, so that one that is refused says something', async (context) => {
    const scene = await start(context);
    assert.equal(await scene.open(await scene.newGrant()), 'opened');
    const refusing = await start(context);
    await assert.rejects(refusing.openWith({ probe: async () => 'refused' }, await refusing.newGrant()), {
      name: 'RoleNotReady:probe_refused',
    });
    await assert.rejects(refusing.openWith({ probe: async () => 'unknown' }, await refusing.newGrant()), {
      name: 'DependencyUnavailable',
    });
  });

  test('only where the writer of the deny policy reaches it', async (context) => {
    const scene = await start(context);
    const versionsOf = scene.away('iam');
    await assert.rejects(scene.openWith({ versionsOf }, await scene.newGrant()), {
      name: 'DependencyUnavailable',
    });
  });

  test('after one look for a while, and not at all when nobody wants it any more', async (context) => {
    const scene = await start(context);
    for (let index = 0; index < 3; index += 1) await scene.open(await scene.newGrant());
    assert.equal(scene.calls.filter((action) => action === 'dynamodb:DescribeEndpoints').length, 1);
    assert.equal(await scene.open(await scene.newGrant(), false), 'unwanted');
  });
});

describe('a turn to write', () => {
  test('of a writer that was lost ends by itself', async (context) => {
    const scene = await start(context);
    assert.equal(await scene.tools.marks.takeTurn(REPORTS.target.roleArn, scene.time.now), true);
    const grant = await scene.newGrant();
    const session: AwsSession = await scene.issue(grant);
    assert.equal((await scene.close(grant)).dead, true);
    assert.equal(await scene.read(session), 'AccessDenied');
  });
});
