import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { verifyRdsToken } from '../../examples/targets/rds-token.ts';
import { asThemselves } from '../../lambdas/adapters/aws/administrator-keys.ts';
import { stsSessions } from '../../lambdas/adapters/aws/assume-role.ts';
import { ownRdsSigner } from '../../lambdas/adapters/database/own-rds-signer.ts';
import { rdsTokenSigner } from '../../lambdas/adapters/database/rds-token-signer.ts';
import { DependencyUnavailable } from '../../lambdas/app/ports.ts';
import type { MysqlResource, PostgresResource } from '../../lambdas/core/config/resource.ts';
import { MYSQL_RESOURCE, RESOURCE } from '../support/facts.ts';
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
  return { clock, signer: rdsTokenSigner({ assume: stsSessions(), clock: clock.now }) };
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

test('it asks for no tags, not even for an empty list of them, which the role’s trust would have to allow', async () => {
  const { signer } = signerAt();
  await signer.sign(RESOURCE, USER);
  const [asked] = sts.asked;
  assert.ok(asked);
  assert.deepEqual(
    [...asked.keys()].filter((name) => name.startsWith('Tags')),
    [],
  );
});

test('for a quarter of an hour a signer asks nobody again', async () => {
  const { signer, clock } = signerAt();
  await signer.sign(RESOURCE, USER);
  clock.skippedMs = 14 * MINUTE_MS;
  await signer.sign(RESOURCE, USER);
  assert.equal(sts.asked.length, 1);
  clock.skippedMs = 16 * MINUTE_MS;
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

interface Golden {
  readonly resource: PostgresResource | MysqlResource;
  readonly at: string;
  readonly host: string;
  readonly port: number;
  readonly region: string;
  readonly user: string;
  readonly keys: readonly [id: string, secret: string, token?: string];
  readonly signature: string;
}

const OF_2016 = { at: '2016-11-07T17:39:33Z', region: 'us-east-1', port: 3306, resource: MYSQL_RESOURCE };

/** What other implementations sign for these values; the first three are published with their tests. */
const GOLDEN: Readonly<Record<string, Golden>> = {
  'botocore, the reference': {
    ...OF_2016,
    host: 'prod-instance.us-east-1.rds.amazonaws.com',
    user: 'someusername',
    keys: ['akid', 'skid'],
    signature: 'd1138cdbc0ca63eec012ec0fc6c2267e03642168f5884a7795320d4c18374c61',
  },
  'the AWS CLI and the SDK for Java': {
    ...OF_2016,
    host: 'host.us-east-1.amazonaws.com',
    user: 'mySQLUser',
    keys: ['access_key', 'secret_key'],
    signature: '87ab58107ef49f1c311a412f98b7f976b0b5152ffb559f0d36c6c9a0c5e0e362',
  },
  'Kong’s, in Lua': {
    resource: RESOURCE,
    at: '2022-11-04T06:26:11Z',
    host: 'test_database.test_cluster.us-east-1.rds.amazonaws.com',
    port: 443,
    region: 'us-east-1',
    user: 'test_user',
    keys: ['test_id', 'test_key'],
    signature: 'ff72d46f1937c1f5917f69d694929ca814b781619b8d730451c7ffef050059b0',
  },
  'botocore 1.44.8, with a session, at a PostgreSQL': {
    ...OF_2016,
    resource: RESOURCE,
    host: 'orders.c1abcdefghij.eu-central-1.rds.amazonaws.com',
    port: 5432,
    region: 'eu-central-1',
    user: 'lk_k3v9q2m7xw4b8r1nd6hz_5h2j7d9c1s0f',
    keys: ['akid', 'skid', 'session-token'],
    signature: '5d559fddcc2a30dc19037a0a9ef7ce1327b8c4056d4d18d39b819f1672e06d26',
  },
  'botocore 1.44.8, with a session, at a MySQL': {
    ...OF_2016,
    host: 'shop.c1abcdefghij.eu-central-1.rds.amazonaws.com',
    region: 'eu-central-1',
    user: 'lk_5h2j7d9c1s0f_k3v9q2m7xw4b8r1n',
    keys: ['akid', 'skid', 'session-token'],
    signature: '3d1f558e1ff50283b5b8ed5c566c0572aac4740450e3cfdf9a18d8723900dc58',
  },
};

for (const [name, golden] of Object.entries(GOLDEN))
  test(`our own signer signs what others do: ${name}`, async (t) => {
    const { resource, at, host, port, region, user, keys, signature } = golden;
    const [accessKeyId, secret, session] = keys;
    const before = { ...process.env };
    t.after(() => {
      process.env = before;
    });
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secret });
    if (session !== undefined) process.env.AWS_SESSION_TOKEN = session;
    t.mock.timers.enable({ apis: ['Date'], now: Date.parse(at) });
    const moved = { ...resource, target: { ...resource.target, host, port, region } } as typeof resource;
    const token = new URL(`https://${await ownRdsSigner(asThemselves)(moved, user)}`);
    assert.equal(token.hostname, host);
    assert.equal(token.port, port === 443 ? '' : String(port));
    const day = at.slice(0, 10).replaceAll('-', '');
    assert.deepEqual(Object.fromEntries(token.searchParams), {
      Action: 'connect',
      DBUser: user,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': `${accessKeyId}/${day}/${region}/rds-db/aws4_request`,
      'X-Amz-Date': `${at.replace(/[-:]/g, '')}`,
      'X-Amz-Expires': '900',
      ...(session === undefined ? {} : { 'X-Amz-Security-Token': session }),
      'X-Amz-Signature': signature,
      'X-Amz-SignedHeaders': 'host',
    });
  });
