import assert from 'node:assert/strict';
import { test } from 'node:test';
import { maskRows } from '../../../lambdas/core/masking/mask-rows.ts';
import type { ColumnPlan } from '../../../lambdas/core/masking/plan-masks.ts';

const PASS: ColumnPlan = { kind: 'pass' };
const CARD = '4111111111111111';
const token = () => 'ab'.repeat(32);

const mask = (
  value: string | null,
  change: { plan?: ColumnPlan; typeOid?: number; unmasked?: readonly string[]; name?: string } = {},
) => {
  const fields = [{ name: change.name ?? 'x', tableOid: 0, columnNumber: 0, typeOid: change.typeOid ?? 25 }];
  const answer = { plans: [change.plan ?? PASS], fields, rows: [[value]] };
  const { labels, rows, masked } = maskRows(answer, { token, unmasked: new Set(change.unmasked) });
  return { value: rows[0]?.[0], label: labels[0], masked };
};

test('a column is hidden by its plan, and counted by its category', () => {
  const salary: ColumnPlan = { kind: 'sensitive', category: 'salary', form: { kind: 'token' } };
  assert.deepEqual(mask('100', { plan: salary }), {
    ...{ value: `[masked:salary tk_${'ab'.repeat(10)}]`, label: 'x', masked: { salary: 1 } },
  });
  assert.equal(mask('1', { plan: { kind: 'undecided' }, typeOid: 23 }).value, '[masked:undecided]');
});

test('NULL stays NULL, also where a column is hidden', () => {
  assert.equal(mask(null, { plan: { kind: 'undecided' } }).value, null);
  assert.deepEqual(mask(null).masked, {});
});

test('a column without a plan is hidden', () => {
  const fields = [{ name: 'x', tableOid: 0, columnNumber: 0, typeOid: 25 }];
  const { rows } = maskRows({ plans: [], fields, rows: [['a', 'b']] }, { token, unmasked: new Set() });
  assert.deepEqual(rows, [['[masked:undecided]', '[masked:undecided]']]);
});

test('what passes still meets the detectors, and so does its label', () => {
  assert.deepEqual(mask(`pay ${CARD}`), { value: 'pay [masked:card]', label: 'x', masked: { card: 1 } });
  assert.equal(mask('1', { name: 'a@example.com' }).label, '[masked:email]');
  assert.equal(mask(`pay ${CARD}`, { unmasked: ['card'] }).value, `pay ${CARD}`);
});

test('bytes are read as text, and hidden whole', () => {
  for (const encoding of ['utf8', 'utf16le'] as const) {
    const cell = `\\x${Buffer.from(`mail a@example.com`, encoding).toString('hex')}`;
    assert.equal(mask(cell, { typeOid: 17 }).value, '[masked:email]', encoding);
  }
  assert.equal(mask('a\\100example.com', { typeOid: 17 }).value, '[masked:email]');
  assert.equal(mask('\\x00ff10', { typeOid: 17 }).value, '\\x00ff10');
});

test('numbers and times are left, but for a card in a number', () => {
  assert.equal(mask(CARD, { typeOid: 20 }).value, '[masked:card]');
  assert.equal(mask(`${CARD}.00`, { typeOid: 1700 }).value, '[masked:card]');
  assert.equal(mask('4111111111111112', { typeOid: 20 }).value, '4111111111111112');
  for (const [typeOid, value] of [
    [23, '123456789'],
    [1082, '2024-01-01'],
    [1184, '2024-01-01 10:00:00+00'],
    [2950, '41111111-1111-1111-1111-111111111111'],
  ] as const)
    assert.equal(mask(value, { typeOid }).value, value);
});
