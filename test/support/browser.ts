import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import type { APIGatewayProxyEvent, APIGatewayProxyResult } from 'aws-lambda';
import { CONSOLE_ROUTES } from '../../lambdas/console/console-routes.ts';

export interface Sent {
  readonly method?: string;
  /** With its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly isBase64?: boolean;
}

/** What the gateway would hand over, with the path below the stage. */
export const eventOf = ({
  method = 'GET',
  path,
  headers = {},
  body,
  isBase64,
}: Sent): APIGatewayProxyEvent => {
  const url = new URL(path, 'https://ignored.example');
  const route = CONSOLE_ROUTES.map((each) => ({
    ...each,
    match: new RegExp(`^${each.path.replace('{id}', '(?<id>[^/]+)')}$`).exec(url.pathname),
  })).find((each) => each.method === method && each.match);
  const query: Record<string, string[]> = {};
  for (const [name, value] of url.searchParams) query[name] = [...(query[name] ?? []), value];
  const multiple = Object.entries(headers).map(([name, value]) => [name, [value]]);
  return {
    httpMethod: method,
    path: url.pathname,
    resource: route?.path ?? url.pathname,
    pathParameters: route?.match?.groups?.id ? { id: decodeURIComponent(route.match.groups.id) } : null,
    queryStringParameters: null,
    multiValueQueryStringParameters: url.search === '' ? null : query,
    headers: { ...headers },
    multiValueHeaders: Object.fromEntries(multiple),
    stageVariables: null,
    body: body === undefined ? null : isBase64 ? Buffer.from(body).toString('base64') : body,
    isBase64Encoded: isBase64 ?? false,
    requestContext: {
      requestId: '00000000-0000-4000-8000-000000000001',
      requestTimeEpoch: Date.now(),
      identity: { sourceIp: '192.0.2.1', userAgent: headers['user-agent'] ?? 'a browser' },
    },
  } as unknown as APIGatewayProxyEvent;
};

export type Send = (sent: Sent) => Promise<APIGatewayProxyResult>;

/** Keeps cookies of the console and of the issuer apart, as a browser does by their hosts. */
export const openBrowser = (send: Send, consoleUrl: string) => {
  const jar = new Map<string, string>();
  const issuerJar = new Map<string, string>();

  const visit = async (path: string, more: Omit<Sent, 'path'> = {}): Promise<APIGatewayProxyResult> => {
    const headers = { ...(jar.size > 0 ? { cookie: spelled(jar) } : {}), ...more.headers };
    const answer = await send({ ...more, path, headers });
    keep(jar, (answer.multiValueHeaders?.['Set-Cookie'] ?? []).map(String));
    return answer;
  };

  /** Goes where an answer of the console leads, through the issuer, until the console shows a page. */
  const follow = async (answer: APIGatewayProxyResult): Promise<APIGatewayProxyResult> => {
    let current = answer;
    for (let hop = 0; hop < 10 && current.headers?.Location; hop += 1) {
      const location = String(current.headers.Location);
      current = await visit(withoutBase(location.startsWith('/') ? location : await passIssuer(location)));
    }
    return current;
  };

  /** From the authorization request to the address that the issuer sends the browser back to. */
  const passIssuer = async (address: string): Promise<string> => {
    let location = address;
    for (let hop = 0; hop < 10 && !location.startsWith(consoleUrl); hop += 1) {
      const sent = request(location, { headers: { cookie: spelled(issuerJar) } }).end();
      const [answer]: IncomingMessage[] = await once(sent, 'response');
      answer?.resume();
      keep(issuerJar, answer?.headers['set-cookie'] ?? []);
      if (!answer?.headers.location) throw new Error(`the issuer stopped with ${answer?.statusCode}`);
      location = new URL(answer.headers.location, location).href;
    }
    return location;
  };

  const withoutBase = (location: string): string => {
    const { pathname, search } = new URL(location, consoleUrl);
    return pathname.slice(new URL(consoleUrl).pathname.replace(/\/$/, '').length) + search;
  };

  /** As a form of a page of the console sends it. */
  const post = (path: string, fields: Readonly<Record<string, string>>, headers: object = {}) =>
    visit(path, {
      method: 'POST',
      body: new URLSearchParams(fields).toString(),
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        origin: new URL(consoleUrl).origin,
        'sec-fetch-site': 'same-origin',
        ...(jar.size > 0 ? { cookie: spelled(jar) } : {}),
        ...headers,
      },
    });

  return { jar, visit, follow, post, passIssuer, open: async (path: string) => follow(await visit(path)) };
};

export type Browser = ReturnType<typeof openBrowser>;

const spelled = (jar: ReadonlyMap<string, string>): string =>
  [...jar].map(([name, value]) => `${name}=${value}`).join('; ');

const keep = (jar: Map<string, string>, cookies: readonly string[]): void => {
  for (const cookie of cookies) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (/max-age=0|expires=thu, 01 jan 1970/i.test(cookie)) jar.delete(name);
    else jar.set(name, value);
  }
};
