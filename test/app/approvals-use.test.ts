import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { inspectRun } from '../../lambdas/app/inspect-run.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { APPROVAL_USE_SECONDS, SECOND_MS } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import {
  admit,
  approvalOf,
  countIn,
  decide,
  decided,
  eventsIn,
  grantOf,
  newRun,
  newWaitingGrant,
  newWaitingRun,
  resetScene,
  runOf,
  withPeople,
} from '../support/approval-scene.ts';
import { ALLOWED, CALLER, ENTRY, PRINCIPAL, REFUSED, RESOURCE } from '../support/facts.ts';
import { INSPECTION } from '../support/remembered-statements.ts';
import { EVE, LEAD, SAMPLE_PEOPLE, visitorOf } from '../support/votes.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => resetScene(app));

const execute = (id: string) => executeRun(app.deps, id, app.context);

test('what people approved is given once, however often it is taken', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  await decided(app, approval);
  for (const _ of [1, 2]) assert.equal(await admit(app, grant.id), 'go');
  assert.equal((await approvalOf(app, approval.id)).state, 'consumed');
  assert.equal(await countIn(app, approval.id, 'approval.used'), 1);
  assert.equal(await countIn(app, grant.id, 'grant.approved'), 1);
  assert.ok(await activateGrant(app.deps, grant.id, app.context));
});

test('whoever approved a grant does not use it through the agent: four eyes stay four', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  await decided(app, approval);
  assert.equal(await admit(app, grant.id), 'go');
  await activateGrant(app.deps, grant.id, app.context);
  const vendThrough = async (...subjects: readonly string[]) => {
    const delegation = subjects.map((subject) => ({ issuer: PRINCIPAL.issuer, subject }));
    const by = { ...CALLER, principal: { ...PRINCIPAL, delegation } };
    const vended = await vendCredential(app.deps, by, { grantId: grant.id });
    return vended.ok ? 'vended' : vended.failure.code;
  };
  assert.equal(await vendThrough('dora'), 'own_approval');
  assert.equal(await vendThrough('proxy', 'dora'), 'own_approval');
  assert.equal(await vendThrough('proxy'), 'vended');
  assert.equal(await vendThrough(), 'vended');
});

test('a run that people approved is executed once, however often it is taken', async () => {
  const { run, grantId, approval } = await newWaitingRun(app);
  await decided(app, approval);
  await Promise.all([admit(app, run.id), admit(app, run.id)]);
  await Promise.all([execute(run.id), execute(run.id)]);
  await execute(run.id);
  assert.equal(app.statements.executed.length, 1);
  assert.equal(await countIn(app, grantId, 'run.started'), 1);
  assert.equal((await runOf(app, run.id)).state, 'succeeded');
});

test('a signal by hand while people decide gives nothing, and they go on deciding', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  const waitingRun = await newWaitingRun(app);
  app.roles.clear();
  for (const id of [grant.id, waitingRun.run.id]) assert.equal(await admit(app, id), 'wait');
  assert.equal(await activateGrant(app.deps, grant.id, app.context), undefined);
  assert.equal((await execute(waitingRun.run.id))?.state, 'pending_approval');
  assert.deepEqual([...app.roles], []);
  assert.equal(app.statements.executed.length, 0);
  assert.equal((await grantOf(app, grant.id)).state, 'pending_approval');
  assert.equal((await decided(app, approval)).state, 'approved');
  assert.equal((await decided(app, waitingRun.approval)).state, 'approved');
});

test('what is approved and not taken executes and activates nothing by itself', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  const waitingRun = await newWaitingRun(app);
  await decided(app, approval);
  await decided(app, waitingRun.approval);
  assert.equal(await activateGrant(app.deps, grant.id, app.context), undefined);
  assert.equal((await execute(waitingRun.run.id))?.state, 'pending_approval');
  assert.equal(app.statements.executed.length, 0);
});

test('a grant that is ended while people decide takes what they are asked with it', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  await endAccess(app.deps, grant.id, app.context);
  assert.equal((await grantOf(app, grant.id)).state, 'failed');
  assert.equal((await approvalOf(app, approval.id)).state, 'cancelled');
  assert.ok(!(await decide(app, approval)).ok);
});

test('what is approved and not used in time gives nothing', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  const waitingRun = await newWaitingRun(app);
  for (const one of [approval, waitingRun.approval]) await decided(app, one);
  app.time.now += APPROVAL_USE_SECONDS * SECOND_MS;
  assert.equal(await admit(app, grant.id), 'over');
  assert.equal((await grantOf(app, grant.id)).state, 'lapsed');
  assert.equal(await admit(app, waitingRun.run.id), 'over');
  assert.equal((await execute(waitingRun.run.id))?.state, 'failed', 'its grant is over by then');
  assert.equal(app.statements.executed.length, 0);
  for (const { id } of [approval, waitingRun.approval])
    assert.match((await approvalOf(app, id)).state, /lapsed|cancelled/);
});

/** What may change between the decision and its use, so that people have to be asked again. */
const CHANGES: Readonly<Record<string, () => void>> = {
  'policy asks for more people': () => {
    app.policy.answer = withPeople(2);
  },
  'the resource is another': () => {
    app.deps.resources = [{ ...RESOURCE, description: 'Orders of another shop' }];
  },
  'who approved may not any more': () => {
    app.policy.person = () => REFUSED;
  },
};

for (const [name, change] of Object.entries(CHANGES))
  test(`people are asked again when ${name}, and their first word is of no use any more`, async () => {
    const grantScene = await newWaitingGrant(app);
    const runScene = await newWaitingRun(app);
    for (const { approval } of [grantScene, runScene]) await decided(app, approval);
    change();
    for (const [id, approval] of [
      [grantScene.grant.id, grantScene.approval],
      [runScene.run.id, runScene.approval],
    ] as const) {
      for (const _ of [1, 2]) assert.equal(await admit(app, id), 'wait');
      assert.equal((await approvalOf(app, approval.id)).state, 'superseded');
      assert.ok(!(await decide(app, approval, { by: EVE })).ok);
      const now = id.startsWith('r_') ? await runOf(app, id) : await grantOf(app, id);
      assert.ok(now.state === 'pending_approval' && now.approval !== approval.id);
      const again = await approvalOf(app, now.approval);
      assert.equal(again.supersedes, approval.id);
      assert.deepEqual([again.state, again.votes.length], ['pending', 0]);
      app.policy.person = SAMPLE_PEOPLE;
      for (let voted = 0; voted < again.quorum; voted += 1)
        await decided(app, again, { by: visitorOf(`person-${voted}`) });
      assert.equal(await admit(app, id), 'go');
      change();
    }
    await execute(runScene.run.id);
    assert.equal(app.statements.executed.length, 1);
    for (const chain of [grantScene.grant.id, runScene.grantId]) await eventsIn(app, chain);
  });

test('a group that principals.yaml takes away between decision and use takes its owner’s word away', async () => {
  const entry = {
    ...ENTRY,
    name: 'dora',
    subject: 'dora',
    type: 'human',
    owners: [],
    groups: ['dba'],
  } as const;
  app.deps.principals = [ENTRY, entry];
  for (const now of [[ENTRY, { ...entry, groups: [] }], [ENTRY]]) {
    app.deps.principals = [ENTRY, entry];
    const { grant, approval } = await newWaitingGrant(app);
    await decided(app, approval);
    app.deps.principals = now;
    assert.equal(await admit(app, grant.id), 'wait');
    assert.equal((await approvalOf(app, approval.id)).state, 'superseded');
  }
});

test('runs that were given in the place of a login need somebody who still stands behind it', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  await decided(app, approval, { granted: { action: 'postgres:read', seconds: 600 } });
  app.policy.person = () => REFUSED;
  assert.equal(await admit(app, grant.id), 'wait');
});

test('what policy denies by now is given to nobody, whoever approved it, in an emergency neither', async () => {
  for (const change of [{}, { by: LEAD, way: 'break_glass', note: 'fire' }] as const) {
    app.policy.answer = withPeople(1);
    const { grant, approval } = await newWaitingGrant(app);
    const { run, approval: other } = await newWaitingRun(app);
    for (const one of [approval, other]) await decided(app, one, change);
    app.policy.answer = () => REFUSED;
    assert.equal(await admit(app, grant.id), 'over');
    assert.equal((await grantOf(app, grant.id)).state, 'denied');
    assert.equal(await admit(app, run.id), 'over');
    const given = await runOf(app, run.id);
    assert.equal('outcome' in given && given.outcome.code, 'policy_denied');
    for (const { id } of [approval, other]) {
      const end = await approvalOf(app, id);
      assert.equal(end.state, 'cancelled');
      assert.equal('review' in end && end.review?.state === 'open', 'way' in change);
    }
  }
});

test('what a resource does not give any more, people do not give', async () => {
  for (const change of [{ maxDurationSeconds: 60 }, { actions: ['postgres:read'] }] as const) {
    app.deps.resources = [RESOURCE];
    const { grant, approval } = await newWaitingGrant(app);
    await decided(app, approval);
    app.deps.resources = [{ ...RESOURCE, ...change }];
    assert.equal(await admit(app, grant.id), 'over');
    assert.equal((await grantOf(app, grant.id)).state, 'denied');
  }
});

/** Nobody for a few rows, one for some, two for many; unknown counts as few. */
const byEstimate = () => {
  app.deps.policy.ask = (({
    context,
  }: {
    context: { approvals: number; run?: { estimatedRows?: number } };
  }) => {
    const rows = context.run?.estimatedRows ?? 0;
    const needed = rows > 1_000 ? 2 : 1;
    return context.approvals >= (rows > 10 ? needed : 0) ? ALLOWED : REFUSED;
  }) as typeof app.deps.policy.ask;
};

const estimate = (estimatedRows: number): void => {
  app.statements.control.inspection = { ...INSPECTION, estimatedRows };
};

test('an estimate that asks for two people is answered by two, and the run is executed once', async () => {
  byEstimate();
  estimate(5_000);
  const grantId = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  const { id } = await newRun(app, grantId);
  assert.equal((await execute(id))?.state, 'pending_approval');
  const held = await runOf(app, id);
  const approval = await approvalOf(app, held.approval);
  assert.equal(approval.quorum, 2);
  assert.deepEqual(approval.found?.estimatedRows, [5_000]);
  assert.equal((await decided(app, approval)).state, 'pending');
  assert.equal(await admit(app, id), 'wait');
  assert.equal((await decided(app, approval, { by: EVE })).state, 'approved');
  assert.equal(await admit(app, id), 'go');
  assert.equal((await execute(id))?.state, 'succeeded');
  assert.equal(app.statements.executed.length, 1);
  await eventsIn(app, approval.id);
});

test('an estimate that grew since people approved asks them again, and the second approval executes it once', async () => {
  byEstimate();
  estimate(100);
  const grantId = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  const { id } = await newRun(app, grantId);
  await execute(id);
  const first = await approvalOf(app, (await runOf(app, id)).approval);
  await decided(app, first);
  assert.equal(await admit(app, id), 'go');
  estimate(5_000);
  assert.equal((await execute(id))?.state, 'pending_approval');
  const second = await approvalOf(app, (await runOf(app, id)).approval);
  assert.equal(second.supersedes, first.id);
  assert.equal((await decided(app, second)).state, 'pending');
  await decided(app, second, { by: EVE });
  for (const _ of [1, 2]) assert.equal(await admit(app, id), 'go');
  for (const _ of [1, 2]) await execute(id);
  assert.equal(app.statements.executed.length, 1);
  assert.equal((await approvalOf(app, first.id)).state, 'consumed');
});

test('what the target says of a run is kept for people, executes nothing, and counts when they decide', async () => {
  app.deps.policy.ask = (({
    context,
  }: {
    context: { approvals: number; run?: { estimatedRows?: number } };
  }) =>
    context.run === undefined || context.approvals >= ((context.run.estimatedRows ?? 0) > 1_000 ? 2 : 1)
      ? ALLOWED
      : REFUSED) as typeof app.deps.policy.ask;
  estimate(5_000);
  const { run, approval } = await newWaitingRun(app);
  assert.equal(approval.quorum, 1);
  await inspectRun(app.deps, run.id, app.context);
  assert.equal(app.statements.executed.length, 0);
  assert.deepEqual((await approvalOf(app, approval.id)).found?.estimatedRows, [5_000]);
  assert.equal((await decided(app, approval)).state, 'pending');
  assert.equal((await decided(app, approval, { by: EVE })).state, 'approved');
  await inspectRun(app.deps, run.id, app.context);
  assert.equal(await countIn(app, approval.id, 'approval.inspected'), 1);
});
