import {
  BatchGetItemCommand,
  type BatchGetItemCommandOutput,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import type { DueItem, Page } from '../../app/ports.ts';
import { DependencyUnavailable } from '../../app/ports.ts';
import { GENESIS } from '../../core/audit/chain.ts';
import type { AuditEntry, ChainHead } from '../../core/audit/entry.ts';
import { BATCH_READ_ROUNDS_MAX, LIST_PAGE_MAX_ITEMS } from '../../core/limits.ts';
import type { EpochMs } from '../../core/time.ts';
import type { Dynamo } from './dynamo-call.ts';
import { orUnavailable } from './dynamo-call.ts';
import type { Item } from './items.ts';
import * as items from './items.ts';

/** Several items of the grants table in one consistent read, in the order asked for. */
export const readTogether = async (dynamo: Dynamo, keys: readonly Item[]): Promise<(Item | undefined)[]> => {
  const found = new Map<string, Item>();
  let pending: Item[] | undefined = [...keys];
  for (let round = 0; pending?.length && round < BATCH_READ_ROUNDS_MAX; round += 1) {
    const table = dynamo.tables.grants;
    const answer: BatchGetItemCommandOutput = await orUnavailable(
      dynamo.client.send(
        new BatchGetItemCommand({ RequestItems: { [table]: { Keys: pending, ConsistentRead: true } } }),
      ),
    );
    for (const item of answer.Responses?.[table] ?? []) found.set(nameOf(item), item);
    pending = answer.UnprocessedKeys?.[table]?.Keys;
  }
  // A key that was left out is not a key that does not exist.
  if (pending?.length) throw new DependencyUnavailable('dynamodb', new Error('keys were left unread'));
  return keys.map((key) => found.get(nameOf(key)));
};

const nameOf = (item: Item): string => JSON.stringify([item.pk?.S, item.sk?.S]);

export const readOne = async (dynamo: Dynamo, key: Item): Promise<Item | undefined> => {
  const command = new GetItemCommand({ TableName: dynamo.tables.grants, Key: key, ConsistentRead: true });
  return (await orUnavailable(dynamo.client.send(command))).Item;
};

/** Every page of a query, one item after the other. */
export async function* queryAll(dynamo: Dynamo, input: QueryCommandInput): AsyncGenerator<Item> {
  let from: Item | undefined;
  do {
    const page = await orUnavailable(
      dynamo.client.send(new QueryCommand({ ...input, ...(from ? { ExclusiveStartKey: from } : {}) })),
    );
    yield* page.Items ?? [];
    from = page.LastEvaluatedKey;
  } while (from);
}

/** The grants of a task: what is in its partition, read consistently, after the tombstone stands. */
export const grantsOfTask = async (dynamo: Dynamo, taskId: string): Promise<string[]> => {
  const ids: string[] = [];
  const query = {
    TableName: dynamo.tables.grants,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :task AND begins_with(sk, :grant)',
    ProjectionExpression: 'sk',
    ExpressionAttributeValues: { ':task': items.text(`TASK#${taskId}`), ':grant': items.text('GRANT#') },
  };
  for await (const item of queryAll(dynamo, query))
    ids.push(items.stringOf(item, 'sk').slice('GRANT#'.length));
  return ids;
};

/** One page of the caller's own things, newest first. The cursor names the last item; its partition is never taken from it. */
export const listMine = async <T extends { id: string; createdAt: EpochMs }>(
  dynamo: Dynamo,
  ask: { readonly mine: string; readonly cursor: string | undefined; readonly keyOf: (id: string) => Item },
  read: (item: Item) => T | undefined,
): Promise<Page<T>> => {
  const [createdAt, id] = ask.cursor?.split('.') ?? [];
  const start =
    createdAt && id
      ? { ExclusiveStartKey: { ...ask.keyOf(id), mine: items.text(ask.mine), createdAt: { N: createdAt } } }
      : {};
  const page = await orUnavailable(
    dynamo.client.send(
      new QueryCommand({
        TableName: dynamo.tables.grants,
        IndexName: 'mine',
        KeyConditionExpression: 'mine = :mine',
        ExpressionAttributeValues: { ':mine': items.text(ask.mine) },
        ScanIndexForward: false,
        Limit: LIST_PAGE_MAX_ITEMS,
        ...start,
      }),
    ),
  );
  const things = (page.Items ?? []).map(read).filter((thing) => thing !== undefined);
  const last = things.at(-1);
  return { items: things, next: page.LastEvaluatedKey && last ? `${last.createdAt}.${last.id}` : undefined };
};

/** Everything in one partition of the index `mine`, oldest first. */
export const listAll = async <T>(
  dynamo: Dynamo,
  mine: string,
  read: (item: Item) => T | undefined,
): Promise<T[]> => {
  const found: T[] = [];
  const query = {
    TableName: dynamo.tables.grants,
    IndexName: 'mine',
    KeyConditionExpression: 'mine = :mine',
    ExpressionAttributeValues: { ':mine': items.text(mine) },
  };
  for await (const item of queryAll(dynamo, query)) {
    const thing = read(item);
    if (thing !== undefined) found.push(thing);
  }
  return found;
};

/** What the sparse index says is due. It lags, so whoever acts reads the thing itself first. */
export const readDue = async (
  dynamo: Dynamo,
  kinds: Parameters<typeof items.dueShards>[0],
  until: EpochMs,
): Promise<DueItem[]> => {
  const shards = items.dueShards(kinds).map((shard) => readDueShard(dynamo, shard, until));
  return (await Promise.all(shards)).flat();
};

const readDueShard = async (dynamo: Dynamo, shard: string, until: EpochMs): Promise<DueItem[]> => {
  const due: DueItem[] = [];
  const query = {
    TableName: dynamo.tables.grants,
    IndexName: 'due',
    KeyConditionExpression: 'due = :shard AND dueAt <= :until',
    ExpressionAttributeValues: { ':shard': items.text(shard), ':until': items.number(until) },
  };
  for await (const item of queryAll(dynamo, query)) {
    const sk = items.stringOf(item, 'sk');
    due.push(dueItem(sk, items.stringOf(item, 'pk')));
  }
  return due;
};

const dueItem = (sk: string, pk: string): DueItem => {
  if (sk === 'TASK') return { kind: 'task', id: pk.slice('TASK#'.length) };
  if (sk === 'APPROVAL') return { kind: 'approval', id: pk.slice('APPROVAL#'.length) };
  if (sk === 'REVOCATION') return { kind: 'revocation', id: pk.slice('REVOKED#'.length) };
  return sk.startsWith('RUN#')
    ? { kind: 'run', id: sk.slice('RUN#'.length) }
    : { kind: 'grant', id: sk.slice('GRANT#'.length) };
};

export const readSystemHead = async (
  dynamo: Dynamo,
  chain: string,
): Promise<{ head: ChainHead; entry: AuditEntry | undefined }> => {
  const item = await readOne(dynamo, items.chainHeadKey(chain));
  if (!item) return { head: GENESIS, entry: undefined };
  const head = { seq: items.numberOf(item, 'seq'), hash: items.stringOf(item, 'hash') };
  return { head, entry: await readEntryAt(dynamo, chain, head.seq) };
};

const readEntryAt = async (dynamo: Dynamo, chain: string, seq: number): Promise<AuditEntry | undefined> => {
  const command = new GetItemCommand({
    TableName: dynamo.tables.audit,
    Key: { chain: items.text(chain), seq: items.number(seq) },
    ConsistentRead: true,
  });
  const { Item } = await orUnavailable(dynamo.client.send(command));
  return Item && items.readEntry(Item);
};

export async function* readChain(dynamo: Dynamo, chain: string): AsyncGenerator<AuditEntry> {
  const query = {
    TableName: dynamo.tables.audit,
    ConsistentRead: true,
    KeyConditionExpression: '#chain = :chain',
    ExpressionAttributeNames: { '#chain': 'chain' },
    ExpressionAttributeValues: { ':chain': items.text(chain) },
  };
  for await (const item of queryAll(dynamo, query)) yield items.readEntry(item);
}
