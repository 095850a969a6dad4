import assert from 'node:assert/strict';
import { test } from 'node:test';
import { verifyIdentityUrl } from '../../../examples/targets/eks-token.ts';
import { presignIdentity } from '../../../lambdas/adapters/eks/presign-identity.ts';
import { NOW } from '../../support/facts.ts';

const KEYS = { accessKeyId: 'akid', secretAccessKey: 'secret' };

/** From the tests of the AWS SDK for Ruby (Apache-2.0): the presigned identity for a cluster, byte for byte. */
test('an identity for a cluster is signed as the SDK for Ruby signs it', async () => {
  const at = Date.UTC(2016, 0, 1, 11, 22, 33);
  const asked = { keys: KEYS, region: 'us-west-2', cluster: 'my-eks-cluster', at, expiresIn: 900 };
  assert.equal(
    sorted(await presignIdentity(asked)),
    sorted(
      'https://sts.us-west-2.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15' +
        '&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=akid%2F20160101%2Fus-west-2%2Fsts%2Faws4_request' +
        '&X-Amz-Date=20160101T112233Z&X-Amz-Expires=900&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id' +
        '&X-Amz-Signature=98828ca931430d3c58b35c01dfa444696584d19f131272e9b55cb18a7491f51a',
    ),
  );
});

/** Made with botocore 1.43.106; `test:full` has it made anew. */
test('an identity of a session is signed as botocore signs it', async () => {
  const keys = { ...KEYS, sessionToken: 'session/token+with=signs' };
  assert.equal(
    sorted(await presignIdentity({ keys, region: 'eu-central-1', cluster: 'shop', at: NOW })),
    sorted(
      'https://sts.eu-central-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15' +
        '&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=akid%2F20260302%2Feu-central-1%2Fsts%2Faws4_request' +
        '&X-Amz-Date=20260302T100000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host%3Bx-k8s-aws-id' +
        '&X-Amz-Security-Token=session%2Ftoken%2Bwith%3Dsigns' +
        '&X-Amz-Signature=89dc0c0e5ce0f19b8ca86b45e6dddbbd5b003ceb524b087ed400fbf0453c891b',
    ),
  );
});

/** Their order is no part of what is signed. */
const sorted = (url: string): string => {
  const [place = '', query = ''] = url.split('?');
  return `${place}?${query.split('&').sort().join('&')}`;
};

test('an identity holds for one cluster, one region and fifteen minutes', async () => {
  const session = { ...KEYS, sessionToken: 'token', expiration: undefined };
  const keys = { ...KEYS, sessionToken: 'token' };
  const url = await presignIdentity({ keys, region: 'eu-central-1', cluster: 'shop', at: NOW });
  const lookup = () => session;
  const ask = { cluster: 'shop', region: 'eu-central-1', lookup, now: NOW };
  assert.equal(verifyIdentityUrl(url, ask), session);
  assert.equal(verifyIdentityUrl(url, { ...ask, now: NOW + 900_000 }), session);
  for (const changed of [
    { ...ask, cluster: 'other' },
    { ...ask, region: 'us-east-1' },
    { ...ask, now: NOW + 901_000 },
    { ...ask, now: NOW - 301_000 },
    { ...ask, lookup: () => ({ ...session, secretAccessKey: 'other' }) },
    { ...ask, lookup: () => ({ ...session, sessionToken: 'other' }) },
    { ...ask, lookup: () => undefined },
  ])
    assert.equal(verifyIdentityUrl(url, changed), undefined);
  for (const bent of [
    url.replace('https:', 'http:'),
    url.replace('sts.eu-central-1.amazonaws.com', 'sts.evil.example'),
    url.replace('GetCallerIdentity', 'AssumeRole'),
    `${url}&X-Amz-Extra=1`,
    `${url}&action=GetCallerIdentity`,
    url.replace('host%3Bx-k8s-aws-id', 'host'),
    url.replace('/?', '/x?'),
    url.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
  ])
    assert.equal(verifyIdentityUrl(bent, ask), undefined, bent);
});
