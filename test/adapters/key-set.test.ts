import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseKeySet } from '../../lambdas/adapters/key-set.ts';
import { ecKey, rsaKey } from '../support/sign-token.ts';

const EC = ecKey('ec').jwk;
const RSA = rsaKey('rsa').jwk;

const parse = (...keys: readonly unknown[]) => parseKeySet(Buffer.from(JSON.stringify({ keys })));
const kidsOf = (...keys: readonly unknown[]) => [...parse(...keys).keys()];
const refusal = (code: string) => ({ name: 'KeySetRefused', code });

test('sound RSA and elliptic keys may sign, each with what its form allows', () => {
  const keys = parse(EC, RSA, ecKey('ec-384', 'P-384').jwk, ecKey('ec-521', 'P-521').jwk);
  assert.deepEqual(
    [...keys].map(([kid, { algorithms }]) => [kid, algorithms]),
    [
      ['ec', ['ES256']],
      ['rsa', ['RS256', 'RS384', 'RS512']],
      ['ec-384', ['ES384']],
      ['ec-521', ['ES512']],
    ],
  );
});

test('a key that names its algorithm is good for that one only', () => {
  assert.deepEqual(parse({ ...RSA, alg: 'RS512' }).get('rsa')?.algorithms, ['RS512']);
  assert.deepEqual(kidsOf({ ...RSA, alg: 'PS256' }, { ...EC, alg: 'RS256' }), []);
  assert.deepEqual(kidsOf({ ...RSA, alg: 'HS256' }), []);
});

test('RSA keys that are short or have an unusual exponent count as absent', () => {
  assert.deepEqual(kidsOf(rsaKey('short', 1_024).jwk, rsaKey('odd', 2_048, 3).jwk, { ...RSA, e: 'AQ' }), []);
});

test('an RSA modulus so large that checking it is an attack counts as absent', () => {
  const n = Buffer.alloc(1_100, 0xff).toString('base64url');
  assert.deepEqual(kidsOf({ ...RSA, n }), []);
});

test('other forms, curves and uses count as absent, and spoil nothing for the rest', () => {
  const others = [
    { ...RSA, kid: 'enc', use: 'enc' },
    { ...RSA, kid: 'odd-use', use: 'SIG' },
    { ...RSA, kid: 'encrypts', key_ops: ['encrypt'] },
    { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo', kid: 'ed' },
    ecKey('secp256k1', 'secp256k1').jwk,
    { ...EC, kid: 'off-curve', x: EC.y, y: EC.x },
    { ...EC, kid: 'half', y: undefined },
    { ...RSA, kid: undefined },
    { kty: 'unheard-of', kid: 'new' },
  ];
  assert.deepEqual(kidsOf(...others, { ...EC, use: 'sig', key_ops: ['verify'], x5c: ['ignored'] }), ['ec']);
});

test('a symmetric key refuses the whole set', () => {
  assert.throws(() => parse(EC, { kty: 'oct', k: 'c2VjcmV0', kid: 'oct' }), refusal('holds_a_secret'));
  assert.throws(() => parse(EC, { kty: 'oct', kid: 'oct' }), refusal('holds_a_secret'));
});

test('a private member refuses the whole set, wherever it stands', () => {
  const { privateKey } = ecKey('leaked');
  const leaked = { ...privateKey.export({ format: 'jwk' }), kid: 'leaked' };
  assert.throws(() => parse(EC, leaked), refusal('holds_a_secret'));
  assert.throws(() => parse(EC, { ...RSA, use: 'enc', p: 'AQ' }), refusal('holds_a_secret'));
  assert.throws(() => parse(EC, { kty: 'unheard-of', d: '' }), refusal('holds_a_secret'));
});

test('one key id twice refuses the whole set, even when one of the two could not sign', () => {
  assert.throws(() => parse(EC, ecKey('ec').jwk), refusal('key_id_twice'));
  assert.throws(() => parse(EC, { ...rsaKey('ec', 1_024).jwk }), refusal('key_id_twice'));
});

test('a key for encryption may share its id with the one that signs', () => {
  assert.deepEqual(kidsOf({ ...RSA, kid: 'ec', use: 'enc' }, EC), ['ec']);
});

test('anything that is not a key set refuses', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    '{"keys":{}}',
    '{"keys":[null]}',
    '{"keys":[{"kid":"x"}]}',
    '{"keys":[{"kty":"RSA","kid":1}]}',
    '<html>',
  ]) {
    assert.throws(() => parseKeySet(Buffer.from(text)), refusal('malformed'), text);
  }
  assert.throws(() => parseKeySet(Buffer.from([0x7b, 0xff, 0x7d])), refusal('malformed'));
});

test('no message of a refusal repeats what was fetched', () => {
  assert.throws(
    () => parse({ kty: 'oct', k: 'c2VjcmV0' }),
    (error: Error) => !/c2VjcmV0/.test(String(error.stack)),
  );
});
