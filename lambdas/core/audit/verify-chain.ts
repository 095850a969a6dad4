import { AUDIT_CLOCK_TOLERANCE_MS } from '../limits.ts';
import { entryHash, GENESIS } from './chain.ts';
import type { AuditEntry, ChainHead, Receipt } from './entry.ts';

/** What is wrong with a chain, at which entry. An intact chain has no flaw. */
export interface ChainFlaw {
  readonly chain: string;
  readonly seq: number;
  readonly flaw:
    | 'changed'
    | 'gap'
    | 'fork'
    | 'broken_link'
    | 'clock_went_back'
    | 'foreign_entry'
    | 'ends_before_head'
    | 'differs_from_head'
    | 'ends_before_receipt'
    | 'differs_from_receipt';
}

/**
 * Checks one chain, given in stored order. Finds a change, deletion, insertion or exchange of entries by
 * itself; a cut tail only against its head or a receipt, so the caller passes every one it has.
 */
export const verifyChain = (
  chain: string,
  entries: readonly AuditEntry[],
  claims: { readonly head: ChainHead | undefined; readonly receipts: readonly Receipt[] },
): readonly ChainFlaw[] => {
  const flaws: ChainFlaw[] = [];
  const note = (seq: number, flaw: ChainFlaw['flaw']) => flaws.push({ chain, seq, flaw });
  let prev: { seq: number; hash: string; at: number } = { ...GENESIS, at: 0 };
  for (const entry of entries) {
    for (const flaw of flawsOfEntry(chain, entry, prev)) note(entry.seq, flaw);
    prev = { seq: entry.seq, hash: entry.hash, at: entry.at };
  }
  const claimed = [
    ...(claims.head ? [{ claim: claims.head, kind: 'head' as const }] : []),
    ...claims.receipts.map((claim) => ({ claim, kind: 'receipt' as const })),
  ];
  for (const { claim, kind } of claimed) {
    const flaw = flawAgainst(entries, claim);
    if (flaw) note(claim.seq, `${flaw}_${kind}`);
  }
  if (claims.head && prev.seq > claims.head.seq) note(prev.seq, 'differs_from_head');
  return flaws;
};

const flawsOfEntry = (
  chain: string,
  entry: AuditEntry,
  prev: { seq: number; hash: string; at: number },
): ChainFlaw['flaw'][] => [
  ...(entry.chain === chain ? [] : (['foreign_entry'] as const)),
  ...(entryHash(entry) === entry.hash ? [] : (['changed'] as const)),
  ...orderFlaw(entry.seq, prev.seq),
  ...(entry.prevHash === prev.hash ? [] : (['broken_link'] as const)),
  ...(entry.at >= prev.at - AUDIT_CLOCK_TOLERANCE_MS ? [] : (['clock_went_back'] as const)),
];

const orderFlaw = (seq: number, prevSeq: number): ChainFlaw['flaw'][] => {
  if (seq === prevSeq + 1) return [];
  return seq > prevSeq ? ['gap'] : ['fork'];
};

const flawAgainst = (
  entries: readonly AuditEntry[],
  claim: ChainHead,
): 'ends_before' | 'differs_from' | undefined => {
  if (claim.seq === 0) return undefined;
  const entry = entries.find(({ seq }) => seq === claim.seq);
  if (!entry) return 'ends_before';
  return entry.hash === claim.hash ? undefined : 'differs_from';
};
