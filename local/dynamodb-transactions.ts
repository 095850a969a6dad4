import { createHash } from 'node:crypto';
import { AwsError } from './aws-error.ts';
import { isJsonObject, type JsonObject } from './aws-json.ts';
import type { DynaliteEngine } from './dynalite-engine.ts';

/** dynalite has no transactions; these are ours. AWS's limits. */
const TRANSACTION_MAX_ITEMS = 100;
const TOKEN = /^.{1,36}$/;
const TOKEN_LIFE_MS = 10 * 60_000;

const validation = (message: string): AwsError => new AwsError('ValidationException', message);

/** With one code for each write, in their order; `None` where nothing was wrong. */
export const transactionCanceled = (codes: readonly string[]): AwsError =>
  new AwsError(
    'TransactionCanceledException',
    `Transaction cancelled, please refer cancellation reasons for specific reasons [${codes.join(', ')}]`,
    { fields: { CancellationReasons: codes.map((Code) => ({ Code })) } },
  );

/** All or nothing, conditions against the state before any of it. To be called inside `atomically`. */
export const transactWrite = async (engine: DynaliteEngine, input: JsonObject): Promise<JsonObject> => {
  const { TransactItems: items, ClientRequestToken: token } = input;
  if (!Array.isArray(items) || items.length === 0 || items.length > TRANSACTION_MAX_ITEMS)
    throw validation(`transactItems must have length between 1 and ${TRANSACTION_MAX_ITEMS}`);
  if (token !== undefined && (await wasApplied(engine, token, items))) return {};
  const steps = await Promise.all(items.map((item: unknown) => stepOf(engine, item)));
  if (new Set(steps.map(({ key }) => key)).size < steps.length)
    throw validation('Transaction request cannot include multiple operations on one item');
  if (steps.some(({ code }) => code !== 'None')) throw transactionCanceled(steps.map(({ code }) => code));
  for (const { operation, prepared, isCheck } of steps) if (!isCheck) await engine.run(operation, prepared);
  return {};
};

const stepOf = async (engine: DynaliteEngine, item: unknown) => {
  const [[kind, body] = ['', undefined], ...others] = isJsonObject(item) ? Object.entries(item) : [];
  if (!['Put', 'Update', 'ConditionCheck'].includes(kind) || !isJsonObject(body) || others.length > 0)
    throw validation('each of TransactItems must be one Put, one Update or one ConditionCheck');
  const isCheck = kind === 'ConditionCheck';
  if (isCheck && body.ConditionExpression === undefined)
    throw validation('ConditionExpression must not be null');
  const operation = `${kind}Item`;
  // A deletion has the members of a check, which dynalite does not know; this one is read and never run.
  const prepared = engine.prepare(isCheck ? 'DeleteItem' : operation, body);
  const key = await engine.locate(prepared);
  const code = (await engine.conditionHolds(prepared, key)) ? 'None' : 'ConditionalCheckFailed';
  return { operation, prepared, key, code, isCheck };
};

/** Remembers the token with what the transaction does; a cancelled transaction takes that back with the rest. */
const wasApplied = async (engine: DynaliteEngine, token: unknown, items: unknown): Promise<boolean> => {
  if (typeof token !== 'string' || !TOKEN.test(token))
    throw validation('clientRequestToken must have length between 1 and 36');
  const key = `idempotency~${token}`;
  const contentHash = createHash('sha256').update(JSON.stringify(items)).digest('hex');
  const earlier = await engine.read(key);
  if (!isJsonObject(earlier) || Date.now() - Number(earlier.at) > TOKEN_LIFE_MS) {
    engine.put(key, { contentHash, at: Date.now() });
    return false;
  }
  if (earlier.contentHash === contentHash) return true;
  throw new AwsError(
    'IdempotentParameterMismatchException',
    'The request uses the same client token as a previous, but non-identical request.',
  );
};
