import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { newSshKeyPair } from '../../examples/targets/ssh-key-pair.ts';
import { endAccess } from '../../lambdas/app/end-access.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { releaseGrant } from '../../lambdas/app/release-grant.ts';
import { vendCredential } from '../../lambdas/app/vend-credential.ts';
import { verifyChain } from '../../lambdas/core/audit/verify-chain.ts';
import { GRANT_MAX_SECONDS } from '../../lambdas/core/limits.ts';
import { SSH_KEYS_PER_GRANT_MAX } from '../../lambdas/core/ssh/limits.ts';
import { parsePublicKey } from '../../lambdas/core/ssh/public-key.ts';
import { CALLER, NOW } from '../support/facts.ts';
import { type SshApp, startSshApp } from '../support/ssh-app.ts';

let ssh: SshApp;
before(async () => {
  ssh = await startSshApp();
});
after(() => ssh.app.tables.close());
beforeEach(() => {
  ssh.app.time.now = NOW;
  ssh.machine.control.fail = undefined;
  ssh.app.tables.dynamo.setFaults(undefined);
});

const newKey = (): string => newSshKeyPair().publicKey;
const vend = (grantId: string, publicKey?: string) =>
  vendCredential(ssh.deps, CALLER, { grantId, publicKey });
const code = (result: Awaited<ReturnType<typeof vend>>) => (result.ok ? 'vended' : result.failure.code);
const trail = async (chain: string) =>
  (await Array.fromAsync(ssh.deps.store.readChain(chain))).map(({ event }) => event);
const end = async (grantId: string) => {
  const released = releaseGrant(ssh.deps, CALLER, grantId);
  await ssh.deps.endings.end({ id: grantId });
  await released;
};
const stored = async (grantId: string) => {
  const grant = await ssh.deps.store.readGrant(grantId);
  assert.ok(grant);
  return grant;
};

describe('a key that is brought', () => {
  test('is let in once its entry is committed, and the entry has its fingerprint as the machine logs it', async () => {
    const [id, key] = [await ssh.newActive(), newKey()];
    const read = parsePublicKey(key);
    ssh.machine.control.fail = (call) => {
      if (call === 'push') assert.ok(isCommitted);
    };
    let isCommitted = false;
    const store: typeof ssh.deps.store = {
      ...ssh.deps.store,
      commit: async (change) => {
        const outcome = await ssh.deps.store.commit(change);
        isCommitted = true;
        return outcome;
      },
    };
    const vended = await vendCredential({ ...ssh.deps, store }, CALLER, {
      grantId: id,
      publicKey: `${key} me@home`,
    });
    assert.ok(vended.ok && read.ok);
    assert.ok(ssh.machine.letsIn().includes(key));
    const issued = (await trail(id)).find(({ type }) => type === 'credential.issued');
    assert.ok(issued?.type === 'credential.issued');
    assert.equal(issued.publicKey, read.value.fingerprint);
    assert.deepEqual(
      [issued.kind, issued.target.user, issued.target.resourceId],
      ['ssh', 'agent', 'i-0123456789abcdef0'],
    );
  });

  test('is not let in when its entry cannot be committed', async () => {
    const [id, key] = [await ssh.newActive(), newKey()];
    ssh.app.tables.dynamo.setFaults((operation) => (operation === 'TransactWriteItems' ? 'away' : undefined));
    await assert.rejects(vend(id, key), DependencyUnavailable);
    assert.ok(!ssh.machine.letsIn().includes(key));
  });

  test('is told in the trail not to have been handed out when letting it in fails, and the answer is no credential', async () => {
    const id = await ssh.newActive();
    for (const at of ['push', 'pushed']) {
      ssh.machine.control.fail = (call) => {
        if (call === at) throw new DependencyUnavailable('ec2-instance-connect', new Error('away'));
      };
      await assert.rejects(vend(id, newKey()), DependencyUnavailable);
    }
    const events = await trail(id);
    assert.deepEqual(
      events.slice(-4).map(({ type }) => type),
      ['credential.issued', 'credential.undelivered', 'credential.issued', 'credential.undelivered'],
    );
    const grant = await stored(id);
    const entries = await Array.fromAsync(ssh.deps.store.readChain(id));
    assert.deepEqual(verifyChain(id, entries, { head: grant.head, receipts: [] }), []);
  });

  test('is told so also when its grant ended meanwhile', async () => {
    const id = await ssh.newActive();
    const pushKey = async () => {
      await end(id);
      throw new DependencyUnavailable('ec2-instance-connect', new Error('away'));
    };
    const issuer: typeof ssh.machine.issuer = {
      async issue(ask) {
        const issued = await ssh.machine.issuer.issue(ask);
        return issued.ok ? { ok: true, value: { ...issued.value, release: pushKey } } : issued;
      },
    };
    const vending = vendCredential({ ...ssh.deps, issuers: { ssh: issuer } }, CALLER, {
      grantId: id,
      publicKey: newKey(),
    });
    await assert.rejects(vending, DependencyUnavailable);
    assert.equal((await trail(id)).at(-1)?.type, 'credential.undelivered');
    const grant = await stored(id);
    assert.ok('ending' in grant && grant.ending.status === 'dead');
  });

  test('is refused in words for what is wrong with it, and needed where access is by key', async () => {
    const id = await ssh.newActive();
    for (const [key, detail] of [
      [undefined, /is missing/],
      ['', /must be one line/],
      [`${newKey()}\n${newKey()}`, /must be one line/],
      [`command="id" ${newKey()}`, /must be one line/],
      [`ssh-rsa ${'A'.repeat(5_000)}`, /must be one line|base64/],
    ] as const) {
      const refused = await vend(id, key);
      assert.ok(!refused.ok && refused.failure.code === 'invalid_request');
      assert.equal(refused.failure.errors[0]?.pointer, '/publicKey');
      assert.match(refused.failure.errors[0]?.detail ?? '', detail);
    }
    assert.equal((await stored(id)).state, 'active');
  });

  test('is refused where access is not by key', async () => {
    const id = await ssh.app.newActive(await ssh.app.newTask());
    const refused = await vendCredential(ssh.app.deps, CALLER, { grantId: id, publicKey: newKey() });
    assert.equal(code(refused), 'invalid_request');
  });

  test('says nothing of a grant that is somebody else’s', async () => {
    const id = await ssh.newActive();
    assert.equal(
      code(
        await vend(
          id.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
          'nonsense',
        ),
      ),
      'not_found',
    );
  });
});

describe('no two grants share a key', () => {
  test('while one of them is active, nor the day after it', async () => {
    const [first, second, key] = [await ssh.newActive(), await ssh.newActive(), newKey()];
    assert.equal(code(await vend(first, key)), 'vended');
    assert.equal(code(await vend(second, `${key} another comment`)), 'key_taken');
    await end(first);
    assert.equal(code(await vend(second, key)), 'key_taken');
    ssh.app.time.now += GRANT_MAX_SECONDS * 1_000;
    const later = await ssh.newActive();
    assert.equal(code(await vend(later, key)), 'key_taken');
    ssh.app.time.now += 25 * 3_600_000;
    assert.equal(code(await vend(await ssh.newActive(), key)), 'vended');
  });

  test('whichever of them comes first when both ask at once', async () => {
    const [first, second, key] = [await ssh.newActive(), await ssh.newActive(), newKey()];
    const codes = (await Promise.all([vend(first, key), vend(second, key)])).map(code);
    assert.deepEqual(codes.sort(), ['key_taken', 'vended']);
    const keys = await Promise.all([first, second].map(stored));
    assert.equal(keys.filter((grant) => 'publicKeys' in grant && grant.publicKeys?.includes(key)).length, 1);
  });

  test('and the one that has it may ask with it again', async () => {
    const [id, key] = [await ssh.newActive(), newKey()];
    for (let asked = 0; asked < 3; asked += 1) assert.equal(code(await vend(id, key)), 'vended');
    const grant = await stored(id);
    assert.ok(grant.state === 'active');
    assert.deepEqual(grant.publicKeys, [key]);
  });

  test('and none goes through more than a few', async () => {
    const id = await ssh.newActive();
    for (let made = 0; made < SSH_KEYS_PER_GRANT_MAX; made += 1)
      assert.equal(code(await vend(id, newKey())), 'vended');
    assert.equal(code(await vend(id, newKey())), 'credential_limit');
  });
});

describe('an end', () => {
  test('takes every key of its grant with it', async () => {
    const id = await ssh.newActive();
    const keys = [newKey(), newKey()];
    for (const key of keys) await vend(id, key);
    await endAccess(ssh.deps, id, ssh.app.context);
    for (const key of keys) assert.ok(!ssh.machine.letsIn().includes(key));
    const grant = await stored(id);
    assert.ok('ending' in grant && grant.ending.status === 'dead');
  });

  test('takes with it a key whose vend is slow: it pushes what the machine has been told to refuse', async () => {
    const [id, key] = [await ssh.newActive(), newKey()];
    const issuer: typeof ssh.machine.issuer = {
      async issue(ask) {
        const issued = await ssh.machine.issuer.issue(ask);
        if (!issued.ok) return issued;
        const release = async () => {
          await end(id);
          await issued.value.release?.();
        };
        return { ok: true, value: { ...issued.value, release } };
      },
    };
    const vended = await vendCredential({ ...ssh.deps, issuers: { ssh: issuer } }, CALLER, {
      grantId: id,
      publicKey: key,
    });
    assert.equal(code(vended), 'vended');
    assert.ok(!ssh.machine.letsIn().includes(key));
  });

  test('of a grant without a key is proved without a machine', async () => {
    const id = await ssh.newActive();
    ssh.machine.control.fail = () => assert.fail('the machine was asked');
    await endAccess(ssh.deps, id, ssh.app.context);
    const grant = await stored(id);
    assert.ok('ending' in grant && grant.ending.status === 'dead');
  });
});
