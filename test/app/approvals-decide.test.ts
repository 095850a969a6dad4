import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { admitRun } from '../../lambdas/app/admit-run.ts';
import { cancelRun } from '../../lambdas/app/cancel-run.ts';
import { closeReview } from '../../lambdas/app/close-review.ts';
import type { Decision } from '../../lambdas/app/decide-approval.ts';
import { endGrant } from '../../lambdas/app/end-grant.ts';
import { writeTombstone } from '../../lambdas/app/end-task.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import { sweep } from '../../lambdas/app/sweep.ts';
import type { Visitor } from '../../lambdas/app/visitor.ts';
import type { Approval } from '../../lambdas/core/approval/approval.ts';
import {
  APPROVAL_WAIT_SECONDS,
  DECISION_SIGN_IN_MAX_AGE_SECONDS,
  GRANT_MIN_SECONDS,
  NOTE_MAX_CHARACTERS,
  SECOND_MS,
} from '../../lambdas/core/limits.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import {
  alarmsOf,
  approvalOf,
  countIn,
  decide,
  decided,
  eventsIn,
  grantOf,
  newWaitingGrant,
  newWaitingRun,
  resetScene,
  runOf,
  typesIn,
  withPeople,
} from '../support/approval-scene.ts';
import { ALLOWED, CALLER, ENTRY, NOW, PRINCIPAL, REFUSED } from '../support/facts.ts';
import { ALICE, DORA, EVE, LEAD, visitorOf } from '../support/votes.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => resetScene(app));

const codeOf = async (approval: Approval, change: Partial<Decision> & { readonly by?: Visitor } = {}) => {
  const answer = await decide(app, approval, change);
  return answer.ok ? answer.value.state : answer.failure.code;
};

/** The trail of what does not count is one chain for each person, which so many at once would only wait for. */
const withoutRefusals = (): Pick<App, 'deps' | 'time'> => {
  const appendSystem = async (chain: string) => ({ chain, seq: 1, hash: '' });
  return { time: app.time, deps: { ...app.deps, store: { ...app.deps.store, appendSystem } } };
};

test('200 decisions at once make one effect: one winner, one chain, the same answer to the same person', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  app.calls.length = 0;
  const quiet = withoutRefusals();
  const answers = await Promise.allSettled(
    Array.from({ length: 200 }, (_, index) => {
      const by = [DORA, EVE, visitorOf('fay')][index % 3] ?? DORA;
      return decide(quiet, approval, { by, decision: index % 5 === 0 ? 'deny' : 'approve' });
    }),
  );
  const end = await approvalOf(app, approval.id);
  assert.equal(end.version, 2);
  assert.equal(end.votes.length, 1);
  const [vote] = end.votes;
  const told = answers.flatMap((answer, index) =>
    answer.status === 'fulfilled' && answer.value.ok ? [{ index, state: answer.value.value.state }] : [],
  );
  assert.ok(told.length > 0);
  for (const { index, state } of told) {
    assert.equal(state, end.state);
    assert.equal([DORA, EVE, visitorOf('fay')][index % 3]?.principal.subject, vote?.voter.subject);
    assert.equal(index % 5 === 0 ? 'deny' : 'approve', vote?.decision);
  }
  assert.deepEqual(await typesIn(app, approval.id), ['approval.requested', 'approval.voted']);
  const admissions = await Promise.all(
    Array.from({ length: 10 }, () => admitGrant(app.deps, grant.id, app.context)),
  );
  assert.equal(new Set(admissions).size, 1);
  const given = (await typesIn(app, grant.id)).filter((type) => /grant\.(approved|denied)/.test(type));
  assert.deepEqual(given, [end.state === 'approved' ? 'grant.approved' : 'grant.denied']);
});

test('20 decisions at once about a run execute it once', async () => {
  const { run, grantId, approval } = await newWaitingRun(app);
  await Promise.allSettled(Array.from({ length: 20 }, () => decide(withoutRefusals(), approval)));
  await Promise.all(Array.from({ length: 5 }, () => admitRun(app.deps, run.id, app.context)));
  assert.equal((await approvalOf(app, approval.id)).state, 'consumed');
  assert.equal(await countIn(app, grantId, 'run.approved'), 1);
});

/** What may come between a decision and its use, each with a way to start it. */
const RIVALS = {
  'a no': (_: unknown, approval: Approval) => decide(app, approval, { by: EVE, decision: 'deny' }),
  'the end of the grant': ({ grant }: { grant: { id: string } }) =>
    endGrant(
      app.deps,
      { grantId: grant.id, cause: 'released_by_principal', isMine: () => true },
      app.context,
    ),
  'the end of the task': ({ task }: { task: string }) =>
    writeTombstone(app.deps, { taskId: task, cause: 'ended_by_principal', isMine: () => true }, app.context),
};

for (const [name, rival] of Object.entries(RIVALS))
  test(`of a yes and ${name} at once one wins, and grant and approval agree`, async () => {
    for (let round = 0; round < 4; round += 1) {
      const scene = await newWaitingGrant(app);
      const { grant, approval } = scene;
      const yes = () => decide(app, approval);
      const no = () => rival(scene, approval);
      await Promise.all(round % 2 === 0 ? [yes(), no()] : [no(), yes()]);
      await admitGrant(app.deps, grant.id, app.context);
      const [end, given] = [await approvalOf(app, approval.id), await grantOf(app, grant.id)];
      await eventsIn(app, approval.id);
      const isGiven = given.state === 'preparing';
      assert.equal(isGiven, end.state === 'consumed', `${name}: ${given.state}, ${end.state}`);
      if (name === 'the end of the task' && !isGiven) assert.equal(given.state, 'cancelled');
      assert.notEqual(given.state, 'pending_approval');
      assert.notEqual(end.state, 'pending');
    }
  });

test('of a yes and the end of its time one wins, by the clock', async () => {
  for (const late of [0, 1]) {
    app.time.now = NOW;
    const { grant, approval } = await newWaitingGrant(app);
    app.time.now = NOW + APPROVAL_WAIT_SECONDS * SECOND_MS - 1 + late;
    const by = { ...DORA, authenticatedAt: app.time.now };
    const [answer] = await Promise.all([
      decide(app, approval, { by }),
      admitGrant(app.deps, grant.id, app.context),
    ]);
    await admitGrant(app.deps, grant.id, app.context);
    const [end, given] = [await approvalOf(app, approval.id), await grantOf(app, grant.id)];
    assert.equal(answer.ok, late === 0);
    assert.deepEqual([given.state, end.state], late ? ['lapsed', 'lapsed'] : ['preparing', 'consumed']);
  }
});

test('of a yes and a withdrawal of the run one wins, and run and approval agree', async () => {
  for (let round = 0; round < 4; round += 1) {
    const { run, approval } = await newWaitingRun(app);
    const yes = () => decide(app, approval);
    const no = () => cancelRun(app.deps, CALLER, run.id);
    await Promise.all(round % 2 === 0 ? [yes(), no()] : [no(), yes()]);
    await admitRun(app.deps, run.id, app.context);
    const [end, given] = [await approvalOf(app, approval.id), await runOf(app, run.id)];
    assert.ok(given.state === 'cancelled' || given.state === 'queued', given.state);
    assert.equal(given.state === 'queued', end.state === 'consumed', `${given.state}, ${end.state}`);
    assert.ok(end.state === 'consumed' || end.state === 'cancelled', end.state);
  }
});

test('a run whose task ends while people decide executes nothing, and its approval is closed', async () => {
  const { run, task, approval } = await newWaitingRun(app);
  await Promise.all([
    decide(app, approval),
    writeTombstone(app.deps, { taskId: task, cause: 'ended_by_principal', isMine: () => true }, app.context),
  ]);
  assert.equal(await codeOf(approval, { by: EVE }), 'over');
  app.time.now += 60_000;
  await sweep(app.deps, app.context);
  const [end, given] = [await approvalOf(app, approval.id), await runOf(app, run.id)];
  assert.deepEqual([given.state, end.state], ['failed', 'cancelled']);
});

test('whoever asks, answers for it, or passed it on does not decide about it, and the attempt is kept', async () => {
  const { approval } = await newWaitingGrant(app);
  for (const by of [ALICE, visitorOf(PRINCIPAL.subject)])
    for (const decision of ['approve', 'deny'] as const)
      assert.equal(await codeOf(approval, { by, decision }), 'own_request');
  assert.equal(alarmsOf(app, 'DecisionRefused'), 4);
  assert.equal((await approvalOf(app, approval.id)).version, 1);
});

test('whoever an agent is made to answer to by now does not decide about it, nor did they', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  const owned = [
    { ...ENTRY, owners: [...ENTRY.owners, { issuer: ENTRY.issuer, subject: 'dora', name: 'Dora' }] },
  ];
  app.deps.principals = owned;
  assert.equal(await codeOf(approval), 'own_request');
  app.deps.principals = [ENTRY];
  await decided(app, approval);
  app.deps.principals = owned;
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'wait');
  assert.equal((await approvalOf(app, approval.id)).state, 'superseded');
});

test('a chain of delegation has no part in deciding, of the grant or of the run', async () => {
  const proxy = { issuer: PRINCIPAL.issuer, subject: 'proxy' };
  const caller = { ...CALLER, principal: { ...PRINCIPAL, delegation: [proxy] } };
  const request = { ...REQUEST, task: await app.newTask() };
  const asked = await requestAccess(app.deps, caller, { request, idempotencyKey: undefined });
  assert.ok(asked.ok);
  assert.equal(
    await codeOf(await approvalOf(app, asked.value.grant.approval), { by: visitorOf('proxy') }),
    'own_request',
  );
  const { grantId } = await newWaitingRun(app);
  const run = await requestRun(app.deps, caller, {
    grantId,
    request: { sql: 'SELECT 1', params: [], maxRows: 1 },
    idempotencyKey: undefined,
  });
  assert.ok(run.ok && run.value.kind === 'run');
  assert.equal(
    await codeOf(await approvalOf(app, run.value.run.approval), { by: visitorOf('proxy') }),
    'own_request',
  );
});

test('an agent that nobody answers for cannot ask people', async () => {
  const request = { ...REQUEST, task: await app.newTask() };
  const caller = { ...CALLER, principal: { ...PRINCIPAL, owners: [] } };
  const asked = await requestAccess(app.deps, caller, { request, idempotencyKey: undefined });
  assert.ok(asked.ok && asked.value.grant.state === 'denied');
  assert.equal(asked.value.grant.denial, 'owner_unknown');
});

test('who is no person, is in no list, or whose groups nobody knows, has no word', async () => {
  const { approval } = await newWaitingGrant(app);
  for (const change of [
    { type: 'agent' },
    { type: 'workload' },
    { listed: false },
    { groups: { known: false } },
  ] as const)
    assert.equal(await codeOf(approval, { by: visitorOf('dora', ['dba'], change) }), 'not_a_person');
  assert.equal(await codeOf(approval, { by: visitorOf('fay', ['sales']) }), 'not_allowed');
  assert.equal(await codeOf(approval, { by: visitorOf('fay', []), decision: 'deny' }), 'not_allowed');
  assert.equal(await codeOf(approval, { by: LEAD }), 'not_allowed');
  assert.equal((await approvalOf(app, approval.id)).version, 1);
});

test('a group that the file gave at the sign-in and takes away before the decision does not count', async () => {
  const { approval } = await newWaitingGrant(app);
  const entry = {
    ...ENTRY,
    name: 'dora',
    subject: 'dora',
    type: 'human',
    owners: [],
    groups: ['dba'],
  } as const;
  const by = visitorOf('dora', ['dba'], { entryGroups: ['dba'] });
  app.deps.principals = [ENTRY, { ...entry, groups: [] }];
  assert.equal(await codeOf(approval, { by }), 'not_allowed');
  app.deps.principals = [ENTRY];
  assert.equal(await codeOf(approval, { by }), 'not_a_person');
  app.deps.principals = [ENTRY, entry];
  assert.equal(await codeOf(approval, { by }), 'approved');
});

test('whoever decides has just signed in; what is no time is no sign-in', async () => {
  const { approval } = await newWaitingGrant(app);
  const longest = DECISION_SIGN_IN_MAX_AGE_SECONDS * SECOND_MS;
  for (const authenticatedAt of [NOW - longest - 1, Number.NaN, Number.POSITIVE_INFINITY, NOW + 3_600_000, 0])
    assert.equal(
      await codeOf(approval, { by: { ...EVE, authenticatedAt } }),
      'sign_in_again',
      `${authenticatedAt}`,
    );
  assert.equal(await codeOf(approval, { by: { ...EVE, authenticatedAt: NOW - longest } }), 'approved');
});

test('a decision that is late, about something else, or not of the form counts for nothing', async () => {
  const { approval } = await newWaitingGrant(app);
  const granted = { action: 'postgres:connect', seconds: 600 } as const;
  const cases: readonly [Partial<Decision>, string][] = [
    [{ digest: '0'.repeat(64) }, 'changed'],
    [{ digest: '' }, 'changed'],
    [{ granted: { ...granted, seconds: 601 } }, 'not_offered'],
    [{ granted: { ...granted, seconds: GRANT_MIN_SECONDS - 1 } }, 'not_offered'],
    [{ granted: { ...granted, action: 'postgres:ddl' } }, 'not_offered'],
    [{ note: 'x'.repeat(NOTE_MAX_CHARACTERS + 1) }, 'too_long'],
    [{ approvalId: `${approval.id.slice(0, -1)}_` }, 'not_found'],
  ];
  for (const [change, code] of cases) assert.equal(await codeOf(approval, change), code);
  app.time.now = approval.asked.approveBy;
  assert.equal(await codeOf(approval), 'late');
  assert.equal((await approvalOf(app, approval.id)).version, 1);
});

test('nobody gives what policy would let nobody have, in an emergency neither', async () => {
  const { approval } = await newWaitingGrant(app);
  app.policy.answer = () => REFUSED;
  assert.equal(await codeOf(approval), 'not_offered');
  assert.equal(await codeOf(approval, { by: LEAD, way: 'break_glass', note: 'fire' }), 'not_offered');
});

test('an emergency needs a reason, is counted, and is reviewed by somebody without a part in it', async () => {
  const { grant, approval } = await newWaitingGrant(app);
  const alone = { by: LEAD, way: 'break_glass' } as const;
  for (const note of [undefined, '', '  '])
    assert.equal(await codeOf(approval, { ...alone, note }), 'reason_missing');
  assert.equal(await codeOf(approval, { way: 'break_glass', note: 'fire' }), 'not_allowed');
  assert.equal(alarmsOf(app, 'BrokenGlass'), 0);
  app.policy.answer = withPeople(2);
  assert.equal(await codeOf(approval, { ...alone, note: 'fire' }), 'approved');
  assert.equal(alarmsOf(app, 'BrokenGlass'), 1);
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'go');
  const review = async (by: Visitor, note = 'looked at it') => {
    const closed = await closeReview(app.deps, by, { approvalId: approval.id, note });
    return closed.ok ? 'closed' : closed.failure.code;
  };
  assert.equal(await review(ALICE), 'own_request');
  assert.equal(await review(visitorOf('lena', ['dba', 'incident-leads'])), 'own_request');
  assert.equal(await review(visitorOf('fay', ['sales'])), 'not_allowed');
  assert.equal(await review(DORA, ' '), 'reason_missing');
  assert.equal(await review({ ...DORA, authenticatedAt: Number.NaN }), 'sign_in_again');
  assert.equal(await review(DORA), 'closed');
  assert.equal(await review(EVE), 'over');
  const end = await approvalOf(app, approval.id);
  assert.ok('review' in end && end.review?.state === 'closed' && end.review.by.subject === 'dora');
  assert.equal(await countIn(app, approval.id, 'approval.review_closed'), 1);
});

test('whoever may say yes in one way only may say no in any', async () => {
  const { approval } = await newWaitingGrant(app);
  assert.equal(await codeOf(approval, { by: LEAD }), 'not_allowed');
  assert.equal(await codeOf(approval, { by: LEAD, decision: 'deny' }), 'denied');
});

test('what was not an emergency has nothing to review', async () => {
  const { approval } = await newWaitingGrant(app);
  await decided(app, approval);
  const closed = await closeReview(app.deps, EVE, { approvalId: approval.id, note: 'x' });
  assert.ok(!closed.ok && closed.failure.code === 'not_found');
});

test('two people with the groups that policy asks for are two; one of them alone, twice, is one', async () => {
  app.deps.policy.ask = ({
    context,
  }: {
    context: { approvals: number; approverGroups?: readonly string[] };
  }) => (context.approvals >= 2 && context.approverGroups?.includes('sre') ? ALLOWED : REFUSED);
  app.deps.policy.groups = ['dba', 'sre'];
  try {
    const { grant, approval } = await newWaitingGrant(app);
    assert.equal(approval.quorum, 2);
    assert.equal(await codeOf(approval), 'pending');
    assert.equal(await codeOf(approval), 'pending');
    assert.equal(await codeOf(approval, { by: visitorOf('fay') }), 'pending');
    assert.equal(await admitGrant(app.deps, grant.id, app.context), 'wait');
    assert.equal(await codeOf(approval, { by: EVE }), 'approved');
    assert.equal((await approvalOf(app, approval.id)).votes.length, 3);
    assert.equal(await admitGrant(app.deps, grant.id, app.context), 'go');
  } finally {
    app.deps.policy.ask = (question) => app.policy.answer(question.context.approvals);
    app.deps.policy.groups = ['dba'];
  }
});

test('less than was asked for is what the grant has, in time and in rights', async () => {
  app.policy.answer = withPeople(2);
  const { grant, approval } = await newWaitingGrant(app);
  await decided(app, approval, { granted: { action: 'postgres:connect', seconds: 60 } });
  await decided(app, approval, { by: EVE, granted: { action: 'postgres:read', seconds: 300 } });
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'go');
  const given = await grantOf(app, grant.id);
  assert.deepEqual([given.action, given.rights, given.requestedSeconds], ['postgres:read', 'read', 60]);
});

test('a word that counted wakes who waits and tells people; one that did not, does neither', async () => {
  const { approval } = await newWaitingGrant(app);
  await app.deps.store.saveWaitToken(approval.id, 'the-token');
  await decide(app, approval, { by: ALICE });
  assert.ok(!app.calls.some((call) => /endWait|notify/.test(call)));
  await decide(app, approval);
  assert.ok(app.calls.includes('endWait the-token') && app.calls.includes(`notify ${approval.id}`));
});
