import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { verifyExport } from '../../../lambdas/core/audit/audit-export.ts';
import { appendEntry, GENESIS, headOf, receiptOf } from '../../../lambdas/core/audit/chain.ts';
import type { AuditEntry } from '../../../lambdas/core/audit/entry.ts';
import { NOW } from '../../support/facts.ts';

const entriesOf = (chain: string, length: number): AuditEntry[] => {
  const entries: AuditEntry[] = [];
  for (let index = 0; index < length; index += 1) {
    const last = entries.at(-1);
    const event = {
      type: 'task.ended' as const,
      task: `${chain} ${index}`,
      cause: 'x',
      actor: { kind: 'system' as const, function: 'test' },
      requestId: 'r',
      invocationId: 'i',
      policyDigest: 'd',
      software: '0',
    };
    entries.push(appendEntry({ chain, head: last ? headOf(last) : GENESIS }, event, NOW + index));
  }
  return entries;
};

const CHAINS = [entriesOf('t_a', 4), entriesOf('g_b', 3), entriesOf('system:x', 1)];
const HEADER = JSON.stringify({
  type: 'latchkey.audit.export',
  version: 1,
  exportedAt: '2026-03-02T10:00:00.000Z',
});
const line = (entry: AuditEntry) => JSON.stringify({ type: 'entry', ...entry });
const headLine = (entries: AuditEntry[]) => {
  const last = entries.at(-1);
  assert.ok(last);
  return JSON.stringify({ type: 'head', ...receiptOf(last) });
};
const EXPORT = [HEADER, ...CHAINS.flatMap((entries) => [...entries.map(line), headLine(entries)])];

test('an untouched export has no flaw, and says what it holds', () => {
  assert.deepEqual(verifyExport(EXPORT, []), { chains: 3, entries: 8, receipts: 0, flaws: [] });
});

test('no line can be removed, repeated, exchanged with its neighbour or changed in one character unnoticed', () => {
  const kinds = fc.constantFrom('remove', 'repeat', 'swap', 'change');
  fc.assert(
    fc.property(fc.nat(EXPORT.length - 2), kinds, fc.nat(), (pick, kind, where) => {
      const index = pick + 1;
      const changed = [...EXPORT];
      const original = changed[index] ?? '';
      if (kind === 'remove') changed.splice(index, 1);
      if (kind === 'repeat') changed.splice(index, 0, original);
      if (kind === 'swap' && !exchange(changed, index)) return;
      if (kind === 'change') changed[index] = flip(original, where);
      assert.notDeepEqual(verifyExport(changed, []).flaws, [], `${kind} ${index}`);
    }),
    { numRuns: 500 },
  );
});

/** Entries of one chain in another order; a head may stand anywhere. */
const exchange = (lines: string[], index: number): boolean => {
  const [a, b] = [lines[index] ?? '', lines[index + 1] ?? ''];
  const chainOf = (text: string): unknown =>
    text.startsWith('{"type":"entry"') ? JSON.parse(text).chain : undefined;
  if (chainOf(a) === undefined || chainOf(a) !== chainOf(b)) return false;
  lines.splice(index, 2, b, a);
  return true;
};

/** One digit or letter inside a value; what stays the same JSON value is no change. */
const flip = (text: string, where: number): string => {
  const places = [...text.matchAll(/[0-9a-f]/g)].map(({ index }) => index);
  const at = places[where % places.length] ?? 0;
  const by = text[at] === '1' ? '2' : '1';
  return text.slice(0, at) + by + text.slice(at + 1);
};

test('a chain that is missing whole is found by a receipt', () => {
  const [first] = CHAINS;
  const last = first?.at(-1);
  assert.ok(last);
  const without = EXPORT.filter((text) => !text.includes('"t_a"'));
  assert.deepEqual(verifyExport(without, []).flaws, []);
  assert.deepEqual(verifyExport(without, [receiptOf(last)]).flaws, [
    { chain: 't_a', seq: 4, flaw: 'ends_before_receipt' },
  ]);
});

test('a chain without a head is not believed to be whole', () => {
  const without = EXPORT.filter((text) => !(text.includes('"head"') && text.includes('"g_b"')));
  assert.deepEqual(verifyExport(without, []).flaws, [{ chain: 'g_b', seq: 3, flaw: 'no_head' }]);
});

test('what is not an export says so', () => {
  for (const lines of [[], ['not json'], EXPORT.slice(1), [HEADER, HEADER], [HEADER, '{"type":"entry"}']])
    assert.notDeepEqual(verifyExport(lines, []).flaws, []);
});

test('nothing can be put into an entry beside what its hash was made of', () => {
  const additions = ['"__proto__":{"cause":"y"}', '"cause":"y"', '"n":1e999', '"n":"\\ud800"', '"n":1'];
  for (const addition of additions)
    for (const [from, to] of [
      ['"event":{', `"event":{${addition},`],
      ['{"type":"entry",', `{${addition},"type":"entry",`],
      ['"actor":{', `"actor":{${addition.replace('cause', 'kind')},`],
    ] as const) {
      const changed = EXPORT.map((text, at) => (at === 1 ? text.replace(from, to) : text));
      assert.notDeepEqual(verifyExport(changed, []).flaws, [], to);
    }
});
