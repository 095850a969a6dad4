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
import { CONTAINMENT_CHAIN } from '../../lambdas/core/audit/system-chain.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import {
  alarmsOf,
  approvalOf,
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
import { ALLOWED, CALLER, PRINCIPAL, RESOURCE } from '../support/facts.ts';
import { EVE } from '../support/votes.ts';

let app: App;
beforeEach(async () => {
  app = await startApp();
  resetScene(app);
  app.policy.answer = () => ALLOWED;
});
afterEach(() => app.tables.close());

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
