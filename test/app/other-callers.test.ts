import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { Caller } from '../../lambdas/app/caller.ts';
import { endTask } from '../../lambdas/app/end-task.ts';
import { openTask } from '../../lambdas/app/open-task.ts';
import { previewAccess } from '../../lambdas/app/preview-access.ts';
import { listGrants, listTasks, readGrant, readTask } from '../../lambdas/app/read-mine.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { renewTask } from '../../lambdas/app/renew-task.ts';
import { requestAccess } from '../../lambdas/app/request-access.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { IDEMPOTENCY_SECONDS, SECOND_MS } from '../../lambdas/core/limits.ts';
import type { Result } from '../../lambdas/core/result.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import { CALLER, NOW, OTHER_CALLER, PRINCIPAL } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
});

/** Whom `principals.yaml` knows under another name by its claims, or not at all; the subject is the same. */
const SIBLINGS: readonly Caller[] = [
  { ...CALLER, principal: { ...PRINCIPAL, name: 'other-job' } },
  { ...CALLER, principal: { ...PRINCIPAL, type: 'workload' } },
  {
    ...CALLER,
    principal: { ...PRINCIPAL, name: PRINCIPAL.subject, listed: false, groups: { known: false } },
  },
];

/** Another subject of the same issuer, and the same subject of an issuer that differs by a slash. */
const STRANGERS: readonly Caller[] = [
  OTHER_CALLER,
  { ...CALLER, principal: { ...PRINCIPAL, issuer: `${PRINCIPAL.issuer}/` } },
  ...SIBLINGS,
];

/** Whoever waits for something that does not come gives up. */
const passSeconds = async () => {
  app.time.now += 1_000;
};

const NOBODYS_TASK = 't_00000000000000000000';
const NOBODYS_GRANT = 'g_00000000000000000000_000000000000';

/** Everything that can be done with a task or a grant, by the id of one. */
const uses = (caller: Caller) => ({
  readTask: (task: string) => readTask(app.deps, caller, task),
  renewTask: (task: string) => renewTask(app.deps, caller, task),
  endTask: (task: string) => endTask({ ...app.deps, sleep: passSeconds }, caller, task),
  previewAccess: (task: string) => previewAccess(app.deps, caller, { ...REQUEST, task }),
  requestAccess: (task: string) =>
    requestAccess(app.deps, caller, { request: { ...REQUEST, task }, idempotencyKey: undefined }),
});
const usesOfGrant = (caller: Caller) => ({
  readGrant: (grantId: string) => readGrant(app.deps, caller, { grantId, waitSeconds: 0 }),
  vendCredential: (grantId: string) => vendCredential(app.deps, caller, { grantId }),
  releaseGrant: (grantId: string) => releaseGrant({ ...app.deps, sleep: passSeconds }, caller, grantId),
});

const assertNone = (result: Result<unknown>, what: string): void =>
  assert.deepEqual(result, { ok: false, failure: { code: 'not_found' } }, what);

test('what is someone else’s looks, to the letter, like what never was', async () => {
  const task = await app.newTask({ name: 'mine', leaseSeconds: 600 });
  const grant = await app.newActive(task);
  for (const stranger of STRANGERS) {
    for (const [name, use] of Object.entries(uses(stranger)))
      for (const id of [task, NOBODYS_TASK]) assertNone(await use(id), `${name} ${id}`);
    for (const [name, use] of Object.entries(usesOfGrant(stranger)))
      for (const id of [grant, NOBODYS_GRANT]) assertNone(await use(id), `${name} ${id}`);
  }
  const state = await app.deps.store.readTask(task);
  assert.deepEqual([state?.state, state?.version], ['open', 1]);
  assert.equal((await app.deps.store.readGrant(grant))?.state, 'active');
});

test('its owner sees and uses all of it', async () => {
  const task = await app.newTask({ name: 'mine', leaseSeconds: 600 });
  const grant = await app.newActive(task);
  for (const [name, use] of Object.entries(usesOfGrant(CALLER)))
    assert.equal((await use(grant)).ok, true, name);
  for (const [name, use] of Object.entries(uses(CALLER)))
    if (name !== 'endTask') assert.equal((await use(task)).ok, true, name);
});

test('lists are of the caller alone', async () => {
  const task = await app.newTask();
  const grant = await app.newActive(task);
  const ids = (page: { readonly items: readonly { readonly id: string }[] }) =>
    page.items.map(({ id }) => id);
  assert.ok(ids(await listTasks(app.deps, CALLER, undefined)).includes(task));
  assert.ok(ids(await listGrants(app.deps, CALLER, undefined)).includes(grant));
  for (const stranger of STRANGERS) {
    assert.deepEqual(ids(await listTasks(app.deps, stranger, undefined)), []);
    assert.deepEqual(ids(await listGrants(app.deps, stranger, undefined)), []);
  }
});

test('an idempotency key belongs to whoever used it', async () => {
  const open = (caller: Caller) =>
    openTask(app.deps, caller, { request: { name: 'the same' }, idempotencyKey: 'shared-key' });
  const [mine, theirs, again] = [await open(CALLER), await open(OTHER_CALLER), await open(CALLER)];
  assert.ok(mine.ok && theirs.ok && again.ok);
  assert.notEqual(theirs.value.task.id, mine.value.task.id);
  assert.equal(theirs.value.task.principal.subject, OTHER_CALLER.principal.subject);
  assert.equal(again.value.task.id, mine.value.task.id);
});

test('an idempotency key brings back nothing of another job with the same subject', async () => {
  const task = await app.newTask();
  const ask = (caller: Caller) =>
    requestAccess(app.deps, caller, { request: { ...REQUEST, task }, idempotencyKey: 'one-key' });
  const open = (caller: Caller) =>
    openTask(app.deps, caller, { request: { name: 'keyed' }, idempotencyKey: 'another-key' });
  assert.ok((await ask(CALLER)).ok && (await open(CALLER)).ok);
  for (const sibling of SIBLINGS) {
    assertNone(await ask(sibling), 'requestAccess');
    if (sibling.principal.listed) assertNone(await open(sibling), 'openTask');
  }
});

test('a key is forgotten after a day, without a moment at which it can neither be found nor used anew', async () => {
  const open = () => openTask(app.deps, CALLER, { request: { name: 'daily' }, idempotencyKey: 'daily-key' });
  app.time.now = NOW + 500;
  const first = await open();
  const made: boolean[] = [];
  for (const passedMs of [0, 1, 501, 1_400, 1_500, 2_000]) {
    app.time.now = NOW + 500 + IDEMPOTENCY_SECONDS * SECOND_MS + passedMs;
    const again = await open();
    assert.ok(first.ok && again.ok);
    made.push(again.value.task.id !== first.value.task.id);
  }
  assert.deepEqual(made, [false, false, false, false, true, true]);
});

test('asking what would be decided makes nothing but its line in the trail', async () => {
  const task = await app.newTask();
  const preview = await previewAccess(app.deps, CALLER, { ...REQUEST, task });
  assert.ok(preview.ok);
  const { receipt } = preview.value;
  const entries = await Array.fromAsync(app.deps.store.readChain(receipt.chain));
  const entry = entries.find(({ hash }) => hash === receipt.hash);
  assert.equal(entry?.event.type, 'access.previewed');
  assert.deepEqual(await app.deps.store.grantsOfTask(task), []);
});
