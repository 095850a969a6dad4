import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sshIssuer } from '../../../lambdas/adapters/ssh/ssh-issuer.ts';
import type { ActiveGrant } from '../../../lambdas/core/grant/grant.ts';
import { SSH_KEYS_PER_GRANT_MAX } from '../../../lambdas/core/ssh/limits.ts';
import { parsePublicKey } from '../../../lambdas/core/ssh/public-key.ts';
import { NOW } from '../../support/facts.ts';
import { OTHER_PUBLIC_KEY, PUBLIC_KEY, SSH_ACTIVATING, SSH_RESOURCE } from '../../support/ssh-facts.ts';

const GRANT: ActiveGrant = {
  ...SSH_ACTIVATING,
  ...{ state: 'active', activatedAt: NOW, expiresAt: NOW + 600_000, credentialsIssued: 0 },
};

const pushed: string[] = [];
const issuer = sshIssuer({
  pushKey: async ({ target: { instanceId, osUser } }, { line }, { id }) =>
    void pushed.push(`${id}: ${osUser}@${instanceId} ${line}`),
  clock: () => NOW,
});
const issue = (grant = GRANT, key = PUBLIC_KEY) => {
  const read = parsePublicKey(key);
  assert.ok(read.ok);
  return issuer.issue({ resource: SSH_RESOURCE, grant, id: 'c_1', publicKey: read.value });
};

test('nothing is pushed until it is released, and then the one key to the one user of the one machine', async () => {
  const issued = await issue();
  assert.ok(issued.ok);
  assert.deepEqual(pushed, []);
  await issued.value.release?.();
  assert.deepEqual(pushed, [`${GRANT.id}: agent@i-0123456789abcdef0 ${PUBLIC_KEY}`]);
});

test('a login lasts a minute; its sessions last as long as the grant', async () => {
  const issued = await issue();
  assert.ok(issued.ok && issued.value.content.kind === 'ssh');
  assert.equal(issued.value.expiresAt, NOW + 60_000);
  assert.equal(issued.value.content.sessionsUntil, GRANT.expiresAt);
});

test('there is no secret in it: a public key, a host and how it is known', async () => {
  const issued = await issue();
  assert.ok(issued.ok);
  const { kind, host, port, user, hostKeys, knownHosts, fingerprint } = issued.value
    .content as never as Record<string, unknown>;
  const { target } = SSH_RESOURCE;
  assert.deepEqual(
    { kind, host, port, user, hostKeys },
    {
      ...{ kind: 'ssh', host: target.host, port: 22, user: 'agent', hostKeys: target.hostKeys },
    },
  );
  assert.equal(knownHosts, `${target.host} ${target.hostKeys[0]}\n`);
  assert.match(String(fingerprint), /^SHA256:/);
  assert.equal(issued.value.secret, PUBLIC_KEY);
});

test('a grant goes through a few keys at most, and asking again with one of them is no other key', async () => {
  const others = Array.from({ length: SSH_KEYS_PER_GRANT_MAX - 1 }, (_, at) => `ssh-ed25519 key${at}`);
  const full = { ...GRANT, publicKeys: [...others, PUBLIC_KEY] };
  assert.ok((await issue(full)).ok);
  const refused = await issue(full, OTHER_PUBLIC_KEY);
  assert.deepEqual(!refused.ok && refused.failure, { code: 'credential_limit', max: SSH_KEYS_PER_GRANT_MAX });
});
