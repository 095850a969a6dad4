import {
  GetItemCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb';
import type { Commit, CommitOutcome } from '../../app/ports.ts';
import { DependencyUnavailable } from '../../app/ports.ts';
import { receiptOf } from '../../core/audit/chain.ts';
import type { AuditEntry, ChainHead, Receipt } from '../../core/audit/entry.ts';
import { COMMIT_ATTEMPTS_MAX } from '../../core/limits.ts';
import { systemBackoff } from '../system-clock.ts';
import type { Dynamo } from './dynamo-call.ts';
import { orUnavailable } from './dynamo-call.ts';
import { readSystemHead } from './dynamo-reads.ts';
import * as items from './items.ts';
import { transactionOf } from './transaction.ts';

/** State and trail in one transaction. An answer that got lost is replaced by a look at the trail. */
export const commit = (dynamo: Dynamo, change: Commit): Promise<CommitOutcome> =>
  writeWithEntry(dynamo, transactionOf(dynamo.tables, change), change.entries[0]);

/** Any writes, decided by whether the entry stands that is one of them. */
export const writeWithEntry = async (
  dynamo: Dynamo,
  writes: TransactWriteItem[],
  entry: AuditEntry | undefined,
): Promise<CommitOutcome> => {
  if (!entry) throw new TypeError('nothing is committed without an audit entry');
  try {
    // The token makes the client's own retries harmless: the same content is applied once.
    const ClientRequestToken = entry.hash.slice(0, 36);
    await dynamo.client.send(new TransactWriteItemsCommand({ TransactItems: writes, ClientRequestToken }));
    return 'committed';
  } catch (error) {
    if (isLostRace(error)) return 'lost';
    return resolveUnknown(dynamo, entry, error);
  }
};

const LOST = new Set(['ConditionalCheckFailed', 'TransactionConflict']);

const isLostRace = (error: unknown): boolean =>
  error instanceof TransactionCanceledException &&
  (error.CancellationReasons ?? []).some(({ Code }) => LOST.has(Code ?? ''));

/** Committed exactly if the entry stands with its hash. Not found: whoever asked must behave as if it were not. */
const resolveUnknown = async (dynamo: Dynamo, entry: AuditEntry, error: unknown): Promise<CommitOutcome> => {
  const { Item } = await orUnavailable(
    dynamo.client.send(
      new GetItemCommand({
        TableName: dynamo.tables.audit,
        Key: { chain: items.text(entry.chain), seq: items.number(entry.seq) },
        ConsistentRead: true,
      }),
    ),
  );
  if (Item && items.stringOf(Item, 'hash') === entry.hash) return 'committed';
  throw new DependencyUnavailable('dynamodb', error);
};

/** Appends to a chain that no state owns. Lost races are run again from the new head. */
export const appendSystem = async (
  dynamo: Dynamo,
  chain: string,
  make: (head: ChainHead) => AuditEntry,
): Promise<Receipt> => {
  for (let attempt = 0; attempt < COMMIT_ATTEMPTS_MAX; attempt += 1) {
    const { head } = await readSystemHead(dynamo, chain);
    const entry = make(head);
    if ((await writeWithEntry(dynamo, systemWrites(dynamo, entry), entry)) === 'committed')
      return receiptOf(entry);
    await systemBackoff(attempt);
  }
  throw new DependencyUnavailable('dynamodb', new Error('a system chain is contended'));
};

/** The next entry of a chain that no state owns, under the head that it was made from. */
export const systemWrites = (dynamo: Dynamo, entry: AuditEntry): TransactWriteItem[] => [
  {
    Put: {
      TableName: dynamo.tables.grants,
      Item: {
        ...items.chainHeadKey(entry.chain),
        seq: items.number(entry.seq),
        hash: items.text(entry.hash),
      },
      ConditionExpression: entry.seq === 1 ? 'attribute_not_exists(pk)' : 'seq = :read AND #hash = :prev',
      ...(entry.seq === 1
        ? {}
        : {
            ExpressionAttributeNames: { '#hash': 'hash' },
            ExpressionAttributeValues: {
              ':read': items.number(entry.seq - 1),
              ':prev': items.text(entry.prevHash),
            },
          }),
    },
  },
  {
    Put: {
      TableName: dynamo.tables.audit,
      Item: items.entryItem(entry),
      ConditionExpression: 'attribute_not_exists(chain)',
    },
  },
];
