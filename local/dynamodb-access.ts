import { isJsonObject, type JsonObject } from './aws-json.ts';
import type { AccessRequest } from './iam.ts';

/** Where a table stands and what its keys are called. */
export interface KeyedTable {
  readonly arn: string;
  readonly hashKey: string;
  /** Hash keys of the indexes, by name. */
  readonly indexes: Readonly<Record<string, string>>;
}

type TableOf = (name: string) => KeyedTable | undefined;

/** What DynamoDB asks of IAM for one call: one question for each item of a transaction, and for each table of a batch. */
export const dynamoAccess = (operation: string, input: JsonObject, tableOf: TableOf): AccessRequest[] => {
  const { TransactItems, RequestItems } = input;
  if (operation === 'TransactWriteItems')
    return [TransactItems]
      .flat()
      .flatMap((item) =>
        Object.entries(objectOr(item)).map(([kind, body]) =>
          question(`${kind}Item`, objectOr(body), tableOf),
        ),
      );
  if (operation === 'BatchGetItem')
    return Object.entries(objectOr(RequestItems)).map(([TableName, wanted]) =>
      question(operation, { ...objectOr(wanted), TableName }, tableOf),
    );
  if (input.TableName === undefined) return [{ action: `dynamodb:${operation}`, resource: '*' }];
  return [question(operation, input, tableOf)];
};

const question = (action: string, body: JsonObject, tableOf: TableOf): AccessRequest => {
  const { TableName, IndexName: index, Item, Key, Keys } = body;
  const table = tableOf(String(TableName));
  const hashKey = (index === undefined ? table?.hashKey : table?.indexes[String(index)]) ?? '';
  const items = [Item, Key, Keys].flat().filter(isJsonObject);
  const leading = [...items.map((item) => item[hashKey]), queriedKey(body, hashKey)].flatMap(scalarIn);
  const attributes = attributesOf(body, items);
  return {
    action: `dynamodb:${action}`,
    resource: `${table?.arn ?? TableName}${index === undefined ? '' : `/index/${index}`}`,
    context: {
      ...(leading.length > 0 ? { 'dynamodb:LeadingKeys': leading } : {}),
      ...(attributes.length > 0 ? { 'dynamodb:Attributes': attributes } : {}),
    },
  };
};

const objectOr = (value: unknown): JsonObject => (isJsonObject(value) ? value : {});

const scalarIn = (value: unknown): string[] => {
  const [scalar] = isJsonObject(value) ? Object.values(value) : [];
  return typeof scalar === 'string' ? [scalar] : [];
};

/** The value that a query compares the partition key with. */
const queriedKey = (body: JsonObject, hashKey: string): unknown => {
  const { KeyConditionExpression: condition, ExpressionAttributeValues: values } = body;
  for (const [, name = '', placeholder = ''] of String(condition).matchAll(/(#?\w+)\s*=\s*(:\w+)/g))
    if (nameIn(body, name) === hashKey) return objectOr(values)[placeholder];
  return undefined;
};

const nameIn = ({ ExpressionAttributeNames: names }: JsonObject, name: string): string =>
  name.startsWith('#') ? String(objectOr(names)[name]) : name;

const EXPRESSIONS = ['ConditionExpression', 'UpdateExpression', 'ProjectionExpression', 'FilterExpression'];
const WORDS =
  /^(and|or|not|in|between|set|remove|add|delete|attribute_exists|attribute_not_exists|attribute_type|begins_with|contains|size|if_not_exists|list_append)$/i;

const attributesOf = (body: JsonObject, items: readonly JsonObject[]): string[] => {
  const mentioned = EXPRESSIONS.flatMap(
    (name) => String(body[name] ?? '').match(/(?<![:\w#])#?[A-Za-z_]\w*/g) ?? [],
  );
  const named = mentioned.filter((word) => !WORDS.test(word)).map((word) => nameIn(body, word));
  return [...new Set([...items.flatMap(Object.keys), ...named])];
};
