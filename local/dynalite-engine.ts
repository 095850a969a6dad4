import { createRequire } from 'node:module';
import { AwsError } from './aws-error.ts';
import type { JsonObject } from './aws-json.ts';

type AttributeItem = Record<string, unknown>;
type Callback<T> = (error: Error | null, value?: T) => void;
type BatchWrite = { type: 'put'; key: string; value: unknown } | { type: 'del'; key: string };

/** A request after validation: expressions are parsed into members that only dynalite reads. */
export interface Prepared {
  TableName: string;
  Item?: AttributeItem;
  Key?: AttributeItem;
}

/** dynalite's tables, items and indexes all go through `db`, under keys that begin with their name. */
interface Store {
  db: {
    get(key: string): Promise<unknown>;
    put(key: string, value: unknown, callback: Callback<void>): void;
    del(key: string, callback: Callback<void>): void;
    batch(writes: readonly BatchWrite[]): Promise<void>;
    close(): Promise<void>;
  };
  getTable(name: string, checkStatus: boolean, callback: Callback<object>): void;
}

type Action = (store: Store, input: Prepared, callback: Callback<JsonObject>) => void;

interface Database {
  create(options: JsonObject): Store;
  createKey(item: AttributeItem, table: object): string;
  /** These three answer what is wrong. */
  validateItem(item: AttributeItem, table: object): unknown;
  validateKey(key: AttributeItem, table: object): unknown;
  checkConditional(input: Prepared, item: unknown): unknown;
}

interface Validations {
  toLowerFirst(name: string): string;
  checkTypes(input: unknown, types: unknown): Prepared;
  checkValidations(input: Prepared, types: unknown, custom: unknown, store: Store): void;
}

/**
 * dynalite's inside (parsers, validation, key encoding, indexes, LevelDB), which it does not export: the version is pinned
 * and the contract suite in test/contracts holds it to DynamoDB's semantics.
 */
const require = createRequire(import.meta.url);
const database: Database = require('dynalite/db');
const validations: Validations = require('dynalite/validations');

const promised = <T>(call: (callback: Callback<T>) => void): Promise<T> =>
  new Promise((resolve, reject) =>
    call((error, value) => (error ? reject(asAwsError(error)) : resolve(value as T))),
  );

/** dynalite names types in full (`com.amazon…#ValidationException`); the bare name is what the rest of the stack speaks. */
const asAwsError = (error: unknown): unknown => {
  const { body, statusCode } = error as { body?: JsonObject; statusCode?: number };
  if (typeof body?.__type !== 'string') return error;
  const code = body.__type.split('#').at(-1) ?? '';
  return new AwsError(code, String(body.message ?? body.Message ?? ''), { status: statusCode ?? 400 });
};

/** `path` is a LevelDB directory; without one everything stays in memory. */
export class DynaliteEngine {
  readonly #store: Store;
  readonly #pending = new Map<string, BatchWrite>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(path: string | undefined) {
    this.#store = database.create({ createTableMs: 0, ...(path ? { path } : {}) });
    const { db } = this.#store;
    db.put = (key, value, callback) => {
      this.put(key, value);
      setImmediate(callback, null);
    };
    db.del = (key, callback) => {
      this.#pending.set(key, { type: 'del', key });
      setImmediate(callback, null);
    };
  }

  /** Checks and parses a request as DynamoDB does before it looks at a table. */
  prepare(operation: string, input: JsonObject): Prepared {
    if ('ReturnValuesOnConditionCheckFailure' in input)
      throw new AwsError('ValidationException', 'a failed condition does not show the item here');
    const rules = require(`dynalite/validations/${validations.toLowerFirst(operation)}`);
    try {
      const prepared = validations.checkTypes(structuredClone(input), rules.types);
      validations.checkValidations(prepared, rules.types, rules.custom, this.#store);
      return prepared;
    } catch (error) {
      throw asAwsError(error);
    }
  }

  run(operation: string, prepared: Prepared): Promise<JsonObject> {
    const action: Action = require(`dynalite/actions/${validations.toLowerFirst(operation)}`);
    return promised((callback) => action(this.#store, prepared, callback));
  }

  /**
   * Writers go one after the other. What one has put or deleted is stored in one atomic batch when it is done, and by nobody
   * seen before, itself included; when it fails, nothing is stored.
   */
  atomically<T>(write: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(async () => {
      try {
        const answer = await write();
        await this.#store.db.batch([...this.#pending.values()]);
        return answer;
      } finally {
        this.#pending.clear();
      }
    });
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  /** Where the item that a prepared write names is stored, after its key was checked against the table. */
  async locate({ TableName, Item, Key = {} }: Prepared): Promise<string> {
    const table = await promised<object>((callback) => this.#store.getTable(TableName, false, callback));
    const invalid = Item ? database.validateItem(Item, table) : database.validateKey(Key, table);
    if (invalid) throw asAwsError(invalid);
    return `item-${TableName}~${database.createKey(Item ?? Key, table)}`;
  }

  /** Of the item at `key`, whatever the writer has put there. */
  async conditionHolds(prepared: Prepared, key: string): Promise<boolean> {
    return !database.checkConditional(prepared, await this.read(key));
  }

  read(key: string): Promise<unknown> {
    return this.#store.db.get(key);
  }

  put(key: string, value: unknown): void {
    this.#pending.set(key, { type: 'put', key, value });
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#store.db.close();
  }
}
