import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Signer } from '@aws-sdk/rds-signer';
import { verifyRdsToken } from '../../examples/targets/rds-token.ts';
import { Sessions } from '../../local/sessions.ts';
import { canonicalQuery, sha256, signatureOf } from '../../local/sigv4.ts';

const HOST = { hostname: 'localhost', port: 5432 };
const USER = 'lk_user';
const REGION = 'eu-central-1';
const HOUR_MS = 3_600_000;

const sessions = new Sessions([]);
const session = sessions.issue({
  roleArn: 'arn:aws:iam::111122223333:role/signer',
  name: 'test',
  expiration: Date.now() + HOUR_MS,
});

const { accessKeyId, secretAccessKey, sessionToken } = session;
const KEYS = { accessKeyId, secretAccessKey, sessionToken };

const token = (change: object = {}): Promise<string> =>
  new Signer({ ...HOST, region: REGION, username: USER, credentials: KEYS, ...change }).getAuthToken();

const verify = (presented: string, change: object = {}) =>
  verifyRdsToken({
    token: presented,
    user: USER,
    endpoint: 'localhost:5432',
    region: REGION,
    lookup: (id) => sessions.lookup(id),
    now: Date.now(),
    ...change,
  });

/** The token with one parameter changed, signed anew with the real secret: nothing but the change is wrong. */
const resigned = async (name: string, value: string): Promise<string> => {
  const url = new URL(`https://${await token()}`);
  url.searchParams.delete('X-Amz-Signature');
  url.searchParams.set(name, value);
  const query = new Map(url.searchParams);
  const [, , region = '', service = ''] = (query.get('X-Amz-Credential') ?? '').split('/');
  const date = query.get('X-Amz-Date') ?? '';
  const request = ['GET', '/', canonicalQuery(query), `host:${url.host}`, '', 'host', sha256('')].join('\n');
  const signature = signatureOf(request, { date, region, service }, session.secretAccessKey);
  url.searchParams.set('X-Amz-Signature', signature.toString('hex'));
  return url.href.slice('https://'.length);
};

test('a token as the SDK signs it is taken for its session', async () => {
  assert.equal(verify(await token()), session);
  assert.equal(verify(await resigned('DBUser', USER)), session);
});

test('a token for another user, host, port or region is refused', async () => {
  const others = [
    { username: 'lk_other' },
    { hostname: 'elsewhere' },
    { port: 5433 },
    { region: 'us-east-1' },
  ];
  for (const other of others) assert.equal(verify(await token(other)), undefined, JSON.stringify(other));
});

test('a token of keys that nobody has, or that are no longer good, is refused', async () => {
  const wrongs = [
    { ...KEYS, secretAccessKey: 'another' },
    { ...KEYS, accessKeyId: 'ASIAUNKNOWN' },
    { ...KEYS, sessionToken: 'another' },
    { ...KEYS, sessionToken: undefined },
  ];
  for (const credentials of wrongs)
    assert.equal(verify(await token({ credentials })), undefined, JSON.stringify(Object.keys(credentials)));
  const ended = sessions.issue({ roleArn: session.roleArn, name: 'over', expiration: Date.now() - 1 });
  assert.equal(verify(await token({ credentials: { ...ended, expiration: undefined } })), undefined);
});

test('a token is good for fifteen minutes, and not before its time', async () => {
  const signed = await token();
  assert.equal(verify(signed, { now: Date.now() + 899_000 }), session);
  assert.equal(verify(signed, { now: Date.now() + 901_000 }), undefined);
  assert.equal(verify(signed, { now: Date.now() - 302_000 }), undefined);
});

test('a token that says other than what RDS asks for is refused, however well it is signed', async () => {
  const day = (await token()).match(/X-Amz-Date=(\d{8})/)?.[1];
  for (const [name, value] of [
    ['Action', 'disconnect'],
    ['X-Amz-Expires', '901'],
    ['X-Amz-Expires', '0'],
    ['X-Amz-Expires', 'NaN'],
    ['X-Amz-Algorithm', 'AWS4-ECDSA-P256-SHA256'],
    ['X-Amz-SignedHeaders', 'host;x-other'],
    ['X-Amz-Credential', `${accessKeyId}/${day}/${REGION}/sts/aws4_request`],
    ['X-Amz-Credential', `${accessKeyId}/${day}/${REGION}/rds-db/aws5_request`],
    ['X-Amz-Date', 'yesterday'],
  ] as const)
    assert.equal(verify(await resigned(name, value)), undefined, `${name}=${value}`);
});

test('a token with one character changed, a parameter twice or more than a token is refused', async () => {
  const signed = await token();
  const flipped = signed.replace(/.$/, (last) => (last === '0' ? '1' : '0'));
  for (const wrong of [
    flipped,
    signed.slice(0, -2),
    `${signed}&Action=connect`,
    `${signed}&Extra=1`,
    signed.replace('/?', '/x?'),
    `https://${signed}`,
    'password',
    '',
    '\0',
  ])
    assert.equal(verify(wrong), undefined, wrong.slice(0, 40));
});
