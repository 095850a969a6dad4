import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { reportOverflow } from '../../lambdas/app/report-overflow.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { systemChain } from '../../lambdas/core/audit/system-chain.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { rolesOf } from '../../lambdas/core/aws/role-shards.ts';
import { ok } from '../../lambdas/core/result.ts';
import { type App, startApp } from '../support/app.ts';
import { AWS_RESOURCE, CALLER, NOW } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());

const [ROLE = '', OTHER_ROLE = ''] = rolesOf(AWS_RESOURCE.target);

/** A grant whose one session is of that role; or none, where no role is said. */
const grantWith = async (roleArn: string | undefined): Promise<string> => {
  const deps = {
    ...app.deps,
    resources: [AWS_RESOURCE],
    targets: { aws: app.deps.targets.postgres as never },
    issuers: {
      aws: {
        issue: async () =>
          ok({
            content: {
              kind: 'aws' as const,
              accessKeyId: 'A',
              secretAccessKey: 's',
              sessionToken: 't',
              region: 'r',
            },
            secret: 't',
            expiresAt: NOW + 600_000,
            ...(roleArn === undefined ? {} : { roleArn }),
          }),
      },
    },
  };
  app.deps.resources = [AWS_RESOURCE];
  const asked = {
    resource: AWS_RESOURCE.id,
    action: 'aws:assume',
    profile: 'read-reports',
    durationSeconds: 600,
  };
  const { id } = await app.newGrant(await app.newTask(), asked);
  await activateGrant(deps, id, app.context);
  if (roleArn !== undefined) assert.equal((await vendCredential(deps, CALLER, { grantId: id })).ok, true);
  return id;
};

test('names every grant that has not ended and has sessions of that role, and nobody else', async () => {
  const hit = [await grantWith(ROLE), await grantWith(ROLE)];
  await grantWith(OTHER_ROLE);
  await grantWith(undefined);
  const overflow = { resource: AWS_RESOURCE.id, roleArn: ROLE, issuedBefore: NOW + 1_000 };
  await reportOverflow(app.deps, overflow, app.context);
  const chain = systemChain('overflow', AWS_RESOURCE.id, NOW);
  const entries = await Array.fromAsync(app.deps.store.readChain(chain));
  const [entry] = entries;
  assert.ok(entry?.event.type === 'target.overflow');
  const { resource, role, issuedBefore } = entry.event;
  assert.deepEqual({ resource, roleArn: role, issuedBefore }, overflow);
  assert.deepEqual(entry.event.hit, hit.toSorted());
  assert.deepEqual(verifyChain(chain, entries, { head: undefined, receipts: [] }), []);
  assert.ok(app.calls.includes('alarm SessionsOverflow'));
});
