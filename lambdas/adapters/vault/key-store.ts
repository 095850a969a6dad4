import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DependencyUnavailable } from '../../app/ports.ts';
import type { Item } from '../dynamo/items.ts';
import { itemOfKey, type KeyItem, keyOfTask, readKeyItem } from './key-item.ts';

/** Keys of tasks, in a table that has no backups: once an item is replaced or deleted, its key is nowhere. */
export interface KeyStore {
  /** Consistent. Undefined: the task never had a key, or DynamoDB has deleted it after its time. */
  read(task: string): Promise<KeyItem | undefined>;
  /** False when the task has an item already. */
  create(task: string, item: KeyItem): Promise<boolean>;
  /** False when the item is no longer in the state that was read, so that nobody overrules a hold he has not seen. */
  replace(task: string, from: KeyItem, to: KeyItem): Promise<boolean>;
}

/** Every failure but a lost race is `DependencyUnavailable`. */
export const keyStore = (client: DynamoDBClient, table: string): KeyStore => {
  const put = async (Item: Item, condition: string): Promise<boolean> => {
    try {
      await client.send(new PutItemCommand({ TableName: table, Item, ConditionExpression: condition }));
      return true;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return false;
      throw new DependencyUnavailable('vault', error);
    }
  };
  return {
    async read(task) {
      const command = new GetItemCommand({ TableName: table, Key: keyOfTask(task), ConsistentRead: true });
      const { Item } = await client.send(command).catch((error: unknown) => {
        throw new DependencyUnavailable('vault', error);
      });
      return Item && readKeyItem(Item);
    },
    create: (task, item) => put(itemOfKey(task, item), 'attribute_not_exists(task)'),
    replace: (task, from, to) => put(itemOfKey(task, to), STILL[from.state]),
  };
};

/** A task has one key in its life, so its state says everything. */
const STILL: Readonly<Record<KeyItem['state'], string>> = {
  kept: 'attribute_exists(purgeAt)',
  held: 'attribute_exists(held)',
  erased: 'attribute_exists(erasedAt)',
};
