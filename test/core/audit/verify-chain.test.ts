import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  appendEntry,
  formatReceipt,
  GENESIS,
  headOf,
  parseReceipt,
  receiptOf,
} from '../../../lambdas/core/audit/chain.ts';
import type { AuditEntry } from '../../../lambdas/core/audit/entry.ts';
import type { AuditEvent } from '../../../lambdas/core/audit/event.ts';
import { verifyChain } from '../../../lambdas/core/audit/verify-chain.ts';
import { NOW } from '../../support/facts.ts';

const event = (task: string): AuditEvent => ({
  type: 'task.ended',
  task,
  cause: 'ended_by_principal',
  actor: { kind: 'system', function: 'test' },
  requestId: 'r',
  invocationId: 'i',
  policyDigest: 'd',
  software: '0',
});

const chainOf = (length: number, chain = 't_1'): AuditEntry[] => {
  const entries: AuditEntry[] = [];
  for (let index = 0; index < length; index += 1) {
    const last = entries.at(-1);
    const head = last ? headOf(last) : GENESIS;
    entries.push(appendEntry({ chain, head }, event(`task ${index}`), NOW + index));
  }
  return entries;
};

const flawsOf = (entries: AuditEntry[], whole = entries) => {
  const last = whole.at(-1);
  return verifyChain('t_1', entries, { head: last && headOf(last), receipts: [] });
};

test('an untouched chain of any length has no flaw', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 30 }), (length) => {
      assert.deepEqual(flawsOf(chainOf(length)), []);
    }),
  );
});

test('whatever single thing is done to a chain, it is found', () => {
  const tampering = fc.oneof(
    fc.constant('delete' as const),
    fc.constant('duplicate' as const),
    fc.constant('swap' as const),
    fc.constant('event' as const),
    fc.constant('at' as const),
    fc.constant('cut' as const),
    fc.constant('rehash' as const),
  );
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 12 }), fc.nat(), tampering, (length, pick, kind) => {
      const whole = chainOf(length);
      const changed = tamper(whole, pick % length, kind);
      assert.notDeepEqual(flawsOf(changed, whole), [], kind);
    }),
  );
});

const tamper = (whole: AuditEntry[], index: number, kind: string): AuditEntry[] => {
  const entry = whole[index];
  assert.ok(entry);
  const replaced = (by: AuditEntry) => whole.with(index, by);
  switch (kind) {
    case 'delete':
      return whole.toSpliced(index, 1);
    case 'duplicate':
      return whole.toSpliced(index, 0, entry);
    case 'swap': {
      const other = (index + 1) % whole.length;
      return replaced(whole[other] ?? entry).with(other, entry);
    }
    case 'event':
      return replaced({ ...entry, event: event('another') });
    case 'at':
      return replaced({ ...entry, at: entry.at + 1 });
    case 'cut':
      return whole.slice(0, index);
    default:
      // Somebody who knows the algorithm computes the hash anew: the next link or the head gives it away.
      return replaced(
        appendEntry(
          { chain: 't_1', head: { seq: entry.seq - 1, hash: entry.prevHash } },
          event('forged'),
          entry.at,
        ),
      );
  }
};

test('a chain rewritten from its start does not fit a receipt that was given out', () => {
  const [, second] = chainOf(3);
  assert.ok(second);
  const rewritten = chainOf(3).map((_, index) => index);
  const forged: AuditEntry[] = [];
  for (const index of rewritten) {
    const last = forged.at(-1);
    forged.push(
      appendEntry(
        { chain: 't_1', head: last ? headOf(last) : GENESIS },
        event(`forged ${index}`),
        NOW + index,
      ),
    );
  }
  const flaws = verifyChain('t_1', forged, { head: undefined, receipts: [receiptOf(second)] });
  assert.deepEqual(
    flaws.map(({ flaw }) => flaw),
    ['differs_from_receipt'],
  );
});

test('a chain that ends before a receipt is found without its head', () => {
  const whole = chainOf(3);
  const [, , third] = whole;
  assert.ok(third);
  const flaws = verifyChain('t_1', whole.slice(0, 2), { head: undefined, receipts: [receiptOf(third)] });
  assert.deepEqual(flaws, [{ chain: 't_1', seq: 3, flaw: 'ends_before_receipt' }]);
});

test('an entry after the head is a forgery, not progress', () => {
  const whole = chainOf(3);
  const [, second] = whole;
  assert.ok(second);
  assert.deepEqual(verifyChain('t_1', whole, { head: headOf(second), receipts: [] }), [
    { chain: 't_1', seq: 3, flaw: 'differs_from_head' },
  ]);
});

test('an entry of another chain does not pass in this one', () => {
  const flaws = verifyChain('t_1', chainOf(1, 't_2'), { head: undefined, receipts: [] });
  assert.deepEqual(
    flaws.map(({ flaw }) => flaw),
    ['foreign_entry'],
  );
});

test('a clock that goes back by more than functions differ is told', () => {
  const [first] = chainOf(1);
  assert.ok(first);
  const early = appendEntry({ chain: 't_1', head: headOf(first) }, event('early'), NOW - 60_000);
  assert.deepEqual(
    flawsOf([first, early]).map(({ flaw }) => flaw),
    ['clock_went_back'],
  );
});

test('a receipt reads back as it was given, and nothing else reads as one', () => {
  const [first] = chainOf(1);
  assert.ok(first);
  const receipt = receiptOf(first);
  assert.deepEqual(parseReceipt(formatReceipt(receipt)), receipt);
  for (const text of ['', 'a/b', `t_1/0/${'a'.repeat(64)}`, 't_1/1/short', `a b/1/${'a'.repeat(64)}`])
    assert.equal(parseReceipt(text), undefined, text);
});
