import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import type { Store } from '../../lambdas/app/ports.ts';
import { recordAside } from '../../lambdas/app/record-refusal.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { AUDIT_CLOCK_TOLERANCE_MS } from '../../lambdas/core/limits.ts';
import { type App, startApp } from '../support/app.ts';
import { CALLER } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());

const REFUSED = { type: 'request.refused', code: 'not_found', operation: 'releaseGrant', about: '' } as const;

test('a refusal that was held up on its way is not older than one that overtook it', async () => {
  const appendSystem: Store['appendSystem'] = async (chain, make) => {
    app.time.now += AUDIT_CLOCK_TOLERANCE_MS + 1;
    await recordAside(app.deps, CALLER, REFUSED);
    return app.deps.store.appendSystem(chain, make);
  };
  const heldUp = { ...app.deps, store: { ...app.deps.store, appendSystem } };
  const { chain } = await recordAside(heldUp, CALLER, REFUSED);
  const entries = await Array.fromAsync(app.deps.store.readChain(chain));
  assert.equal(entries.length, 2);
  assert.deepEqual(verifyChain(chain, entries, { head: undefined, receipts: [] }), []);
});
