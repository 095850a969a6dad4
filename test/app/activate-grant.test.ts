import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { activateGrant } from '../../lambdas/app/activate-grant.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { type App, startApp } from '../support/app.ts';
import { CALLER, NOW } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
});

const passSeconds = async () => {
  app.time.now += 1_000;
};

test('an end that comes before the target is asked leaves no role to end', async () => {
  const { id } = await app.newGrant(await app.newTask());
  const target = {
    ...app.target,
    open: async (ask: Parameters<typeof app.target.open>[0]) => {
      await releaseGrant({ ...app.deps, sleep: passSeconds }, CALLER, id);
      return app.target.open(ask);
    },
  };
  assert.equal(
    await activateGrant({ ...app.deps, targets: { postgres: target } }, id, app.context),
    undefined,
  );
  assert.equal(app.roles.has(id), false);
});
