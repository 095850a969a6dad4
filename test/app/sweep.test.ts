import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { sweep } from '../../lambdas/app/sweep.ts';
import { type App, startApp } from '../support/app.ts';
import { ALLOWED, NOW, REFUSED, RESOURCE, SOFTWARE } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
  app.policy.answer = () => ALLOWED;
});

test('a live grant for which policy now wants people is ended; one that waits for as many goes on waiting', async () => {
  await sweep({ ...app.deps, software: { ...SOFTWARE, policyDigest: '1'.repeat(64) } }, app.context);
  const unattended = await app.newActive(await app.newTask());
  app.policy.answer = (approvals) => (approvals >= 1 ? ALLOWED : REFUSED);
  const waiting = await app.newGrant(await app.newTask());
  await sweep({ ...app.deps, software: { ...SOFTWARE, policyDigest: '2'.repeat(64) } }, app.context);
  const ended = await app.deps.store.readGrant(unattended);
  assert.equal(ended && 'cause' in ended && ended.cause, 'policy_changed');
  assert.equal((await app.deps.store.readGrant(waiting.id))?.state, 'pending_approval');
});

test('each sweep looks at every target for what no grant stands for, and tells how much it found', async () => {
  const asked: string[] = [];
  const endings = {
    ...app.deps.endings,
    reconcile: async ({ id }: { id: string }) => asked.push(id),
  };
  const resources = [RESOURCE, { ...RESOURCE, id: 'billing-db' }];
  const report = await sweep({ ...app.deps, endings, resources }, app.context);
  assert.deepEqual(asked.toSorted(), ['billing-db', 'orders-db']);
  assert.equal(report.orphans, 3);
});
