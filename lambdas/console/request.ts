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
  if (all) return all;
  const one = named(event.headers, name);
  return one === undefined ? [] : [one];
};

const named = <T>(headers: Readonly<Record<string, T | undefined>> | null, name: string): T | undefined =>
  Object.entries(headers ?? {}).find(([key]) => key.toLowerCase() === name)?.[1];

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

const USER_AGENT_MAX_CHARACTERS = 200;

/** For the trail: where the request came from. */
export const clientOf = ({ requestContext }: APIGatewayProxyEvent) => ({
  ip: requestContext.identity.sourceIp,
  userAgent: (requestContext.identity.userAgent ?? '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, USER_AGENT_MAX_CHARACTERS),
});
