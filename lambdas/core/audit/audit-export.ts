import canonicalize from 'canonicalize';
import * as z from 'zod';
import { hasEachMemberOnce, isJsonObject, own } from '../identity/decode-token.ts';
import type { AuditEntry, ChainHead, Receipt } from './entry.ts';
import type { ChainFlaw } from './verify-chain.ts';
import { verifyChain } from './verify-chain.ts';

/**
 * The exported trail: JSON Lines, one header, then entries and heads in any order of chains. It holds everything
 * a verifier needs, so that checking takes no access to AWS.
 */
export type ExportLine =
  | { readonly type: 'latchkey.audit.export'; readonly version: 1; readonly exportedAt: string }
  | ({ readonly type: 'entry' } & AuditEntry)
  | ({ readonly type: 'head' } & Receipt);

const Hash = z.string().regex(/^[0-9a-f]{64}$/);
const Seq = z.int().min(1);

const Line = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('latchkey.audit.export'), version: z.literal(1), exportedAt: z.string() }),
  z.strictObject({
    type: z.literal('entry'),
    version: z.literal(1),
    chain: z.string(),
    seq: Seq,
    at: z.number(),
    prevHash: Hash,
    hash: Hash,
    event: z.looseObject({ type: z.string() }),
  }),
  z.strictObject({ type: z.literal('head'), chain: z.string(), seq: Seq, hash: Hash }),
]);

/** What is wrong with an export as a file or as a set of chains. `line` counts from 1; 0 where no line is to blame. */
export type ExportFlaw =
  | ChainFlaw
  | { readonly chain: string; readonly seq: number; readonly flaw: 'no_head' | 'no_entries' }
  | { readonly line: number; readonly flaw: 'unreadable' | 'no_header' | 'two_heads' };

export interface ExportReport {
  readonly chains: number;
  readonly entries: number;
  readonly receipts: number;
  readonly flaws: readonly ExportFlaw[];
}

interface Gathered {
  readonly entries: Map<string, AuditEntry[]>;
  readonly heads: Map<string, ChainHead>;
  readonly flaws: ExportFlaw[];
}

/**
 * Checks every chain of an export against its head and against every receipt. Nothing is taken as good because it
 * is absent: a chain without a head could have lost its tail, and a head without entries has lost everything.
 */
export const verifyExport = (lines: Iterable<string>, receipts: readonly Receipt[]): ExportReport => {
  const { entries, heads, flaws } = gather(lines);
  const chains = new Set([...entries.keys(), ...heads.keys(), ...receipts.map(({ chain }) => chain)]);
  let count = 0;
  for (const chain of chains) {
    const own = entries.get(chain) ?? [];
    const head = heads.get(chain);
    count += own.length;
    if (!head && own.length > 0) flaws.push({ chain, seq: own.length, flaw: 'no_head' });
    if (head && own.length === 0) flaws.push({ chain, seq: head.seq, flaw: 'no_entries' });
    const claims = { head, receipts: receipts.filter((receipt) => receipt.chain === chain) };
    flaws.push(...verifyChain(chain, own, claims));
  }
  return { chains: chains.size, entries: count, receipts: receipts.length, flaws };
};

const gather = (lines: Iterable<string>): Gathered => {
  const gathered: Gathered = { entries: new Map(), heads: new Map(), flaws: [] };
  let number = 0;
  for (const line of lines) {
    number += 1;
    const read = readLine(line);
    if (!read) gathered.flaws.push({ line: number, flaw: 'unreadable' });
    else if ((read.type === 'latchkey.audit.export') !== (number === 1))
      gathered.flaws.push({ line: number, flaw: 'no_header' });
    else keep(gathered, read, number);
  }
  if (number === 0) gathered.flaws.push({ line: 0, flaw: 'no_header' });
  return gathered;
};

/**
 * A line has one meaning: no member twice, of which others may take the first and we take the last, and nothing that
 * RFC 8785 has no form for. The event is taken as it was parsed, because zod leaves out a member named `__proto__`, and
 * what is left out is in no hash.
 */
const readLine = (line: string): ExportLine | undefined => {
  try {
    const parsed: unknown = JSON.parse(line);
    if (!isJsonObject(parsed) || !hasEachMemberOnce(line, parsed) || !canonicalize(parsed)) return undefined;
    const read = Line.safeParse(parsed);
    if (!read.success) return undefined;
    // The event was any object when its hash was made, so its own form is not judged again here.
    const whole = read.data.type === 'entry' ? { ...read.data, event: own(parsed, 'event') } : read.data;
    return whole as ExportLine;
  } catch {
    return undefined;
  }
};

const keep = (gathered: Gathered, line: ExportLine, number: number): void => {
  if (line.type === 'entry') {
    const { type: _, ...entry } = line;
    const own = gathered.entries.get(entry.chain) ?? [];
    own.push(entry);
    gathered.entries.set(entry.chain, own);
  } else if (line.type === 'head') {
    if (gathered.heads.has(line.chain)) gathered.flaws.push({ line: number, flaw: 'two_heads' });
    gathered.heads.set(line.chain, { seq: line.seq, hash: line.hash });
  }
};
