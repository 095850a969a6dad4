import type { APIGatewayProxyEvent } from 'aws-lambda';
import type { Answer } from './answer.ts';

/** One request that reached a route of the console. */
export interface ConsoleCall {
  readonly event: APIGatewayProxyEvent;
  /** Lambda's id of this invocation. */
  readonly invocationId: string;
}

export type ConsoleHandler = (call: ConsoleCall) => Promise<Answer>;

/** Every value of a header, whatever its case, in the order in which they were sent. */
export const headerValues = (event: APIGatewayProxyEvent, name: string): readonly string[] => {
  const all = named(event.multiValueHeaders, name);
  return all.length > 0 ? all : named(event.headers, name);
};

const named = (
  headers: Readonly<Record<string, string | string[] | undefined>> | null,
  name: string,
): readonly string[] =>
  Object.entries(headers ?? {}).flatMap(([key, value]) => (key.toLowerCase() === name ? (value ?? []) : []));

/** Undefined when there is none, and when there are two: which of them another reader would take is not known. */
export const onlyHeader = (event: APIGatewayProxyEvent, name: string): string | undefined => {
  const [value, another] = headerValues(event, name);
  return another === undefined ? value : undefined;
};

/** Each pair of the query, also of names that are there twice. */
export const queryOf = (event: APIGatewayProxyEvent): URLSearchParams => {
  const query = new URLSearchParams();
  const values = event.multiValueQueryStringParameters ?? event.queryStringParameters ?? {};
  for (const [name, value] of Object.entries(values))
    for (const each of Array.isArray(value) ? value : [value]) query.append(name, each ?? '');
  return query;
};
