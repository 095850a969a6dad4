import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { number, text } from '../../lambdas/adapters/dynamo/items.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { admitGrant } from '../../lambdas/app/admit-grant.ts';
import { executeRun } from '../../lambdas/app/execute-run.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { requestRun } from '../../lambdas/app/request-run.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { CONTAINMENT_CHAIN, systemChain } from '../../lambdas/core/audit/system-chain.ts';
import { CONTAINMENTS_MAX_COUNT } from '../../lambdas/core/containment/limits.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { NOTE_MAX_CHARACTERS } from '../../lambdas/core/limits.ts';
import type { ContainmentQuestion } from '../../lambdas/core/policy/question.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import {
  alarmsOf,
  approvalOf,
  decide,
  decided,
  grantOf,
  newRun,
  newWaitingGrant,
  resetScene,
  runOf,
  withPeople,
} from '../support/approval-scene.ts';
import {
  answered,
  contained,
  EVERYTHING,
  liftAll,
  OF_PRINCIPAL,
  OF_RESOURCE,
  ofTask,
  pass,
  quiet,
  scopesOver,
  signalled,
  stateOf,
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

test('from the write that places a stop, every kind of use within it is refused, and one write is all it takes', async () => {
  for (const scope of scopesOver('')) {
    const task = await app.newTask();
    const stop = scope.kind === 'task' ? ofTask(task) : scope;
    const login = await app.newActive(task);
    const runs = await app.newActive(task, { action: 'postgres:read' });
    const queued = await newRun(app, runs);
    const preparing = await app.newGrant(task);
    app.policy.answer = withPeople(1);
    const waiting = await newWaitingGrantIn(task);
    app.policy.answer = () => ALLOWED;
    await contained(app, stop);

    const vended = await vendCredential(app.deps, CALLER, { grantId: login });
    assert.equal(!vended.ok && vended.failure.code, 'contained', stop.kind);
    const request = { sql: 'SELECT 1', params: [], maxRows: 1 };
    const ran = await requestRun(app.deps, CALLER, { grantId: runs, request, idempotencyKey: undefined });
    assert.equal(!ran.ok && ran.failure.code, 'contained', stop.kind);
    await executeRun(app.deps, queued.id, app.context);
    const run = await runOf(app, queued.id);
    assert.equal('outcome' in run && run.outcome.code, 'contained', stop.kind);
    assert.equal(app.statements.executed.length, 0);
    const denied = await app.newGrant(task);
    assert.equal(denied.state === 'denied' && denied.denial, 'contained', stop.kind);
    assert.equal(await activateGrant(app.deps, preparing.id, app.context), undefined);
    assert.ok(!app.roles.has(preparing.id));
    assert.equal(await admitGrant(app.deps, waiting.id, app.context), 'over');
    const ended = await grantOf(app, waiting.id);
    assert.deepEqual('cause' in ended && [ended.state, ended.cause], ['revoked', 'contained'], stop.kind);
    assert.equal((await approvalOf(app, waiting.approval)).state, 'cancelled');
    await liftAll(app);
  }
});

const newWaitingGrantIn = async (task: string) => {
  const grant = await app.newGrant(task);
  assert.ok(grant.state === 'pending_approval');
  return grant;
};

test('a decision that people have taken gives nothing within a stop, and the grant says why', async () => {
  app.policy.answer = withPeople(1);
  const { grant, approval } = await newWaitingGrant(app);
  await decided(app, approval);
  await contained(app, OF_PRINCIPAL);
  assert.equal(await admitGrant(app.deps, grant.id, app.context), 'over');
  const ended = await grantOf(app, grant.id);
  assert.deepEqual('cause' in ended && ended.cause, 'contained');
  assert.equal((await approvalOf(app, approval.id)).state, 'cancelled');
});

test('a vend that had read before the stop was placed gives a credential that dies with its grant, or none', async () => {
  signalled(app);
  const id = await app.newActive(await app.newTask());
  await app.deps.store.saveWaitToken(id, id);
  // Placed between the read of a vend and its commit: the next read would have refused it.
  let stop = '';
  const { issue } = app.deps.issuers.postgres;
  app.deps.issuers.postgres.issue = async (ask) => {
    stop = (await contained(app, EVERYTHING)).id;
    return issue(ask);
  };
  const vended = await vendCredential(app.deps, CALLER, { grantId: id });
  app.deps.issuers.postgres.issue = issue;
  assert.ok(vended.ok, 'the commit is of the grant, which nobody has ended yet');
  await pass(app, stop);
  assert.ok(!app.roles.has(id), 'the login is dead with its grant');
  const [issued] = (await Array.fromAsync(app.deps.store.readChain(id))).filter(
    ({ event }) => event.type === 'credential.issued',
  );
  assert.ok(issued, 'and it is in the trail');
});

test('a vend that is paused until a pass has ended its grant gives nothing', async () => {
  const id = await app.newActive(await app.newTask());
  const { issue } = app.deps.issuers.postgres;
  app.deps.issuers.postgres.issue = async (ask) => {
    app.deps.issuers.postgres.issue = issue;
    await pass(app, (await contained(app, OF_RESOURCE)).id);
    return issue(ask);
  };
  const vended = await vendCredential(app.deps, CALLER, { grantId: id });
  assert.equal(!vended.ok && vended.failure.code, 'contained');
  const issued = (await Array.fromAsync(app.deps.store.readChain(id))).map(({ event }) => event.type);
  assert.ok(!issued.includes('credential.issued'));
});

test('a request that read before the stop was placed and commits after its first passes is found and ended', async () => {
  const task = await app.newTask();
  const { readForRequest } = app.deps.store;
  let stop = '';
  app.deps.store = {
    ...app.deps.store,
    readForRequest: async (ask) => {
      const read = await readForRequest(ask);
      app.deps.store = { ...app.deps.store, readForRequest };
      stop = (await contained(app, OF_RESOURCE)).id;
      // As long as a call of the API can last, less a second.
      app.time.now += 27_000;
      await pass(app, stop);
      await pass(app, stop);
      assert.equal(
        (await stateOf(app, stop)).state,
        'holding',
        'nothing was found, and that says nothing yet',
      );
      return read;
    },
  };
  const late = await app.newGrant(task);
  assert.equal(late.state, 'preparing');
  quiet(app);
  await pass(app, stop);
  const ended = await grantOf(app, late.id);
  assert.deepEqual('cause' in ended && [ended.state, ended.cause], ['revoked', 'contained']);
});

test('whoever is stopped is stopped behind an agent too, at the request and at the use', async () => {
  const person = { issuer: PRINCIPAL.issuer, subject: 'bob' };
  const task = await app.newTask();
  const plain = await app.newActive(task);
  const through = { ...CALLER, principal: { ...PRINCIPAL, delegation: [person] } };
  await contained(app, { kind: 'principal', key: principalKey(person) });
  assert.equal((await vendCredential(app.deps, CALLER, { grantId: plain })).ok, true, 'others go on');
  const vended = await vendCredential(app.deps, through, { grantId: plain });
  assert.equal(!vended.ok && vended.failure.code, 'contained');
  const request = { ...REQUEST, task };
  const made = await requestAccess(app.deps, through, { request, idempotencyKey: undefined });
  assert.ok(made.ok && made.value.grant.state === 'denied' && made.value.grant.denial === 'contained');
});

test('a stop is told in the transaction that places it: who, what, whose it is, and why', async () => {
  const { containment, receipt } = await answered(app, OF_PRINCIPAL);
  const [entry] = await storyOf(app);
  assert.deepEqual(receipt, { chain: entry?.chain, seq: 1, hash: entry?.hash });
  const { event } = entry ?? {};
  assert.ok(event?.type === 'containment.placed');
  const { containment: id, scope, key, names, why } = event;
  assert.deepEqual(
    [id, scope, key, names, why],
    [containment.id, 'principal', OF_PRINCIPAL.key, [PRINCIPAL.name], 'it misbehaves'],
  );
  assert.ok(event.actor.kind === 'principal' && event.actor.subject === 'dora');
  assert.equal(alarmsOf(app, 'ContainmentPlaced'), 1);
  assert.ok(app.calls.includes(`firstPass ${containment.id}`));
});

test('nothing is stopped that cannot be told: the stop stands in the transaction of its entry', async () => {
  const task = await app.newTask();
  const id = await app.newActive(task);
  // Something stands where the entry has to go.
  const Item = { chain: text(CONTAINMENT_CHAIN), seq: number(1), hash: text('not ours') };
  await app.tables.client.send(new PutItemCommand({ TableName: 'Audit', Item }));
  await assert.rejects(tryToContain(app, OF_RESOURCE), { name: 'DependencyUnavailable' });
  assert.equal((await vendCredential(app.deps, CALLER, { grantId: id })).ok, true);
  assert.deepEqual(await app.deps.containments.list(), []);
});

test('a first pass that cannot be begun is the schedule’s to make, and the stop stands', async () => {
  app.deps.firstPass.begin = async () => Promise.reject(new Error('away'));
  const { state } = await contained(app, OF_RESOURCE);
  assert.equal(state, 'holding');
  const grant = await app.newGrant(await app.newTask());
  assert.equal(grant.state, 'denied');
});

test('the same stop by the same person is one, also when two calls come at once; another person’s is another', async () => {
  const both = await Promise.all([answered(app, OF_RESOURCE), answered(app, OF_RESOURCE)]);
  assert.equal(new Set(both.map(({ containment }) => containment.id)).size, 1);
  assert.equal(both.filter(({ receipt }) => receipt).length, 1);
  const other = await contained(app, OF_RESOURCE, EVE);
  assert.notEqual(other.id, both[0]?.containment.id);
  assert.equal((await storyOf(app)).length, 2);
});

test('two stops that are placed at once both stand', async () => {
  const task = await app.newTask();
  await Promise.all([
    contained(app, OF_PRINCIPAL),
    contained(app, OF_RESOURCE, EVE),
    contained(app, ofTask(task)),
  ]);
  const { stored, containments } = await app.deps.containments.read();
  assert.equal(containments.length, 3);
  assert.deepEqual(stored.register, {
    everything: false,
    principals: [OF_PRINCIPAL.key],
    tasks: [task],
    resources: [RESOURCE.id],
  });
  assert.equal((await storyOf(app)).length, 3);
});

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
