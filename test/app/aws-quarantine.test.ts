import assert from 'node:assert/strict';
import { test } from 'node:test';
import { awsIssuer } from '../../lambdas/adapters/aws/aws-issuer.ts';
import { awsTarget } from '../../lambdas/adapters/aws/aws-target.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { startApp } from '../support/app.ts';
import { REPORTS, startAwsAccount } from '../support/aws-account.ts';
import { readAs } from '../support/aws-reader.ts';
import { awsToolsOn } from '../support/aws-tools.ts';
import { CALLER } from '../support/facts.ts';

test('an end that IAM does not take sits in quarantine under an alarm, and is proved once it does', async (context) => {
  const app = await startApp();
  const account = await startAwsAccount();
  context.after(() => Promise.all([account.close(), app.tables.close()]));
  account.sessions.clock = () => app.time.now;
  app.deps.resources = [REPORTS];
  const { ending, issuing } = awsToolsOn(account, { connection: app.tables.connection, time: app.time });
  let isAway = false;
  const versionsOf: typeof ending.versionsOf = async (...ask) => {
    if (isAway) throw new DependencyUnavailable('iam', new Error('away'));
    return ending.versionsOf(...ask);
  };
  const deps = {
    ...app.deps,
    targets: { aws: awsTarget({ ...ending, versionsOf }) },
    issuers: { aws: awsIssuer(issuing) },
  };
  const endings = {
    end: async ({ id }: { id: string }) => void (await endAccess(deps, id, app.context)),
    reconcile: async () => 0,
  };
  const asked = { resource: REPORTS.id, action: 'aws:assume', profile: 'read', durationSeconds: 3_600 };
  const { id } = await app.newGrant(await app.newTask(), asked);
  await activateGrant(deps, id, app.context);
  const vended = await vendCredential(deps, CALLER, { grantId: id });
  assert.ok(vended.ok && vended.value.credential.kind === 'aws');

  isAway = true;
  await endAccess(deps, id, app.context);
  let report = { quarantined: 0 };
  for (let minute = 0; minute < 3; minute += 1) {
    app.time.now += 60_000;
    report = await sweep({ ...deps, endings }, app.context);
  }
  const owed = await deps.store.readGrant(id);
  assert.ok(owed && 'ending' in owed && owed.ending.status === 'quarantined');
  assert.deepEqual([owed.ending.lastError, report.quarantined], ['deny:unavailable', 1]);
  assert.equal(await readAs(account, vended.value.credential), 'read');

  isAway = false;
  app.time.now += 15 * 60_000;
  assert.equal((await sweep({ ...deps, endings }, app.context)).quarantined, 0);
  const dead = await deps.store.readGrant(id);
  assert.ok(dead && 'ending' in dead && dead.ending.status === 'dead');
  assert.equal(await readAs(account, vended.value.credential), 'AccessDenied');
});
