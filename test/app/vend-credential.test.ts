import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { endTask } from '../../lambdas/app/end-task.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { fingerprintOf, vendCredential } from '../../lambdas/app/vend-credential.ts';
import { CREDENTIALS_PER_GRANT_MAX } from '../../lambdas/core/limits.ts';
import { ok } from '../../lambdas/core/result.ts';
import { type App, startApp } from '../support/app.ts';
import { ALLOWED, CALLER, NOW, OTHER_CALLER, PRINCIPAL, REFUSED } from '../support/facts.ts';

let app: App;
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
  app.tables.dynamo.setFaults(undefined);
});

const LATE = {
  ...({ kind: 'postgres', host: 'localhost', port: 5432, database: 'orders' } as const),
  ...{ user: 'late', password: 'late', caPem: 'pem' },
};

const vend = (grantId: string, caller = CALLER) => vendCredential(app.deps, caller, { grantId });
const code = (result: Awaited<ReturnType<typeof vend>>) => (result.ok ? 'vended' : result.failure.code);
const trail = async (chain: string) =>
  (await Array.fromAsync(app.deps.store.readChain(chain))).map(({ event }) => event);

test('a credential is for this grant’s own user and never outlives its grant', async () => {
  const id = await app.newActive(await app.newTask());
  const vended = await vend(id);
  assert.ok(vended.ok);
  const { credential } = vended.value;
  assert.ok(credential.kind === 'postgres');
  assert.equal(credential.user, `lk_${id.slice(2)}`);
  const grant = await app.deps.store.readGrant(id);
  assert.ok(grant?.state === 'active');
  assert.equal(credential.expiresAt, grant.expiresAt);
});

test('the entry of an issue is committed before it is released and holds a fingerprint, never the value', async () => {
  const id = await app.newActive(await app.newTask());
  const vended = await vend(id);
  assert.ok(vended.ok && vended.value.credential.kind === 'postgres');
  const { password } = vended.value.credential;
  const events = await trail(id);
  const issued = events.find(({ type }) => type === 'credential.issued');
  assert.ok(issued?.type === 'credential.issued');
  assert.equal(issued.fingerprint, fingerprintOf(password));
  assert.equal(JSON.stringify(events).includes(password), false);
});

test('no credential leaves when its entry cannot be committed', async () => {
  const id = await app.newActive(await app.newTask());
  for (const fault of ['throttle', 'away'] as const) {
    app.tables.dynamo.setFaults((operation) => (operation === 'TransactWriteItems' ? fault : undefined));
    await assert.rejects(vend(id), DependencyUnavailable, fault);
  }
  app.tables.dynamo.setFaults(undefined);
  assert.equal(
    (await trail(id)).some(({ type }) => type === 'credential.issued'),
    false,
  );
});

test('no credential leaves when the signer is away, and nothing is recorded as issued', async () => {
  const id = await app.newActive(await app.newTask());
  const issuer = { issue: () => Promise.reject(new DependencyUnavailable('sts', new Error('away'))) };
  await assert.rejects(
    vendCredential({ ...app.deps, issuers: { postgres: issuer } }, CALLER, { grantId: id }),
    DependencyUnavailable,
  );
  assert.equal(
    (await trail(id)).some(({ type }) => type === 'credential.issued'),
    false,
  );
});

test('no credential leaves when the lease ran out while it was signed, and nothing is recorded as issued', async () => {
  const id = await app.newActive(await app.newTask({ name: 'leased', leaseSeconds: 15 }));
  const issuer: typeof app.deps.issuers.postgres = {
    issue: async (ask) => {
      app.time.now += 15_000;
      return app.deps.issuers.postgres.issue(ask);
    },
  };
  assert.equal(
    code(await vendCredential({ ...app.deps, issuers: { postgres: issuer } }, CALLER, { grantId: id })),
    'grant_over',
  );
  assert.equal(
    (await trail(id)).some(({ type }) => type === 'credential.issued'),
    false,
  );
});

test('pending is told from over, and someone else’s from neither', async () => {
  const task = await app.newTask();
  const { id } = await app.newGrant(task);
  assert.equal(code(await vend(id)), 'grant_pending');
  const live = await app.newActive(task);
  assert.equal(code(await vend(live, OTHER_CALLER)), 'not_found');
  assert.equal(code(await vend(live.replace(/.$/, (last) => (last === '0' ? '1' : '0')))), 'not_found');
  const done = releaseGrant(app.deps, CALLER, live);
  await app.deps.endings.end({ id: live });
  await done;
  assert.equal(code(await vend(live)), 'grant_over');
});

test('a grant that waits for people gives no credential, and nothing is recorded as issued', async () => {
  app.policy.answer = (approvals) => (approvals >= 1 ? ALLOWED : REFUSED);
  const { id, state } = await app.newGrant(await app.newTask());
  app.policy.answer = () => ALLOWED;
  assert.equal(state, 'pending_approval');
  assert.equal(code(await vend(id)), 'grant_pending');
  assert.deepEqual(
    (await trail(id)).map(({ type }) => type),
    ['grant.requested'],
  );
});

test('the clock ends a grant, also when no workflow ever does', async () => {
  const id = await app.newActive(await app.newTask());
  const grant = await app.deps.store.readGrant(id);
  assert.ok(grant?.state === 'active');
  app.time.now = grant.expiresAt;
  assert.equal(code(await vend(id)), 'grant_over');
});

test('a grant that expires between its check and its commit gives nothing', async () => {
  const id = await app.newActive(await app.newTask());
  const grant = await app.deps.store.readGrant(id);
  assert.ok(grant?.state === 'active');
  const issuer = {
    issue: async () => {
      app.time.now = grant.expiresAt;
      return ok({ content: LATE, secret: 'late', expiresAt: grant.expiresAt + 900_000 });
    },
  };
  assert.equal(
    code(await vendCredential({ ...app.deps, issuers: { postgres: issuer } }, CALLER, { grantId: id })),
    'grant_over',
  );
});

test('a grant that is released while a credential is being signed gives nothing', async () => {
  const id = await app.newActive(await app.newTask());
  const issuer = {
    issue: async () => {
      const released = releaseGrant(app.deps, CALLER, id);
      await app.deps.endings.end({ id });
      await released;
      return ok({ content: LATE, secret: 'late', expiresAt: NOW + 900_000 });
    },
  };
  assert.equal(
    code(await vendCredential({ ...app.deps, issuers: { postgres: issuer } }, CALLER, { grantId: id })),
    'grant_over',
  );
});

test('the tombstone of a task refuses what the task holds before each grant has been ended', async () => {
  const task = await app.newTask();
  const id = await app.newActive(task);
  const store = {
    ...app.deps.store,
    grantsOfTask: async () => {
      assert.equal(code(await vend(id)), 'grant_over');
      return [];
    },
  };
  await endTask({ ...app.deps, store }, CALLER, task);
});

test('no credential leaves when its task ended while it was signed, before the grant itself was', async () => {
  const task = await app.newTask();
  const id = await app.newActive(task);
  const store = { ...app.deps.store, grantsOfTask: async () => [] };
  const issuer: typeof app.deps.issuers.postgres = {
    issue: async (ask) => {
      await endTask({ ...app.deps, store }, CALLER, task);
      return app.deps.issuers.postgres.issue(ask);
    },
  };
  assert.equal(
    code(await vendCredential({ ...app.deps, issuers: { postgres: issuer } }, CALLER, { grantId: id })),
    'grant_over',
  );
  assert.equal((await app.deps.store.readGrant(id))?.state, 'active');
  assert.equal(
    (await trail(id)).some(({ type }) => type === 'credential.issued'),
    false,
  );
});

test('a lease that ran out refuses what the task holds, before anybody noticed', async () => {
  const id = await app.newActive(await app.newTask({ name: 'leased', leaseSeconds: 30 }));
  app.time.now = NOW + 31_000;
  assert.equal(code(await vend(id)), 'grant_over');
});

test('a caller that lost a group the decision stood on gets nothing', async () => {
  const id = await app.newActive(await app.newTask());
  const groups = { known: true as const, names: ['another'] };
  assert.equal(
    code(await vend(id, { ...CALLER, principal: { ...PRINCIPAL, groups } })),
    'groups_unavailable',
  );
});

test('one grant gives a limited number of credentials, also when asked at once', async () => {
  const id = await app.newActive(await app.newTask());
  const results: string[] = [];
  for (let batch = 0; batch < 8; batch += 1) {
    const settled = await Promise.allSettled([vend(id), vend(id), vend(id)]);
    results.push(...settled.map((one) => (one.status === 'fulfilled' ? code(one.value) : 'unavailable')));
  }
  const vended = results.filter((result) => result === 'vended').length;
  assert.equal(vended, CREDENTIALS_PER_GRANT_MAX);
  const ordinals = (await trail(id)).flatMap((event) =>
    event.type === 'credential.issued' ? [event.ordinal] : [],
  );
  assert.deepEqual(
    ordinals,
    Array.from({ length: vended }, (_, index) => index + 1),
  );
});
