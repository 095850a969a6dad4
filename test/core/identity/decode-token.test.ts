import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeToken } from '../../../lambdas/core/identity/decode-token.ts';
import { HEADER, PAYLOAD } from '../../support/sample-identity.ts';

const part = (value: string | Uint8Array) => Buffer.from(value).toString('base64url');
const tokenOf = (payload: string | Uint8Array, header: string | Uint8Array = JSON.stringify(HEADER)) =>
  `${part(header)}.${part(payload)}.${part('signature!')}`;
const VALID = tokenOf(JSON.stringify(PAYLOAD));

const assertRefused = (token: string, failure: string) =>
  assert.deepEqual(decodeToken(token), { ok: false, failure });

test('a plain compact token is read as it was written', () => {
  assert.deepEqual(decodeToken(VALID), { ok: true, value: { header: HEADER, payload: PAYLOAD } });
});

test('a token above 8 KB is refused before anything is parsed', () => {
  assertRefused(tokenOf(JSON.stringify({ ...PAYLOAD, filler: 'x'.repeat(200_000) })), 'too_large');
});

test('anything but three parts is refused', () => {
  for (const token of [
    '',
    '.',
    '..',
    'a.b',
    `${VALID}.${part('more')}`,
    `${VALID}.`,
    VALID.replace('.', ''),
  ]) {
    assertRefused(token, 'malformed');
  }
});

test('a second spelling of the same bytes is refused, wherever it stands', () => {
  const [header, payload, signature] = VALID.split('.');
  assertRefused(`${VALID}=`, 'malformed');
  assertRefused(`${VALID}\n`, 'malformed');
  assertRefused(` ${VALID}`, 'malformed');
  assertRefused(`${header}=.${payload}.${signature}`, 'malformed');
  assert.match(VALID, /Q$/);
  assertRefused(VALID.replace(/Q$/, 'R'), 'malformed');
  assertRefused(VALID.replace(/Q$/, '+'), 'malformed');
});

test('bytes that are not UTF-8 are refused', () => {
  const bytes = Buffer.from(JSON.stringify({ ...PAYLOAD, sub: 'sales-crewX' }));
  bytes[bytes.indexOf('X')] = 0xff;
  assertRefused(tokenOf(bytes), 'malformed');
});

test('a byte order mark is refused', () => {
  assertRefused(tokenOf(`\uFEFF${JSON.stringify(PAYLOAD)}`), 'malformed');
});

test('JSON that is not an object is refused', () => {
  for (const text of ['null', '[]', '"text"', '1', '', '{', '{}{}', "{'a':1}"]) {
    assertRefused(tokenOf(text), 'malformed');
    assertRefused(tokenOf('{}', text), 'malformed');
  }
});

test('a member that stands there twice is refused, at any depth and however it is spelt', () => {
  for (const text of [
    '{"sub":"sales-crew","sub":"admin"}',
    '{"sub":"sales-crew","\\u0073ub":"admin"}',
    '{"act":{"sub":"a","sub":"b"}}',
    '{"list":[{"a":1,"a":2}]}',
  ]) {
    assertRefused(tokenOf(text), 'malformed');
  }
});

test('a string that looks like members is only a string', () => {
  const payload = { a: '{"sub":"x","sub":"y"}', 'b:"c"': '\\":\\":' };
  assert.deepEqual(decodeToken(tokenOf(JSON.stringify(payload))), {
    ok: true,
    value: { header: HEADER, payload },
  });
});

test('nesting that is meant for the stack is refused', () => {
  assertRefused(tokenOf(`{"a":${'['.repeat(2_500)}${']'.repeat(2_500)}}`), 'malformed');
});

test('__proto__ and constructor stay ordinary members and lend the token nothing', () => {
  const text = '{"__proto__":{"sub":"admin","polluted":true},"constructor":{"prototype":{"polluted":true}}}';
  const read = decodeToken(tokenOf(text));
  assert.ok(read.ok);
  assert.equal(Object.hasOwn(read.value.payload, 'sub'), false);
  assert.equal('polluted' in {}, false);
});

test('every JSON object is read back exactly', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 5 }), (value) => {
      const text = JSON.stringify(value);
      fc.pre(text.length < 4_000 && text.isWellFormed());
      const read = decodeToken(tokenOf(text));
      assert.deepEqual(read.ok && JSON.stringify(read.value.payload), JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 300 },
  );
});

test('no text makes the reader throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (header, payload) => {
      decodeToken(header);
      decodeToken(tokenOf(payload, header));
    }),
  );
});
