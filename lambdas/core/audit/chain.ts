import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { EpochMs } from '../time.ts';
import type { AuditEntry, ChainHead, Receipt } from './entry.ts';
import type { AuditEvent } from './event.ts';

/** RFC 9162 prefixes leaves with 0x00, so that no leaf can be passed off as an inner node of the checkpoint tree. */
const LEAF_PREFIX = Buffer.from([0]);

export const GENESIS: ChainHead = { seq: 0, hash: '0'.repeat(64) };

/** SHA-256 (hex) over 0x00 and the RFC 8785 form of everything in the entry but its own hash. */
export const entryHash = (entry: Omit<AuditEntry, 'hash'>): string => {
  const { version, chain, seq, at, prevHash, event } = entry;
  const text = canonicalize({ version, chain, seq, at, prevHash, event });
  if (text === undefined) throw new TypeError('an audit entry must be JSON');
  return createHash('sha256').update(LEAF_PREFIX).update(text).digest('hex');
};

/** The next entry of a chain. Pure: the caller commits it together with the state it tells of. */
export const appendEntry = (
  link: { readonly chain: string; readonly head: ChainHead },
  event: AuditEvent,
  at: EpochMs,
): AuditEntry => {
  const unhashed = {
    version: 1 as const,
    chain: link.chain,
    seq: link.head.seq + 1,
    at,
    prevHash: link.head.hash,
    event,
  };
  return { ...unhashed, hash: entryHash(unhashed) };
};

export const headOf = (entry: AuditEntry): ChainHead => ({ seq: entry.seq, hash: entry.hash });

export const receiptOf = (entry: AuditEntry): Receipt => ({ chain: entry.chain, ...headOf(entry) });

/** The form of a receipt on the wire: `chain/seq/hash`. Chain names hold no slash. */
export const formatReceipt = (receipt: Receipt): string => `${receipt.chain}/${receipt.seq}/${receipt.hash}`;

const RECEIPT = /^([^/\s]+)\/([1-9]\d{0,15})\/([0-9a-f]{64})$/;

export const parseReceipt = (text: string): Receipt | undefined => {
  const [, chain, seq, hash] = RECEIPT.exec(text.trim()) ?? [];
  return chain && seq && hash ? { chain, seq: Number(seq), hash } : undefined;
};
