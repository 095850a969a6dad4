import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { postgresTarget } from '../../lambdas/adapters/postgres/postgres-target.ts';
import type { CloseReport } from '../../lambdas/app/ports-of-targets.ts';
import { type GrantedRole, type GrantedRoles, startGrantedRoles } from '../support/granted-roles.ts';

let roles: GrantedRoles;
before(async () => {
  roles = await startGrantedRoles();
});
after(() => roles.stop());

/** A grant with something to end: an open session, a table and rights given away. */
const busyGrant = async (): Promise<GrantedRole> => {
  const grant = await roles.open();
  const session = await grant.logIn();
  const table = `left_by_${grant.user}`;
  await session.query(`CREATE TABLE ${table} (id int); GRANT SELECT ON ${table} TO PUBLIC`);
  return grant;
};

const endsDead = async (grant: GrantedRole): Promise<void> => {
  const report = await grant.close();
  assert.deepEqual([report.dead, report.error], [true, undefined]);
  assert.equal(await roles.exists(grant.user), false);
  const owner = await roles.look('SELECT tableowner FROM pg_tables WHERE tablename = $1', [
    `left_by_${grant.user}`,
  ]);
  assert.deepEqual(owner, { tableowner: 'orders_owner' });
  const backends = await roles.look('SELECT count(*)::int FROM pg_stat_activity WHERE usename = $1', [
    grant.user,
  ]);
  assert.deepEqual(backends, { count: 0 });
};

const STEPS = ['nologin', 'terminate', 'probe', 'reassign', 'drop_owned', 'drop_role', 'backends'];

/** The clock is read after each step, so a clock that fails there is a process that dies there. */
const dieAfter = async (grant: GrantedRole, step: number): Promise<CloseReport> => {
  let readings = 0;
  const clock = (): number => {
    readings += 1;
    if (readings === step) throw new Error('the process died here');
    return Date.now();
  };
  const target = postgresTarget({ signOwn: roles.database.signOwn, clock });
  return target.close({ resource: roles.resource, grantId: grant.id, grant: undefined, since: Date.now() });
};

for (const [index, name] of STEPS.entries())
  test(`a crash right after the step ${name} is made good by ending again`, async () => {
    const grant = await busyGrant();
    await assert.rejects(dieAfter(grant, index + 1), /died here/);
    await endsDead(grant);
  });

test('connections of the administrator that are cut at any instant leave nothing that a second end cannot end', async () => {
  const outcomes = new Set<string | undefined>();
  for (let delayMs = 0; delayMs < 60; delayMs += 4) {
    const grant = await busyGrant();
    const closing = grant.close();
    await pause(delayMs);
    await roles.look(
      "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'latchkey_admin'",
    );
    const { dead, error } = await closing;
    assert.equal(dead, error === undefined);
    outcomes.add(error?.split(':')[1]);
    await endsDead(grant);
  }
  assert.ok(outcomes.has('unavailable'), 'no connection was cut in time, so nothing was tried');
});

test('after an end, or a crash in it and another end, the administrator has no more rights than before', async () => {
  const [ended, crashed] = [await busyGrant(), await busyGrant()];
  await ended.close();
  await assert.rejects(dieAfter(crashed, 4), /died here/);
  await crashed.close();
  const held = await roles.look(
    `SELECT array_agg(roleid::regrole::text ORDER BY roleid::regrole::text) AS inherited FROM pg_auth_members
     WHERE member = 'latchkey_admin'::regrole AND (inherit_option OR set_option)`,
  );
  assert.deepEqual(held, { inherited: ['pg_signal_backend', 'rds_iam'] });
});
