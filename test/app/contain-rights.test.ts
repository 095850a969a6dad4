import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { systemChain } from '../../lambdas/core/audit/system-chain.ts';
import { CONTAINMENTS_MAX_COUNT } from '../../lambdas/core/containment/limits.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { NOTE_MAX_CHARACTERS } from '../../lambdas/core/limits.ts';
import type { ContainmentQuestion } from '../../lambdas/core/policy/question.ts';
import { type App, startApp } from '../support/app.ts';
import {
  admit,
  alarmsOf,
  approvalOf,
  decide,
  decided,
  grantOf,
  newWaitingGrant,
  newWaitingRun,
  resetScene,
  withPeople,
} from '../support/approval-scene.ts';
import {
  contained,
  EVERYTHING,
  OF_PRINCIPAL,
  OF_RESOURCE,
  ofTask,
  scopesOver,
  storyOf,
  tryToContain,
} from '../support/containment-scene.ts';
import { ALLOWED, CALLER, ENTRY, NOW, PRINCIPAL, REFUSED, RESOURCE } from '../support/facts.ts';
import { ALICE, DORA, EVE, visitorOf } from '../support/votes.ts';

let app: App;
beforeEach(async () => {
  app = await startApp();
  resetScene(app);
  app.policy.answer = () => ALLOWED;
});
afterEach(() => app.tables.close());

const codeOf = (answer: Awaited<ReturnType<typeof tryToContain>>) => !answer.ok && answer.failure.code;

/** What policy was asked about stops. */
const asked = (): ContainmentQuestion[] => {
  const questions: ContainmentQuestion[] = [];
  app.policy.containment = (question) => {
    questions.push(question);
    return ALLOWED;
  };
  return questions;
};

test('nobody stops anything without a policy that says so, and everybody who tried is kept', async () => {
  app.policy.containment = () => REFUSED;
  const task = await app.newTask();
  for (const stop of scopesOver(task)) assert.equal(codeOf(await tryToContain(app, stop)), 'not_allowed');
  assert.deepEqual(await storyOf(app), []);
  assert.equal(alarmsOf(app, 'DecisionRefused'), 4);
  const chain = systemChain('requests', principalKey(DORA.principal), NOW);
  const events = (await Array.fromAsync(app.deps.store.readChain(chain))).map(({ event }) => event);
  const refused = events.map((event) => event.type === 'decision.refused' && [event.code, event.decision]);
  assert.deepEqual(refused, Array(4).fill(['not_allowed', 'contain']));
});

test('whoever answers for an agent may always stop it and its tasks, and nothing else', async () => {
  app.policy.containment = () => REFUSED;
  const task = await app.newTask();
  for (const stop of [OF_PRINCIPAL, ofTask(task)])
    assert.equal((await tryToContain(app, stop, ALICE)).ok, true, stop.kind);
  for (const stop of [EVERYTHING, OF_RESOURCE])
    assert.equal(codeOf(await tryToContain(app, stop, ALICE)), 'not_allowed', stop.kind);
  const other = { kind: 'principal', key: principalKey({ ...PRINCIPAL, subject: 'other-crew' }) } as const;
  assert.equal(codeOf(await tryToContain(app, other, ALICE)), 'not_allowed');
});

test('where a subject stands for several callers, whoever answers for one of them does not stop the others', async () => {
  app.policy.containment = () => REFUSED;
  const { subject: _, ...entry } = ENTRY;
  const byClaims = { ...entry, subject: undefined, name: 'another-job', claims: { job: 'b' }, owners: [] };
  app.deps.principals = [ENTRY, byClaims];
  assert.equal(codeOf(await tryToContain(app, OF_PRINCIPAL, ALICE)), 'not_allowed');
  const task = await app.newTask();
  assert.equal((await tryToContain(app, ofTask(task), ALICE)).ok, true, 'a task is of one caller');
});

test('an agent stops nobody, nor does anybody who is not known as a person or acts with the token of another', async () => {
  app.policy.containment = () => ALLOWED;
  const agent = { issuer: PRINCIPAL.issuer, subject: 'sales-crew' };
  for (const nobody of [
    CALLER,
    visitorOf('dora', ['dba'], { type: 'workload' }),
    visitorOf('dora', ['dba'], { listed: false }),
    visitorOf('dora', ['dba'], { groups: { known: false } }),
    visitorOf('dora', ['dba'], { delegation: [agent] }),
  ])
    for (const stop of [EVERYTHING, OF_PRINCIPAL])
      assert.equal(codeOf(await tryToContain(app, stop, nobody)), 'not_a_person');
  assert.deepEqual(await storyOf(app), []);
});

test('at the console a sign-in must be fresh; a bearer token has the life that its issuer gave it', async () => {
  app.time.now = NOW + 3_600_000;
  const stale = { ...visitorOf('dora'), authenticatedAt: NOW };
  assert.equal(codeOf(await tryToContain(app, OF_RESOURCE, stale)), 'sign_in_again');
  const { authenticatedAt: _, ...token } = stale;
  assert.equal((await tryToContain(app, OF_RESOURCE, token)).ok, true);
});

test('a stop needs a reason, and one that fits', async () => {
  assert.equal(codeOf(await tryToContain(app, OF_RESOURCE, DORA, '  ')), 'reason_missing');
  const long = 'a'.repeat(NOTE_MAX_CHARACTERS + 1);
  assert.equal(codeOf(await tryToContain(app, OF_RESOURCE, DORA, long)), 'too_long');
});

test('whoever is stopped themselves stops nobody', async () => {
  await contained(app, { kind: 'principal', key: principalKey(EVE.principal) });
  assert.equal(codeOf(await tryToContain(app, OF_RESOURCE, EVE)), 'contained');
});

test('whoever is stopped gives nothing to others either; they may still say no', async () => {
  app.policy.answer = withPeople(1);
  const { approval } = await newWaitingGrant(app);
  await contained(app, { kind: 'principal', key: principalKey(DORA.principal) }, EVE);
  const given = await decide(app, approval);
  assert.equal(!given.ok && given.failure.code, 'not_allowed');
  assert.equal((await decided(app, approval, { decision: 'deny' })).state, 'denied');
});

test('what they gave before, and nobody has taken yet, counts no more: others are asked', async () => {
  app.policy.answer = withPeople(1);
  const { grant, approval } = await newWaitingGrant(app);
  const asked = await newWaitingRun(app);
  for (const one of [approval, asked.approval]) await decided(app, one);
  await contained(app, { kind: 'principal', key: principalKey(DORA.principal) }, EVE);
  for (const id of [grant.id, asked.run.id]) assert.equal(await admit(app, id), 'wait');
  for (const one of [approval, asked.approval])
    assert.equal((await approvalOf(app, one.id)).state, 'superseded');
  const now = await grantOf(app, grant.id);
  assert.ok(now.state === 'pending_approval');
  await decided(app, await approvalOf(app, now.approval), { by: EVE });
  assert.equal(await admit(app, grant.id), 'go');
});

test('a slip that would stop nothing is told to those who could have stopped it, and to nobody else', async () => {
  const slips = [
    { kind: 'resource', key: 'order-db' },
    { kind: 'task', key: 't_00000000000000000000' },
    { kind: 'task', key: 'a task' },
    { kind: 'principal', key: 'sales-analyts' },
    { kind: 'principal', key: 'f'.repeat(31) },
  ] as const;
  for (const slip of slips) assert.equal(codeOf(await tryToContain(app, slip)), 'not_known', slip.key);
  for (const slip of slips)
    assert.equal(codeOf(await tryToContain(app, slip, visitorOf('mallory', []))), 'not_allowed', slip.key);
  assert.deepEqual(await storyOf(app), []);
});

test('a principal is named as the file names it, by its key, or by the key of somebody who has never been here', async () => {
  const byName = await contained(app, { kind: 'principal', key: PRINCIPAL.name });
  assert.deepEqual(byName.scope, OF_PRINCIPAL);
  assert.deepEqual(
    byName.holders.map(({ name }) => name),
    [PRINCIPAL.name],
  );
  const questions = asked();
  const nobody = await contained(app, { kind: 'principal', key: '0'.repeat(32) });
  assert.deepEqual(nobody.holders, []);
  const [question] = questions;
  assert.ok(question && 'holder' in question.stopped && question.stopped.holder.name === '');
});

test('policy is asked about what is stopped: the resource, whoever holds it and in which groups, or everything', async () => {
  const questions = asked();
  const task = await app.newTask();
  for (const stop of scopesOver(task)) await contained(app, stop);
  const holder = { ...PRINCIPAL, owners: PRINCIPAL.owners };
  const seen = questions.map(({ action, groups, stopped }) => {
    const about = 'holder' in stopped ? [stopped.holder.name, stopped.holderGroups] : Object.values(stopped);
    return [action, groups, ...about];
  });
  assert.deepEqual(seen, [
    ['contain', ['dba'], 'everything'],
    ['contain', ['dba'], holder.name, ['data-crew']],
    ['contain', ['dba'], 'resource', RESOURCE.id],
    ['contain', ['dba'], holder.name, ['data-crew']],
  ]);
});

test('of several callers with one subject, policy must allow the stop of each', async () => {
  const { subject: _, ...entry } = ENTRY;
  app.deps.principals = [
    ENTRY,
    { ...entry, subject: PRINCIPAL.subject, name: 'second', claims: { job: 'b' } },
  ];
  const questions = asked();
  app.policy.containment = (question) => {
    questions.push(question);
    return 'holder' in question.stopped && question.stopped.holder.name === 'second' ? REFUSED : ALLOWED;
  };
  assert.equal(codeOf(await tryToContain(app, OF_PRINCIPAL)), 'not_allowed');
  assert.equal(questions.length, 2);
});

test('no more stops stand than the register can hold; everything can be stopped all the same', async () => {
  const key = (index: number) => index.toString(16).padStart(32, '0');
  for (let index = 0; index < CONTAINMENTS_MAX_COUNT; index += 1)
    await contained(app, { kind: 'principal', key: key(index) });
  assert.equal(codeOf(await tryToContain(app, OF_RESOURCE)), 'too_many');
  await contained(app, { kind: 'principal', key: key(7) });
  await contained(app, EVERYTHING);
});
