import jsonata from 'jsonata';
import { isJsonObject, type JsonObject } from './aws-json.ts';

/** An error with the name that Retry and Catch look at. */
export class StateError extends Error {
  override readonly name: string;
  constructor(name: string, cause: string) {
    super(cause);
    this.name = name;
  }
}

const EXPRESSION = /^\{%([\s\S]*)%\}$/;

export const expressionsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return EXPRESSION.exec(value)?.slice(1) ?? [];
  return typeof value === 'object' && value ? Object.values(value).flatMap(expressionsIn) : [];
};

/** `$eval` is what AWS leaves out of JSONata; what AWS adds is not here. */
const UNAVAILABLE = /\$(eval|partition|range|hash|random|uuid|parse)\b/;

const queryError = (source: unknown, why: unknown): StateError =>
  new StateError('States.QueryEvaluationError', `${source}: ${why}`);

/** JSONata throws objects that are not errors. */
const orQueryError = (source: string) => (thrown: unknown) => {
  throw queryError(source, (thrown as { message?: unknown }).message);
};

export const compile = (source: string): jsonata.Expression => {
  if (UNAVAILABLE.test(source)) throw queryError(source, 'calls a function that is not available here');
  try {
    return jsonata(source);
  } catch (error) {
    return orQueryError(source)(error);
  }
};

/** Evaluates every `{% … %}` inside a JSON value. `scope` holds the variables and `states`. */
export const evaluate = async (value: unknown, scope: JsonObject): Promise<unknown> => {
  if (typeof value === 'string') {
    const source = EXPRESSION.exec(value)?.[1];
    return source === undefined ? value : evaluateExpression(source, scope);
  }
  if (Array.isArray(value)) return Promise.all(value.map((member) => evaluate(member, scope)));
  if (!isJsonObject(value)) return value;
  const members = Object.entries(value).map(async ([key, member]) => [key, await evaluate(member, scope)]);
  return Object.fromEntries(await Promise.all(members));
};

const evaluateExpression = async (source: string, scope: JsonObject): Promise<unknown> => {
  const result: unknown = await compile(source).evaluate(undefined, scope).catch(orQueryError(source));
  // JSONata hands out functions and sequences with hidden members; what goes on is plain JSON.
  const text: string | undefined = JSON.stringify(result);
  if (text === undefined) throw queryError(source, 'returned nothing (undefined)');
  return JSON.parse(text);
};

/** AWS allows more; Node fires a longer timer at once. */
const SECONDS_MAX = 2_000_000;

/** For timeouts. AWS too fails the state on anything but whole seconds in its range. */
export const evaluateSeconds = async (value: unknown, scope: JsonObject): Promise<number> => {
  const seconds = await evaluate(value, scope);
  if (typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 1 && seconds <= SECONDS_MAX)
    return seconds;
  throw queryError(value, `gave ${JSON.stringify(seconds)}, not seconds`);
};
