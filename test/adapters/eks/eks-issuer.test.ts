import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyEksToken } from '../../../examples/targets/eks-token.ts';
import type { AssumeAsk, AssumeRole } from '../../../lambdas/adapters/aws/assume-role.ts';
import { eksIssuer } from '../../../lambdas/adapters/eks/eks-issuer.ts';
import { DependencyUnavailable } from '../../../lambdas/app/ports.ts';
import { sessionMarks } from '../../../lambdas/core/aws/session-marks.ts';
import type { ActiveGrant } from '../../../lambdas/core/grant/grant.ts';
import { clusterResource, newGrant } from '../../support/cluster-scene.ts';

const RESOURCE = clusterResource('https://localhost:6443', 'PEM\n');
const NOW = Date.parse('2026-03-02T10:00:00.400Z');
const SIGNED = Date.parse('2026-03-02T10:00:00.000Z');
const MINUTE_MS = 60_000;

const active = (change: Partial<ActiveGrant> = {}): ActiveGrant => {
  const { activateBy: _, ...grant } = newGrant();
  return {
    ...grant,
    state: 'active',
    activatedAt: NOW,
    expiresAt: NOW + 60 * MINUTE_MS,
    credentialsIssued: 0,
    ...change,
  };
};

/** Gives each ask keys of its own, and remembers what was asked. */
const issuer = (sessionToken: (at: number) => string = (at) => `token-${at}`) => {
  const asked: AssumeAsk[] = [];
  const assume: AssumeRole = async (ask) => {
    asked.push(ask);
    const at = asked.length;
    return {
      keys: { accessKeyId: `ASIA${at}`, secretAccessKey: `secret-${at}`, sessionToken: sessionToken(at) },
      issuedAt: SIGNED,
      expiresAt: SIGNED + ask.seconds * 1_000,
      packedPercent: 7,
    };
  };
  const { issue } = eksIssuer({ assume, clock: () => NOW });
  const made = async (grant: ActiveGrant) => {
    const issued = await issue({ resource: RESOURCE, grant, id: 'c_1' });
    assert.ok(issued.ok);
    const { content } = issued.value;
    assert.ok(content.kind === 'eks');
    return { ...issued.value, content };
  };
  return { asked, issue, made };
};

test('each credential has a session of its own, named and marked by its grant, which may do nothing', async () => {
  const { asked, made } = issuer();
  const grant = active();
  await made(grant);
  const [{ policy = '', ...ask } = { policy: '' }] = asked;
  assert.deepEqual(ask, {
    ...sessionMarks(grant),
    roleArn: RESOURCE.target.roleArn,
    externalId: RESOURCE.target.externalId,
    sessionName: grant.id,
    seconds: 900,
  });
  assert.deepEqual(JSON.parse(policy).Statement, [{ Effect: 'Deny', Action: '*', Resource: '*' }]);
});

test('no two grants share a session or a user, nor do two credentials of one grant share a session', async () => {
  const { asked, made } = issuer();
  const [one, other] = [active(), active()];
  const vended = [await made(one), await made(other), await made(one)];
  assert.deepEqual(
    asked.map(({ sessionName }) => sessionName),
    [one.id, other.id, one.id],
  );
  assert.deepEqual(
    vended.map(({ content }) => content.user),
    [one, other, one].map(({ id }) => `latchkey:${id}`),
  );
  assert.equal(new Set(vended.map(({ secret }) => secret)).size, 3);
});

test('the token is for this cluster, signed by that session, and is what the fingerprint is taken of', async () => {
  const { content, secret, told } = await issuer().made(active());
  assert.equal(secret, content.token);
  assert.deepEqual(told, { accessKeyId: 'ASIA1', packedPolicyPercent: 7 });
  const signer = { secretAccessKey: 'secret-1', sessionToken: 'token-1', expiration: undefined };
  const ask = {
    cluster: RESOURCE.target.cluster,
    region: RESOURCE.target.region,
    lookup: (id: string) => (id === 'ASIA1' ? signer : undefined),
    now: NOW,
  };
  assert.equal(verifyEksToken(content.token, ask), signer);
  assert.equal(verifyEksToken(content.token, { ...ask, cluster: 'another' }), undefined);
});

test('what is handed out says where, in which namespace and whom to believe', async () => {
  const { content } = await issuer().made(active({ profile: 'config-editor' }));
  const { endpoint, caPem, cluster, namespace } = content;
  assert.deepEqual(
    { endpoint, caPem, cluster, namespace },
    { endpoint: 'https://localhost:6443', caPem: 'PEM\n', cluster: 'shop', namespace: 'shop' },
  );
});

test('its end is said a minute early, and never later than that of the grant', async () => {
  assert.equal((await issuer().made(active())).expiresAt, SIGNED + 14 * MINUTE_MS);
  const expiresAt = NOW + 3 * MINUTE_MS;
  assert.equal((await issuer().made(active({ expiresAt }))).expiresAt, expiresAt);
});

test('a token that the authenticator would not read is not handed out', async () => {
  const { issue } = issuer(() => 'x'.repeat(3_000));
  await assert.rejects(
    async () => issue({ resource: RESOURCE, grant: active(), id: 'c_1' }),
    DependencyUnavailable,
  );
});

test('a token with the longest names that a session takes is read', async () => {
  // What AWS itself adds: session tokens of roles with tags and policy are about this long.
  const { made } = issuer(() => 'x'.repeat(1_800));
  assert.ok((await made(active())).secret.length < 4_096);
});

test('a profile that has left the configuration is not signed for', async () => {
  const { asked, issue } = issuer();
  const issued = await issue({ resource: RESOURCE, grant: active({ profile: 'gone' }), id: 'c_1' });
  assert.deepEqual(issued, { ok: false, failure: { code: 'grant_over', state: 'profile_removed' } });
  assert.deepEqual(asked, []);
});
