import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CONTAINMENT_KEY, text } from '../../lambdas/adapters/dynamo/items.ts';
import { listContainments, showContainment } from '../../lambdas/app/list-containments.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { EVERYTHING } from '../../lambdas/core/containment/containment.ts';
import { CONTAINMENT_KEPT_SECONDS } from '../../lambdas/core/containment/limits.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { SECOND_MS } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import { alarmsOf, grantOf, resetScene } from '../support/approval-scene.ts';
import {
  contained,
  minutes,
  OF_PRINCIPAL,
  OF_RESOURCE,
  ofTask,
  pass,
  scopesOver,
  signalled,
  stateOf,
  storyOf,
  tryToLift,
} from '../support/containment-scene.ts';
import { ALLOWED, CALLER, ENTRY, PRINCIPAL, REFUSED } from '../support/facts.ts';
import { ALICE, DORA, EVE, visitorOf } from '../support/votes.ts';

let app: App;
beforeEach(async () => {
  app = await startApp();
  resetScene(app);
  app.policy.answer = () => ALLOWED;
});
afterEach(() => app.tables.close());

const codeOf = (answer: Awaited<ReturnType<typeof tryToLift>>) =>
  answer.ok ? 'lifted' : answer.failure.code;

test('a second person lifts a stop; what was ended stays ended, and what is asked anew is given', async () => {
  signalled(app);
  for (const scope of scopesOver('')) {
    const task = await app.newTask();
    const id = await app.newActive(task);
    await app.deps.store.saveWaitToken(id, id);
    const stop = await contained(app, scope.kind === 'task' ? ofTask(task) : scope);
    await pass(app, stop.id);
    assert.equal(codeOf(await tryToLift(app, stop.id)), 'lifted', scope.kind);
    const grant = await grantOf(app, id);
    assert.deepEqual('cause' in grant && [grant.cause, grant.ending.status], ['contained', 'dead']);
    const vended = await vendCredential(app.deps, CALLER, { grantId: id });
    assert.equal(!vended.ok && vended.failure.code, 'grant_over', scope.kind);
    assert.equal((await app.newGrant(await app.newTask())).state, 'preparing', scope.kind);
  }
});

test('nobody lifts what they have placed, whatever token or session they come with, nor through anybody', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  const dora = { issuer: DORA.principal.issuer, subject: 'dora' };
  for (const by of [
    DORA,
    visitorOf('dora', ['dba', 'sre'], { name: 'somebody else', tokenFingerprint: 'e'.repeat(64) }),
    { ...CALLER, principal: { ...DORA.principal, tokenExpiresAt: DORA.principal.tokenExpiresAt + 1 } },
  ])
    assert.equal(codeOf(await tryToLift(app, id, by)), 'own_containment');
  const through = visitorOf('eve', ['dba'], { delegation: [dora] });
  assert.equal(codeOf(await tryToLift(app, id, through)), 'not_a_person');
  const elsewhere = visitorOf('dora', ['dba'], { issuer: 'https://other.example.com' });
  assert.equal(codeOf(await tryToLift(app, id, elsewhere)), 'lifted', 'another issuer’s is another person');
});

test('whoever is stopped, or answers for what is, lifts nothing of it', async () => {
  const task = await app.newTask();
  const ofAgent = await contained(app, OF_PRINCIPAL);
  const ofItsTask = await contained(app, ofTask(task));
  const ofEve = await contained(app, { kind: 'principal', key: principalKey(EVE.principal) });
  for (const { id } of [ofAgent, ofItsTask])
    assert.equal(codeOf(await tryToLift(app, id, ALICE)), 'own_containment');
  assert.equal(codeOf(await tryToLift(app, ofEve.id, EVE)), 'contained');
  // By the file of now, too.
  const bob = { issuer: PRINCIPAL.issuer, subject: 'bob', name: 'Bob' };
  app.deps.principals = [{ ...ENTRY, owners: [bob] }];
  assert.equal(codeOf(await tryToLift(app, ofAgent.id, visitorOf('bob'))), 'own_containment');
});

test('nobody lifts without a policy that says so, whoever may place stops', async () => {
  const { id } = await contained(app, OF_PRINCIPAL);
  app.policy.containment = ({ action }) => (action === 'contain' ? ALLOWED : REFUSED);
  assert.equal(codeOf(await tryToLift(app, id)), 'not_allowed');
  app.policy.containment = () => REFUSED;
  assert.equal(codeOf(await tryToLift(app, id)), 'not_found', 'nor is told that there is one');
  assert.equal(codeOf(await tryToLift(app, 's_00000000000000000000')), 'not_found');
  assert.equal(alarmsOf(app, 'DecisionRefused'), 3);
  assert.equal((await stateOf(app, id)).state, 'holding');
});

test('an agent lifts nothing', async () => {
  const { id } = await contained(app, OF_PRINCIPAL);
  app.policy.containment = () => ALLOWED;
  for (const nobody of [CALLER, visitorOf('eve', ['dba'], { type: 'workload' })])
    assert.equal(codeOf(await tryToLift(app, id, nobody)), 'not_a_person');
});

test('lifting needs a fresh sign-in at the console, a reason, and a stop that stands', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  app.time.now += 3_600_000;
  const stale = visitorOf('jonas');
  assert.equal(codeOf(await tryToLift(app, id, stale)), 'sign_in_again');
  assert.equal(codeOf(await tryToLift(app, id, EVE, ' ')), 'reason_missing');
  assert.equal(codeOf(await tryToLift(app, id)), 'lifted');
  assert.equal(codeOf(await tryToLift(app, id)), 'over');
});

test('each of two stops of one scope is lifted by itself, and the last one lets go on', async () => {
  const [one, two] = [await contained(app, OF_RESOURCE), await contained(app, OF_RESOURCE, EVE)];
  assert.equal(codeOf(await tryToLift(app, one.id)), 'lifted');
  assert.equal((await app.newGrant(await app.newTask())).state, 'denied');
  assert.equal(codeOf(await tryToLift(app, two.id, DORA)), 'lifted');
  assert.equal((await app.newGrant(await app.newTask())).state, 'preparing');
});

test('a stop that is placed while another of its scope is lifted stands', async () => {
  const first = await contained(app, OF_RESOURCE);
  await Promise.all([tryToLift(app, first.id), contained(app, OF_RESOURCE, EVE)]);
  assert.equal((await app.newGrant(await app.newTask())).state, 'denied');
  const { stored } = await app.deps.containments.read();
  assert.deepEqual(stored.register.resources, [OF_RESOURCE.key]);
});

test('what somebody wrote into the register by hand stays, also when they write it meanwhile', async () => {
  const write = (register: object) =>
    app.tables.client.send(
      new PutItemCommand({
        TableName: 'Grants',
        Item: { ...CONTAINMENT_KEY, body: text(JSON.stringify(register)) },
      }),
    );
  const NOBODY = { everything: false, principals: [], tasks: [], resources: [] };
  await write({ ...NOBODY, resources: ['billing-db'] });
  const { read } = app.deps.containments;
  app.deps.containments.read = async () => {
    app.deps.containments.read = read;
    const seen = await read();
    await write({ ...NOBODY, resources: ['billing-db', 'another-db'] });
    return seen;
  };
  const { id } = await contained(app, OF_PRINCIPAL);
  const { stored } = await app.deps.containments.read();
  assert.deepEqual(stored.register.resources, ['billing-db', 'another-db']);
  assert.deepEqual(stored.register.principals, [OF_PRINCIPAL.key]);
  await tryToLift(app, id);
  const after = (await app.deps.containments.read()).stored.register;
  assert.deepEqual([after.resources, after.principals], [['billing-db', 'another-db'], []]);
});

test('a register that cannot be read goes on stopping everything, whatever is placed or lifted', async () => {
  const Item = { ...CONTAINMENT_KEY, body: text('{}') };
  await app.tables.client.send(new PutItemCommand({ TableName: 'Grants', Item }));
  const { id } = await contained(app, OF_RESOURCE);
  await tryToLift(app, id);
  assert.equal((await app.newGrant(await app.newTask())).state, 'denied');
});

test('lifting is told: who, why, and what was still being ended then', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  await tryToLift(app, id);
  const entry = (await storyOf(app)).at(-1);
  const event = entry?.event;
  assert.ok(event?.type === 'containment.lifted');
  assert.deepEqual([event.containment, event.from, event.why], [id, 'holding', 'it is mended']);
  assert.ok(event.actor.kind === 'principal' && event.actor.subject === 'eve');
  const lifted = await stateOf(app, id);
  assert.ok(lifted.state === 'lifted' && lifted.lifted.by.subject === 'eve');
  await minutes(app, 3);
  assert.deepEqual(await stateOf(app, id), lifted, 'no pass is made of it any more');
});

test('what was lifted is shown for a while, and DynamoDB takes it away after that', async () => {
  const { id } = await contained(app, OF_RESOURCE);
  const item = async () =>
    (await app.tables.items('grants')).find((one) => JSON.stringify(one).includes(`CONTAINMENT#${id}`));
  assert.ok(!('purgeAt' in ((await item()) ?? {})), 'a stop that stands is never taken away');
  await tryToLift(app, id);
  const purgeAt = Math.ceil(app.time.now / SECOND_MS) + CONTAINMENT_KEPT_SECONDS;
  assert.deepEqual((await item()) as object, { ...(await item()), purgeAt: { N: String(purgeAt) } });
});

test('a person sees the stops that they may place or lift, those of their agents, and their own', async () => {
  const task = await app.newTask();
  const all = [
    await contained(app, EVERYTHING),
    await contained(app, OF_RESOURCE),
    await contained(app, OF_PRINCIPAL),
    await contained(app, ofTask(task)),
  ];
  const seenBy = async (who: Parameters<typeof listContainments>[1]) => {
    const listed = await listContainments(app.deps, who);
    return listed.ok ? listed.value.map(({ containment }) => containment.id).toSorted() : listed.failure.code;
  };
  const ids = all.map(({ id }) => id);
  assert.deepEqual(await seenBy(DORA), ids.toSorted());
  assert.deepEqual(await seenBy(EVE), ids.toSorted());
  app.policy.containment = () => REFUSED;
  assert.deepEqual(await seenBy(DORA), ids.toSorted(), 'they are hers');
  assert.deepEqual(await seenBy(EVE), []);
  assert.deepEqual(await seenBy(ALICE), ids.slice(2).toSorted());
  assert.equal(await seenBy(CALLER), 'not_a_person');
  for (const id of ids) {
    const shown = await showContainment(app.deps, EVE, id);
    assert.equal(!shown.ok && shown.failure.code, 'not_found');
  }
});

test('those that stand are listed first, the newest of each first', async () => {
  const placed: string[] = [];
  for (const key of ['a', 'b', 'c', 'd']) {
    app.time.now += 1_000;
    placed.push((await contained(app, { kind: 'principal', key: key.repeat(32) })).id);
  }
  await tryToLift(app, placed[1] ?? '');
  await tryToLift(app, placed[3] ?? '');
  const listed = await listContainments(app.deps, DORA);
  const order = [2, 0, 3, 1].map((index) => placed[index]);
  assert.deepEqual(listed.ok && listed.value.map(({ containment }) => containment.id), order);
});
