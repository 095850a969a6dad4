import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { TASK_ERRORS } from '../../lambdas/tasks/grant-task.ts';
import { RunnerTaskSchema, runTask } from '../../lambdas/tasks/runner-task.ts';
import { type App, startApp } from '../support/app.ts';
import { NOW, RESOURCE } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
  app.control.report = {};
});

const GRANT = 'g_00000000000000000000_000000000000';
const run = (task: Parameters<ReturnType<typeof runTask>>[0]) =>
  runTask(app.deps)(task, { requestId: 'r', invocationId: 'i' });

test('activation answers whether the grant is active and how long it may be waited for', async () => {
  const { id } = await app.newGrant(await app.newTask({ name: 'leased', leaseSeconds: 300 }));
  assert.deepEqual(await run({ step: 'activate', grantId: id }), {
    active: true,
    waitSeconds: 600,
    leaseSeconds: 300,
  });
  assert.deepEqual(await run({ step: 'activate', grantId: GRANT }), {
    active: false,
    waitSeconds: 1,
    leaseSeconds: 0,
  });
});

test('an end that was proved is an answer', async () => {
  const id = await app.newActive(await app.newTask());
  assert.deepEqual(await run({ step: 'end', grantId: id }), { state: 'revoked', ending: 'dead' });
});

test('an end that was not proved is an error by which the workflow tries again, in quarantine too', async () => {
  const id = await app.newActive(await app.newTask());
  app.control.report = { dead: false, error: 'terminate:still_there' };
  for (const status of ['pending', 'pending', 'quarantined', 'quarantined'])
    await assert.rejects(run({ step: 'end', grantId: id }), { name: TASK_ERRORS.notDead, message: status });
  app.control.report = {};
  assert.deepEqual(await run({ step: 'end', grantId: id }), { state: 'revoked', ending: 'dead' });
});

test('a grant or a resource that does not exist is refused', async () => {
  await assert.rejects(run({ step: 'end', grantId: GRANT }), { name: TASK_ERRORS.refused });
  await assert.rejects(run({ step: 'reconcile', resourceId: 'none' }), { name: TASK_ERRORS.refused });
});

test('reconciling answers how many roles without a grant it ended', async () => {
  app.roles.add(GRANT);
  assert.deepEqual(await run({ step: 'reconcile', resourceId: RESOURCE.id }), { orphans: 1 });
  assert.equal(app.roles.has(GRANT), false);
});

test('a task holds ids and nothing else', () => {
  const accepts = (task: object) => RunnerTaskSchema.safeParse(task).success;
  assert.ok(accepts({ step: 'end', grantId: GRANT }));
  assert.equal(accepts({ step: 'end', grantId: `${GRANT}; DROP ROLE x` }), false);
  assert.equal(accepts({ step: 'end', grantId: GRANT, state: 'released' }), false);
  assert.equal(accepts({ step: 'run', grantId: GRANT }), false);
});
