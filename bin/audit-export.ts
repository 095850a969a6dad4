import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { paginateScan } from '@aws-sdk/client-dynamodb';
import {
  numberOf,
  readApproval,
  readEntry,
  readGrant,
  readTask,
  stringOf,
} from '../lambdas/adapters/dynamo/items.ts';
import type { ExportLine } from '../lambdas/core/audit/audit-export.ts';
import type { ChainHead } from '../lambdas/core/audit/entry.ts';

export interface ExportSource {
  readonly client: DynamoDBClient;
  readonly grantsTable: string;
  readonly auditTable: string;
  /** Only these chains; undefined: the whole trail. */
  readonly chains: readonly string[] | undefined;
}

/**
 * The trail as it stood when this began: heads are read first, and entries that were appended after them are left
 * for the next export. A chain without a head is exported as it is, for the verifier to find fault with.
 */
export async function* exportTrail(source: ExportSource, exportedAt: Date): AsyncGenerator<ExportLine> {
  yield { type: 'latchkey.audit.export', version: 1, exportedAt: exportedAt.toISOString() };
  const heads = await readHeads(source);
  for (const [chain, head] of heads) yield { type: 'head', chain, ...head };
  for await (const item of scan(source, source.auditTable)) {
    const entry = readEntry(item);
    const head = heads.get(entry.chain);
    if (isAsked(source, entry.chain) && (!head || entry.seq <= head.seq)) yield { type: 'entry', ...entry };
  }
}

const readHeads = async (source: ExportSource): Promise<Map<string, ChainHead>> => {
  const heads = new Map<string, ChainHead>();
  for await (const item of scan(source, source.grantsTable)) {
    const found = headIn(item);
    if (found && found.head.seq > 0 && isAsked(source, found.chain)) heads.set(found.chain, found.head);
  }
  return heads;
};

/** Heads stand on the states they belong to, and for system chains on items of their own. */
const headIn = (item: Parameters<typeof readEntry>[0]): { chain: string; head: ChainHead } | undefined => {
  const [pk, sk] = [stringOf(item, 'pk'), stringOf(item, 'sk')];
  if (pk.startsWith('CHAIN#'))
    return {
      chain: pk.slice('CHAIN#'.length),
      head: { seq: numberOf(item, 'seq'), hash: stringOf(item, 'hash') },
    };
  if (pk.startsWith('APPROVAL#')) {
    const approval = readApproval(item);
    return approval && { chain: approval.id, head: approval.head };
  }
  if (!pk.startsWith('TASK#')) return undefined;
  // What else a task holds has no chain of its own: runs are told of in their grant's.
  if (sk !== 'TASK' && !sk.startsWith('GRANT#')) return undefined;
  const state = sk === 'TASK' ? readTask(item) : readGrant(item);
  return state && { chain: state.id, head: state.head };
};

const isAsked = ({ chains }: ExportSource, chain: string): boolean => !chains || chains.includes(chain);

async function* scan({ client }: ExportSource, table: string) {
  for await (const page of paginateScan({ client }, { TableName: table, ConsistentRead: true }))
    yield* page.Items ?? [];
}
