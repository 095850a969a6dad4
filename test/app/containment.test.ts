import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, test } from 'node:test';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CONTAINMENT_KEY, text } from '../../lambdas/adapters/dynamo/items.ts';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { previewAccess } from '../../lambdas/app/preview-access.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import type { ContainmentRegister } from '../../lambdas/core/grant/use-grant.ts';
import { principalKey } from '../../lambdas/core/identity/principal.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import { CALLER, NOW, PRINCIPAL, RESOURCE } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
});

const TableName = 'Grants';
const NOBODY: ContainmentRegister = { everything: false, principals: [], tasks: [], resources: [] };
const contain = (register: Partial<ContainmentRegister>) => {
  const body = text(JSON.stringify({ ...NOBODY, ...register }));
  return app.tables.client.send(new PutItemCommand({ TableName, Item: { ...CONTAINMENT_KEY, body } }));
};
const lift = () => contain({});
afterEach(lift);

/** Each way to be reached by an operator's stop, for this caller's task. */
const registers = (task: string) => ({
  everything: { everything: true },
  'the principal': { principals: [principalKey(PRINCIPAL)] },
  'the task': { tasks: [task] },
  'the resource': { resources: [RESOURCE.id] },
});
const OTHERS = {
  principals: [principalKey({ ...PRINCIPAL, subject: 'other-crew' })],
  tasks: ['t_00000000000000000000'],
  resources: ['billing-db'],
};

test('whoever, or whatever, an operator has stopped gives no credential, and gives one again when it is lifted', async () => {
  const task = await app.newTask();
  const id = await app.newActive(task);
  for (const [what, register] of Object.entries(registers(task))) {
    await contain(register);
    const vended = await vendCredential(app.deps, CALLER, { grantId: id });
    assert.equal(!vended.ok && vended.failure.code, 'contained', what);
    await lift();
  }
  assert.equal((await vendCredential(app.deps, CALLER, { grantId: id })).ok, true);
});

test('what is contained gets no new grant; the denial is in the trail', async () => {
  const task = await app.newTask();
  for (const [what, register] of Object.entries(registers(task))) {
    await contain(register);
    const grant = await app.newGrant(task);
    assert.equal(grant.state === 'denied' && grant.denial, 'contained', what);
    const [entry] = await Array.fromAsync(app.deps.store.readChain(grant.id));
    assert.equal(entry?.event.type === 'grant.requested' && entry.event.denial, 'contained');
  }
});

test('what would be decided is contained too', async () => {
  const task = await app.newTask();
  await contain({ everything: true });
  const preview = await previewAccess(app.deps, CALLER, { ...REQUEST, task });
  assert.ok(preview.ok && preview.value.decision.effect === 'refuse');
  assert.equal(preview.value.decision.denial, 'contained');
});

test('a grant that was contained before its activation makes no role', async () => {
  const task = await app.newTask();
  const { id } = await app.newGrant(task);
  for (const register of Object.values(registers(task))) {
    await contain(register);
    assert.equal(await activateGrant(app.deps, id, app.context), undefined);
    assert.equal(app.roles.has(id), false);
  }
});

test('a grant that ends while it is contained says so', async () => {
  const id = await app.newActive(await app.newTask());
  await contain({ resources: [RESOURCE.id] });
  await endAccess(app.deps, id, app.context);
  const grant = await app.deps.store.readGrant(id);
  assert.deepEqual(grant && 'cause' in grant && [grant.state, grant.cause], ['revoked', 'contained']);
});

test('a stop of others stops nobody else', async () => {
  await contain(OTHERS);
  const id = await app.newActive(await app.newTask());
  assert.equal((await vendCredential(app.deps, CALLER, { grantId: id })).ok, true);
});

test('a register that cannot be read stops everybody', async () => {
  const id = await app.newActive(await app.newTask());
  const lacking = { everything: false, principals: [], tasks: [] };
  for (const body of [
    '',
    '{}',
    'null',
    '[]',
    JSON.stringify(lacking),
    JSON.stringify({ ...NOBODY, everything: 'no' }),
  ]) {
    await app.tables.client.send(
      new PutItemCommand({ TableName, Item: { ...CONTAINMENT_KEY, body: text(body) } }),
    );
    const vended = await vendCredential(app.deps, CALLER, { grantId: id });
    assert.equal(!vended.ok && vended.failure.code, 'contained', body);
  }
});
