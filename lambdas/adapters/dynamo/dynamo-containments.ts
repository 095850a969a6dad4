import type { TransactWriteItem } from '@aws-sdk/client-dynamodb';
import type { ContainmentCommit, Containments, StoredRegister } from '../../app/ports-of-containment.ts';
import { GENESIS } from '../../core/audit/chain.ts';
import type { ChainHead } from '../../core/audit/entry.ts';
import { CONTAINMENT_CHAIN } from '../../core/audit/system-chain.ts';
import type { Containment } from '../../core/containment/containment.ts';
import type { Dynamo } from './dynamo-call.ts';
import { systemWrites, writeWithEntry } from './dynamo-commit.ts';
import { queryAll, readOne, readTogether } from './dynamo-reads.ts';
import * as items from './items.ts';

/** The port `Containments`. */
export const dynamoContainments = (dynamo: Dynamo): Containments => ({
  async read() {
    const keys = [items.CONTAINMENT_KEY, items.chainHeadKey(CONTAINMENT_CHAIN)];
    const [register, head] = await readTogether(dynamo, keys);
    return {
      head: readHead(head),
      stored: { register: items.readContainment(register), body: register?.body?.S },
      containments: await list(dynamo),
    };
  },
  find: async (id) => items.readContainmentRecord(await readOne(dynamo, items.containmentKey(id))),
  list: () => list(dynamo),
  commit: (change) =>
    writeWithEntry(
      dynamo,
      [
        ...systemWrites(dynamo, change.entry),
        putContainment(dynamo, change.containment),
        ...(change.register ? [putRegister(dynamo, change.register)] : []),
      ],
      change.entry,
    ),
});

const readHead = (item: items.Item | undefined): ChainHead =>
  item ? { seq: items.numberOf(item, 'seq'), hash: items.stringOf(item, 'hash') } : GENESIS;

const list = async (dynamo: Dynamo): Promise<readonly Containment[]> => {
  const found: Containment[] = [];
  const query = {
    TableName: dynamo.tables.grants,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :containments',
    ExpressionAttributeValues: { ':containments': items.text(items.CONTAINMENTS) },
  };
  for await (const item of queryAll(dynamo, query)) {
    const containment = items.readContainmentRecord(item);
    if (containment) found.push(containment);
  }
  return found;
};

const putContainment = ({ tables }: Dynamo, containment: Containment): TransactWriteItem => ({
  Put: {
    TableName: tables.grants,
    Item: items.containmentItem(containment),
    ...(containment.version === 1
      ? { ConditionExpression: 'attribute_not_exists(pk)' }
      : {
          ConditionExpression: 'version = :read',
          ExpressionAttributeValues: { ':read': items.number(containment.version - 1) },
        }),
  },
});

/** What somebody wrote by hand moves no head, so it is compared as it is. */
const putRegister = (
  { tables }: Dynamo,
  { was, next }: NonNullable<ContainmentCommit['register']>,
): TransactWriteItem => ({
  Put: { TableName: tables.grants, Item: items.registerItem(next), ...unchanged(was) },
});

const unchanged = ({ body }: StoredRegister) =>
  body === undefined
    ? { ConditionExpression: 'attribute_not_exists(body)' }
    : { ConditionExpression: 'body = :was', ExpressionAttributeValues: { ':was': items.text(body) } };
