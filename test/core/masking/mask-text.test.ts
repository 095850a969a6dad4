import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { holdsMaskMarker } from '../../../lambdas/core/masking/mask-marker.ts';
import { maskText } from '../../../lambdas/core/masking/mask-text.ts';
import { maskValue } from '../../../lambdas/core/masking/mask-value.ts';

const NONE: ReadonlySet<string> = new Set();
const CARD = '4111111111111111';
const token = (text: string) => Buffer.from(text).toString('hex').padEnd(64, '0');

test('errors, plans and labels are masked where something is found, and else unchanged', () => {
  const error = 'invalid input syntax for type integer: "a@example.com"';
  assert.equal(maskText(error, NONE).text, 'invalid input syntax for type integer: "[masked:email]"');
  assert.equal(
    maskText(`  Filter: (card = '${CARD}'::text)`, NONE).text,
    "  Filter: (card = '[masked:card]'::text)",
  );
  assert.deepEqual(maskText('division by zero', NONE), { text: 'division by zero', categories: [] });
});

test('arrays and rows in text form are masked inside', () => {
  assert.equal(maskText(`{${CARD},"a@example.com",x}`, NONE).text, '{[masked:card],"[masked:email]",x}');
  assert.equal(maskText(`(1,"${CARD}",x)`, NONE).text, '(1,"[masked:card]",x)');
});

test('a key says what its number is', () => {
  assert.equal(maskText('{"ssn": 123456789}', NONE).text, '{"ssn": "[masked:ssn]"}');
  assert.equal(maskText('{"password":"hunter22"}', NONE).text, '{"password":"[masked:key]"}');
  assert.equal(maskText('{"n": 123456789}', NONE).text, '{"n": 123456789}');
});

const secrets = fc.constantFrom(CARD, 'a@example.com', 'DE89370400440532013000', '10.0.0.1');
const document = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    fc.tuple(fc.string(), secrets, fc.string()).map(([a, secret, b]) => `${a} ${secret} ${b}`),
    fc.constant(Number(CARD)),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.oneof(fc.string(), secrets), tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

test('JSON stays JSON, and holds no card or address any more, keys included', () => {
  fc.assert(
    fc.property(document, fc.boolean(), (value, isSpaced) => {
      const masked = maskText(JSON.stringify({ value }, null, isSpaced ? 2 : 0), NONE).text;
      assert.ok(JSON.parse(masked));
      assert.doesNotMatch(masked, /4111111111111111|a@example\.com/);
    }),
    { numRuns: 500 },
  );
});

test('JSON is not written anew: spaces, order, doubled keys and long numbers stay', () => {
  const json = '{ "b":1.10, "a": [12345678901234567890 , "a@example.com"], "b": 2 }';
  const masked = '{ "b":1.10, "a": [12345678901234567890 , "[masked:email]"], "b": 2 }';
  assert.equal(maskText(json, NONE).text, masked);
});

test('each form hides a value in its way', () => {
  const mask = (form: Parameters<typeof maskValue>[1]['form'], value = CARD) =>
    maskValue(value, { category: 'card', form }, token);
  assert.equal(mask({ kind: 'redact' }), '[masked:card]');
  assert.equal(mask({ kind: 'keep_last', count: 4 }), '[masked:card …1111]');
  assert.equal(mask({ kind: 'keep_last', count: 4 }, '12345678'), '[masked:card]');
  assert.equal(mask({ kind: 'keep_last', count: 0 }), '[masked:card]');
  assert.match(mask({ kind: 'token' }), /^\[masked:card tk_[0-9a-f]{20}\]$/);
  assert.equal(mask({ kind: 'token' }), mask({ kind: 'token' }));
  assert.notEqual(mask({ kind: 'token' }), mask({ kind: 'token' }, '5500005555555559'));
});

test('a mask is known again however it was bent, and other text is not taken for one', () => {
  for (const text of [
    '[masked:card]',
    'x [MASKED:email …com] y',
    '[ masked : card ]',
    '［ｍａｓｋｅｄ：card］',
    '[mas\u200bked:x',
  ])
    assert.ok(holdsMaskMarker(text), text);
  for (const text of ['masked', '[mask]', 'the masked: ball', '']) assert.ok(!holdsMaskMarker(text), text);
});
