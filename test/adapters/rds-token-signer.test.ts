import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { verifyRdsToken } from '../../examples/targets/rds-token.ts';
import { ownRdsSigner } from '../../lambdas/adapters/database/own-rds-signer.ts';
import { rdsTokenSigner } from '../../lambdas/adapters/database/rds-token-signer.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import { RESOURCE } from '../support/facts.ts';
import { type StsServer, startSts } from '../support/sts-server.ts';

const ROLE_ARN = RESOURCE.target.roleArn ?? '';
const USER = 'lk_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f';
const MINUTE_MS = 60_000;

let sts: StsServer;
const environment = { ...process.env };
before(async () => {
  sts = await startSts(ROLE_ARN);
  process.env.AWS_ENDPOINT_URL_STS = sts.url;
  process.env.AWS_REGION = 'eu-central-1';
  process.env.AWS_ACCESS_KEY_ID = 'akid';
  process.env.AWS_SECRET_ACCESS_KEY = 'skid';
  delete process.env.AWS_SESSION_TOKEN;
});
after(async () => {
  process.env = environment;
  await sts.close();
});
beforeEach(() => {
  sts.asked.length = 0;
  sts.isAway = false;
});

/** A signer whose clock a test can set forward. */
const signerAt = () => {
  const clock = { skippedMs: 0, now: () => Date.now() + clock.skippedMs };
  return { clock, signer: rdsTokenSigner({ clock: clock.now }) };
};

const sessionOf = (token: string) => {
  const { host, port, region } = RESOURCE.target;
  const lookup = (id: string) => sts.sessions.lookup(id);
  return verifyRdsToken({ token, user: USER, endpoint: `${host}:${port}`, region, lookup, now: Date.now() });
};

test('a token is signed by a session of the target’s own role, in the region of the target', async () => {
  const { signer } = signerAt();
  const { token, expiresAt } = await signer.sign(RESOURCE, USER);
  assert.equal(sessionOf(token)?.roleArn, RESOURCE.target.roleArn);
  assert.ok(Math.abs(expiresAt - (Date.now() + 15 * MINUTE_MS)) < 5_000);
  assert.deepEqual(
    sts.asked.map((asked) => [asked.get('RoleSessionName'), asked.get('DurationSeconds')]),
    [['latchkey-vend', '3600']],
  );
});

test('while its session outlives what it signs, a signer asks nobody', async () => {
  const { signer, clock } = signerAt();
  await signer.sign(RESOURCE, USER);
  clock.skippedMs = 43 * MINUTE_MS;
  await signer.sign(RESOURCE, USER);
  assert.equal(sts.asked.length, 1);
  clock.skippedMs = 45 * MINUTE_MS;
  await signer.sign(RESOURCE, USER);
  assert.equal(sts.asked.length, 2);
});

test('a token never says that it lives longer than the session behind it', async () => {
  const { signer, clock } = signerAt();
  clock.skippedMs = 50 * MINUTE_MS;
  const { token, expiresAt } = await signer.sign(RESOURCE, USER);
  assert.equal(expiresAt, sessionOf(token)?.expiration);
});

test('nobody but a user of a grant is ever signed for', async () => {
  const { signer } = signerAt();
  for (const user of [
    'latchkey_admin',
    'postgres',
    'LK_user',
    'xlk_user',
    'lk_',
    'lk_a&DBUser=latchkey_admin',
    '',
  ])
    await assert.rejects(signer.sign(RESOURCE, user), TypeError, user);
  assert.equal(sts.asked.length, 0);
});

test('a service that is away, or says no, makes signing unavailable, and is asked again', async () => {
  const { signer } = signerAt();
  const stranger = { ...RESOURCE, target: { ...RESOURCE.target, roleArn: `${RESOURCE.target.roleArn}-x` } };
  await assert.rejects(signer.sign(stranger, USER), DependencyUnavailable);
  sts.isAway = true;
  await assert.rejects(signer.sign(RESOURCE, USER), { name: 'DependencyUnavailable', dependency: 'sts' });
  sts.isAway = false;
  assert.ok((await signer.sign(RESOURCE, USER)).token);
});

test('a session of one target’s role signs for no other', async () => {
  const { signer } = signerAt();
  await signer.sign(RESOURCE, USER);
  const stranger = { ...RESOURCE, target: { ...RESOURCE.target, roleArn: `${RESOURCE.target.roleArn}-x` } };
  await assert.rejects(signer.sign(stranger, USER), DependencyUnavailable);
});

/** From botocore's own tests (Apache-2.0): what AWS's reference implementation signs for these values. */
test('our own signer signs what botocore signs', async (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.UTC(2016, 10, 7, 17, 39, 33) });
  const host = 'prod-instance.us-east-1.rds.amazonaws.com';
  const target = { ...RESOURCE.target, host, port: 3306, region: 'us-east-1' };
  const token = new URL(`https://${await ownRdsSigner()({ ...RESOURCE, target }, 'someusername')}`);
  assert.equal(token.host, `${host}:3306`);
  assert.deepEqual(Object.fromEntries(token.searchParams), {
    Action: 'connect',
    DBUser: 'someusername',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'akid/20161107/us-east-1/rds-db/aws4_request',
    'X-Amz-Date': '20161107T173933Z',
    'X-Amz-Expires': '900',
    'X-Amz-Signature': 'd1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61',
    'X-Amz-SignedHeaders': 'host',
  });
});
