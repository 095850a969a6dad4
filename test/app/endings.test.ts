import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { PROBE_GOT_IN } from '../../lambdas/app/ports-of-targets.ts';
import { reconcileTarget } from '../../lambdas/app/reconcile-target.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { renewTask } from '../../lambdas/app/renew-task.ts';
import { storeWait } from '../../lambdas/app/store-wait.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { type App, startApp } from '../support/app.ts';
import { ALLOWED, CALLER, ENTRY, NOW, OTHER_CALLER, REFUSED, RESOURCE, SOFTWARE } from '../support/facts.ts';

let app: App;
beforeEach(async () => {
  app = await startApp();
});
afterEach(() => app.tables.close());

const read = async (id: string): Promise<Grant> => {
  const grant = await app.deps.store.readGrant(id);
  assert.ok(grant);
  return grant;
};
const status = (grant: Grant) => ('ending' in grant ? `${grant.state}:${grant.ending.status}` : grant.state);
/** A workflow that is signalled ends access, as the machine would. */
const passSeconds = async () => {
  app.time.now += 1_000;
};
const signalled = () => {
  app.deps.workflow.endWait = async (token: string) => void (await endAccess(app.deps, token, app.context));
};

test('a release ends the state first, signals the workflow, waits for the proof and answers with it', async () => {
  signalled();
  const id = await app.newActive(await app.newTask());
  await storeWait(app.deps, { grantId: id, taskToken: id });
  assert.ok(app.roles.has(id));
  const released = await releaseGrant(app.deps, CALLER, id);
  assert.ok(released.ok);
  assert.equal(status(released.value.grant), 'released:dead');
  assert.equal(app.roles.has(id), false);
  const again = await releaseGrant(app.deps, CALLER, id);
  assert.deepEqual(again.ok && again.value.grant, released.value.grant);
});

test('nobody releases what is not theirs', async () => {
  const id = await app.newActive(await app.newTask());
  const foreign = await releaseGrant(app.deps, OTHER_CALLER, id);
  assert.equal(!foreign.ok && foreign.failure.code, 'not_found');
  assert.equal((await read(id)).state, 'active');
});

test('a release before activation withdraws the grant, and activation then makes nothing', async () => {
  const { id } = await app.newGrant(await app.newTask());
  const released = await releaseGrant(app.deps, CALLER, id);
  assert.equal(released.ok && status(released.value.grant), 'cancelled:none');
  assert.equal(await activateGrant(app.deps, id, app.context), undefined);
  assert.equal(app.roles.has(id), false);
});

test('an end that comes while the target is being opened wins', async () => {
  const { id } = await app.newGrant(await app.newTask());
  const target = {
    ...app.target,
    open: async (ask: Parameters<typeof app.target.open>[0]) => {
      const opened = await app.target.open(ask);
      app.time.now += 1;
      const ended = releaseGrant({ ...app.deps, sleep: passSeconds }, CALLER, id);
      await ended;
      return opened;
    },
  };
  assert.equal(
    await activateGrant({ ...app.deps, targets: { postgres: target } }, id, app.context),
    undefined,
  );
  assert.ok(app.roles.has(id));
  await endAccess(app.deps, id, app.context);
  assert.equal(app.roles.has(id), false);
  assert.equal(status(await read(id)), 'cancelled:dead');
});

test('a token that is stored after the end is signalled by whoever stored it', async () => {
  const id = await app.newActive(await app.newTask());
  await endAccess(app.deps, id, app.context);
  await storeWait(app.deps, { grantId: id, taskToken: 'late-token' });
  assert.deepEqual(
    app.calls.filter((call) => call.startsWith('endWait')),
    ['endWait late-token'],
  );
});

test('a workflow woken by hand ends access and mints nothing', async () => {
  const id = await app.newActive(await app.newTask());
  await endAccess(app.deps, id, app.context);
  const grant = await read(id);
  assert.equal(status(grant), 'revoked:dead');
  assert.equal('cause' in grant && grant.cause, 'workflow_ended_early');
});

test('a window that ran out is expired, whoever comes first', async () => {
  const id = await app.newActive(await app.newTask());
  app.time.now += 600_000;
  await endAccess(app.deps, id, app.context);
  assert.equal(status(await read(id)), 'expired:dead');
});

test('ending a task ends everything it holds, and its chains verify', async () => {
  signalled();
  const task = await app.newTask();
  const ids = [await app.newActive(task), await app.newActive(task)];
  for (const id of ids) await storeWait(app.deps, { grantId: id, taskToken: id });
  const ended = await endTask(app.deps, CALLER, task);
  assert.ok(ended.ok);
  assert.deepEqual(ended.value.grants.map(status), ['released:dead', 'released:dead']);
  for (const id of ids) {
    const grant = await read(id);
    const entries = await Array.fromAsync(app.deps.store.readChain(id));
    assert.deepEqual(verifyChain(id, entries, { head: grant.head, receipts: [] }), []);
    assert.deepEqual(
      entries.map(({ event }) => event.type),
      ['grant.requested', 'grant.activating', 'grant.active', 'grant.ended', 'ending.proved'],
    );
  }
  const stored = await app.deps.store.readTask(task);
  assert.equal(stored?.state === 'ended' && stored.ending, 'done');
});

test('what is not proved dead is retried, sits in quarantine under a count, and leaves it when it is dead', async () => {
  const id = await app.newActive(await app.newTask());
  app.control.report = { dead: false, error: PROBE_GOT_IN };
  await endAccess(app.deps, id, app.context);
  assert.equal(status(await read(id)), 'revoked:pending');
  for (let attempt = 2; attempt <= 3; attempt += 1) {
    app.time.now += 3_600_000;
    await sweep(app.deps, app.context);
  }
  assert.equal(status(await read(id)), 'revoked:quarantined');
  const report = await sweep(app.deps, app.context);
  assert.deepEqual([report.quarantined, report.probeGotIn, report.failures], [1, 1, 0]);
  app.control.report = {};
  app.time.now += 3_600_000;
  const cleared = await sweep(app.deps, app.context);
  assert.equal(status(await read(id)), 'revoked:dead');
  assert.equal(cleared.quarantined, 0);
});

test('a heartbeat moves the lease and reaches the waiting workflows; a lost lease cannot be revived', async () => {
  const task = await app.newTask({ name: 'leased', leaseSeconds: 30 });
  const id = await app.newActive(task);
  await storeWait(app.deps, { grantId: id, taskToken: 'waiting' });
  app.time.now += 20_000;
  const renewed = await renewTask(app.deps, CALLER, task);
  assert.equal(
    renewed.ok && renewed.value.task.state === 'open' && renewed.value.task.openUntil,
    NOW + 50_000,
  );
  assert.ok(app.calls.includes('renewWait waiting'));
  app.time.now += 31_000;
  const late = await renewTask(app.deps, CALLER, task);
  assert.equal(!late.ok && late.failure.code, 'task_over');
  await sweep(app.deps, app.context);
  const grant = await read(id);
  assert.equal('cause' in grant && grant.cause, 'lease_lost');
});

test('a role without a living grant is ended and told in the trail; a living one is left alone', async () => {
  const live = await app.newActive(await app.newTask());
  const stray = 'g_00000000000000000000_000000000000';
  app.roles.add(stray);
  assert.equal(await reconcileTarget(app.deps, RESOURCE, app.context), 1);
  assert.deepEqual([app.roles.has(stray), app.roles.has(live)], [false, true]);
});

test('a grant whose rights have come to be more than may be given is ended where that is noticed', async () => {
  const [outgrown, live] = [
    await app.newActive(await app.newTask()),
    await app.newActive(await app.newTask()),
  ];
  const target = { ...app.deps.targets.postgres, outgrown: async () => [outgrown] };
  const deps = { ...app.deps, targets: { postgres: target } };
  assert.equal(await reconcileTarget(deps, RESOURCE, app.context), 1);
  const grant = await read(outgrown);
  assert.deepEqual([status(grant), 'cause' in grant && grant.cause], ['revoked:dead', 'rights_outgrown']);
  assert.equal(status(await read(live)), 'active');
});

test('a resource that left the configuration while a grant lived is quarantined, not forgotten', async () => {
  const id = await app.newActive(await app.newTask());
  await endAccess({ ...app.deps, resources: [] }, id, app.context);
  const grant = await read(id);
  assert.equal(
    'ending' in grant && 'lastError' in grant.ending && grant.ending.lastError,
    'resource:removed_from_configuration',
  );
});

/** The same id, meaning another server. */
const MOVED = [{ ...RESOURCE, target: { ...RESOURCE.target, resourceId: 'db-ANOTHER' } }];

test('a resource that was moved while a grant lived is not asked for a proof of death at its new place', async () => {
  const id = await app.newActive(await app.newTask());
  await endAccess({ ...app.deps, resources: MOVED }, id, app.context);
  const grant = await read(id);
  assert.equal(status(grant), 'revoked:pending');
  assert.equal(
    'ending' in grant && 'lastError' in grant.ending && grant.ending.lastError,
    'resource:moved_in_configuration',
  );
  await endAccess(app.deps, id, app.context);
  assert.equal(status(await read(id)), 'revoked:dead');
});

test('a resource that was moved is neither prepared nor vended for grants that meant the old place', async () => {
  const task = await app.newTask();
  const { id } = await app.newGrant(task);
  assert.equal(await activateGrant({ ...app.deps, resources: MOVED }, id, app.context), undefined);
  assert.deepEqual([app.roles.has(id), (await read(id)).state], [false, 'preparing']);
  const vended = await vendCredential({ ...app.deps, resources: MOVED }, CALLER, {
    grantId: await app.newActive(task),
  });
  assert.deepEqual(!vended.ok && vended.failure, { code: 'grant_over', state: 'resource_moved' });
});

test('a new configuration ends the grants it would not give and is then in the trail', async () => {
  await sweep(app.deps, app.context);
  const id = await app.newActive(await app.newTask());
  const changed = { ...app.deps, software: { ...SOFTWARE, policyDigest: 'e'.repeat(64) } };
  app.policy.answer = () => REFUSED;
  await sweep(changed, app.context);
  const grant = await read(id);
  assert.equal('cause' in grant && grant.cause, 'policy_changed');
  const { entry } = await app.deps.store.readSystemHead('system:config');
  assert.equal(entry?.event.type === 'config.activated' && entry.event.previous, SOFTWARE.policyDigest);
});

test('one thing that cannot be ended does not keep the sweeper from the others', async () => {
  const [bad, good] = [await app.newActive(await app.newTask()), await app.newActive(await app.newTask())];
  app.time.now += 700_000;
  const endings = {
    ...app.deps.endings,
    end: async (grant: { id: string }) => {
      if (grant.id === bad) throw new Error('away');
      await app.deps.endings.end(grant);
    },
  };
  const report = await sweep({ ...app.deps, endings }, app.context);
  assert.ok(report.failures >= 1);
  assert.equal(status(await read(good)), 'expired:dead');
});

test('refused tokens come into the trail once, counted by reason', async () => {
  app.refusals.push({ reason: 'expired', issuer: null, count: 3 });
  await sweep(app.deps, app.context);
  await sweep(app.deps, app.context);
  const entries = await Array.fromAsync(app.deps.store.readChain('system:tokens'));
  assert.deepEqual(
    entries.map(({ event }) => event.type === 'tokens.refused' && event.refusals),
    [[{ reason: 'expired', issuer: null, count: 3 }]],
  );
});

test('the next count of refused tokens begins where the last one ended', async () => {
  const windows: [number, number][] = [];
  const refusedTokens = {
    countBetween: async (from: number, to: number) => {
      windows.push([from, to]);
      return { refusals: [{ reason: 'expired', issuer: null, count: 1 }], isComplete: true };
    },
  };
  await sweep({ ...app.deps, refusedTokens }, app.context);
  app.time.now += 60_000;
  await sweep({ ...app.deps, refusedTokens }, app.context);
  assert.equal(windows[1]?.[0], windows[0]?.[1]);
});

test('taking an agent, its group or the length of its window out of the configuration ends its grants', async () => {
  const changes = [
    { principals: [] },
    { principals: [{ ...ENTRY, groups: [] }], groups: [] },
    { resources: [{ ...RESOURCE, maxDurationSeconds: 60 }] },
    { resources: [] },
  ];
  for (const [round, change] of changes.entries()) {
    await sweep(app.deps, app.context);
    const id = await app.newActive(await app.newTask());
    const asked: (readonly string[])[] = [];
    const policy = {
      groups: [],
      categories: [],
      askUnmask: () => REFUSED,
      askPerson: () => REFUSED,
      ask: ({ groups }: { groups: readonly string[] }) => {
        asked.push(groups);
        return groups.includes('data-crew') ? ALLOWED : REFUSED;
      },
    };
    const software = { ...SOFTWARE, policyDigest: `${round}`.repeat(64) };
    await sweep({ ...app.deps, ...change, policy, software }, app.context);
    const grant = await read(id);
    assert.equal('cause' in grant && grant.cause, 'policy_changed', JSON.stringify(change));
    app.deps.software = software;
  }
});

test('a grant that the old rules still gave during a deploy is asked about afterwards', async () => {
  await sweep(app.deps, app.context);
  const changed = { ...app.deps, software: { ...SOFTWARE, policyDigest: 'e'.repeat(64) } };
  await sweep(changed, app.context);
  const id = await app.newActive(await app.newTask());
  app.policy.answer = () => REFUSED;
  app.time.now += 60_000;
  await sweep(changed, app.context);
  const grant = await read(id);
  assert.equal('cause' in grant && grant.cause, 'policy_changed');
});

test('whatever becomes of asking again, what is due is ended first', async () => {
  const id = await app.newActive(await app.newTask());
  app.time.now += 700_000;
  const store = { ...app.deps.store, readSystemHead: () => Promise.reject(new Error('away')) };
  await sweep({ ...app.deps, store }, app.context);
  assert.equal(status(await read(id)), 'expired:dead');
});

test('ending a task again reads what became of it and signals nobody', async () => {
  signalled();
  const task = await app.newTask();
  const id = await app.newActive(task);
  await storeWait(app.deps, { grantId: id, taskToken: id });
  await endTask(app.deps, CALLER, task);
  app.deps.workflow.endWait = () => assert.fail('a signal');
  const again = await endTask(app.deps, CALLER, task);
  assert.deepEqual(again.ok && again.value.grants.map(status), ['released:dead']);
});
