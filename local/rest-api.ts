import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { unescape as decodeLeniently } from 'node:querystring';
import * as z from 'zod';
import type { Assembly } from './assembly.ts';
import { allows, PolicyDocument } from './iam.ts';
import type { InvokeOutcome } from './lambda-boot.ts';
import { readBody } from './loopback.ts';

export interface RestApiParts extends Pick<Assembly, 'region' | 'account' | 'api'> {
  readonly invoke: (functionArn: string, event: object) => Promise<InvokeOutcome>;
}

type Context = Readonly<Record<string, string>>;
type Pairs = readonly (readonly [string, string])[];

const REQUEST_MAX_BYTES = 10 * 1024 * 1024;

/** What API Gateway answers by itself, under the name of a gateway response of the template. */
class Refusal extends Error {}

/**
 * The REST API of the template at the root of its address, as behind a custom domain with one mapping. Functions behind
 * it end before API Gateway would stop waiting for them.
 */
export const createRestApi = (parts: RestApiParts): RequestListener => {
  const { api, invoke, region, account } = parts;
  const authorize = createTokenAuthorizer(parts);
  const serve = async (request: IncomingMessage, response: ServerResponse, requestId: string) => {
    const body = await readBody(request, REQUEST_MAX_BYTES);
    if (body === 'too large') throw new Refusal('REQUEST_TOO_LARGE');
    const url = new URL(`http://loopback${request.url}`);
    const match = findMethod(parts, request.method, url.pathname);
    if (!match) throw new Refusal('MISSING_AUTHENTICATION_TOKEN');
    const methodArn = `arn:aws:execute-api:${region}:${account}:${api.id}/${api.stage}/${request.method}${url.pathname}`;
    // An open method has no authorizer in its context, whatever the request says of itself.
    const who = match.isOpen ? {} : { authorizer: await authorize(request.headers.authorization, methodArn) };
    const context = { requestId, requestTimeEpoch: Date.now(), ...who };
    const event = { ...proxyEvent(request, url, context), ...match.event, body: String(body) || null };
    answerProxy(response, await invoke(match.functionArn, event));
  };
  return (request, response) => {
    const requestId = randomUUID();
    response.setHeader('x-amzn-requestid', requestId);
    serve(request, response, requestId).catch((error: unknown) => {
      const type = error instanceof Refusal ? error.message : 'DEFAULT_5XX';
      const own = api.responses.get(type);
      const body = own?.ResponseTemplates['application/json'] ?? type;
      response.writeHead(own?.StatusCode ?? 500, own?.ResponseParameters);
      response.end(body.replaceAll('$context.requestId', requestId));
    });
  };
};

const Answer = z.object({
  principalId: z.string(),
  policyDocument: PolicyDocument,
  /** API Gateway takes no objects and no lists, and hands everything on as text. */
  context: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)),
});

/** A Lambda TOKEN authorizer as API Gateway runs it: form check, function, policy, and the answer kept for its time. */
const createTokenAuthorizer = ({ api, invoke }: RestApiParts) => {
  const { AuthorizerUri, IdentityValidationExpression, AuthorizerResultTtlInSeconds } = api.authorizer;
  const known = new Map<string, z.infer<typeof Answer> & { readonly until: number }>();
  const ask = async (authorizationToken: string, methodArn: string) => {
    const outcome = await invoke(AuthorizerUri, { type: 'TOKEN', authorizationToken, methodArn });
    // A refusal by error is not kept: only policies are.
    if ('failure' in outcome)
      throw new Refusal(
        outcome.failure.errorMessage === 'Unauthorized' ? 'UNAUTHORIZED' : 'AUTHORIZER_FAILURE',
      );
    const answer = Answer.safeParse(outcome.payload);
    if (!answer.success) throw new Refusal('AUTHORIZER_CONFIGURATION_ERROR');
    const kept = { ...answer.data, until: Date.now() + AuthorizerResultTtlInSeconds * 1000 };
    known.set(authorizationToken, kept);
    return kept;
  };
  return async (token: string | undefined, methodArn: string): Promise<Context> => {
    if (!token || !IdentityValidationExpression.test(token)) throw new Refusal('UNAUTHORIZED');
    const kept = known.get(token);
    const answer = kept && kept.until > Date.now() ? kept : await ask(token, methodArn);
    // Asked again for every method, since a kept policy also answers for the methods after it.
    if (!allows([answer.policyDocument], { action: 'execute-api:Invoke', resource: methodArn }))
      throw new Refusal('ACCESS_DENIED');
    return { ...answer.context, principalId: answer.principalId };
  };
};

/** `/v1/grants/{id}` matches one segment that is not empty, and a fixed segment goes before one in braces. */
const findMethod = ({ api }: RestApiParts, httpMethod: string | undefined, pathname: string) => {
  const matches = api.methods.flatMap(({ functionArn, path: resource, HttpMethod, AuthorizationType }) => {
    const isOpen = AuthorizationType === 'NONE';
    const pattern = resource.replaceAll('.', '\\.').replace(/\{(\w+)\}/g, '(?<$1>[^/]+)');
    const found = HttpMethod === httpMethod && new RegExp(`^${pattern}$`).exec(pathname);
    if (!found) return [];
    const values = Object.entries(found.groups ?? {}).map(
      ([name, value]) => [name, decodeLeniently(value)] as const,
    );
    const event = { resource, pathParameters: objectOf(values) };
    return [{ functionArn, isOpen, count: values.length, event }];
  });
  return matches.sort((a, b) => a.count - b.count)[0];
};

/** `null` where there are none, as API Gateway has it; of several with one name the last. */
const objectOf = (pairs: Pairs) => (pairs.length > 0 ? Object.fromEntries(pairs) : null);

/** All that have one name, in their order. */
const listsOf = (pairs: Pairs) => {
  const groups = Object.entries(Object.groupBy(pairs, ([name]) => name));
  return Object.fromEntries(groups.map(([name, group = []]) => [name, group.map(([, value]) => value)]));
};

/** Of a proxy event what functions can rely on here. */
const proxyEvent = ({ rawHeaders, headers, method, socket }: IncomingMessage, url: URL, context: object) => {
  /** With names as they were sent. */
  const sent = rawHeaders.flatMap((name, index) =>
    index % 2 ? [] : [[name, rawHeaders[index + 1] ?? ''] as const],
  );
  return {
    path: url.pathname,
    httpMethod: method,
    headers: objectOf(sent),
    multiValueHeaders: listsOf(sent),
    queryStringParameters: objectOf([...url.searchParams]),
    multiValueQueryStringParameters: url.search ? listsOf([...url.searchParams]) : null,
    stageVariables: null,
    requestContext: {
      ...context,
      identity: { sourceIp: socket.remoteAddress, userAgent: headers['user-agent'] ?? null },
    },
    isBase64Encoded: false,
  };
};

const ProxyResponse = z.strictObject({
  statusCode: z.int().min(100).max(599),
  headers: z.record(z.string(), z.string()).optional(),
  multiValueHeaders: z.record(z.string(), z.array(z.string())).optional(),
  body: z.string().optional(),
  isBase64Encoded: z.literal(false).optional(),
});

/** A function that failed, or answered what is no response, is shown as neither. */
const answerProxy = (response: ServerResponse, outcome: InvokeOutcome): void => {
  const parsed = ProxyResponse.safeParse('payload' in outcome ? outcome.payload : undefined);
  if (!parsed.success) throw new Refusal('DEFAULT_5XX');
  const { statusCode, headers, multiValueHeaders, body } = parsed.data;
  response.writeHead(statusCode, { ...headers, ...multiValueHeaders }).end(body);
};
