import {
  type AttributeValue,
  ConditionalCheckFailedException,
  DynamoDBClient,
  PutItemCommand,
} from '@aws-sdk/client-dynamodb';
import { DependencyUnavailable } from '../../app/ports.ts';
import { AWS_CLIENT_SETTINGS } from '../aws-client-settings.ts';
import type { Tables } from './transaction.ts';

export interface Dynamo {
  readonly client: DynamoDBClient;
  readonly tables: Tables;
}

export const connectDynamo = (tables: Tables): Dynamo => ({
  client: new DynamoDBClient(AWS_CLIENT_SETTINGS),
  tables,
});

/** Whatever a call to the table throws means that the table is away: nothing is decided without it. */
export const orUnavailable = async <T>(call: Promise<T>): Promise<T> => {
  try {
    return await call;
  } catch (error) {
    throw new DependencyUnavailable('dynamodb', error);
  }
};

/** Whether it was the first under its key: an item that is there already stands. */
export const putOnce = async (
  { client, tables }: Dynamo,
  item: Readonly<Record<string, AttributeValue>>,
): Promise<boolean> => {
  const put = new PutItemCommand({
    TableName: tables.grants,
    Item: item,
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  try {
    await client.send(put);
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw new DependencyUnavailable('dynamodb', error);
  }
};
