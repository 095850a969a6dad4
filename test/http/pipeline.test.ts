import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import type { APIGatewayProxyEvent, Context } from 'aws-lambda';
import { DependencyUnavailable, type Log } from '../../lambdas/app/ports.ts';
import { recordAside } from '../../lambdas/app/record-refusal.ts';
import { formatReceipt, parseReceipt } from '../../lambdas/core/audit/chain.ts';
import { encodeIdentity } from '../../lambdas/core/identity/identity-context.ts';
import { apiHandlers } from '../../lambdas/http/api-operations.ts';
import { httpHandler, type PipelineDeps } from '../../lambdas/http/pipeline.ts';
import { ROUTES } from '../../lambdas/http/routes.ts';
import { vendHandlers } from '../../lambdas/http/vend-operations.ts';
import { type App, REQUEST, startApp } from '../support/app.ts';
import { NOW, PRINCIPAL, REFUSED } from '../support/facts.ts';

let app: App;
let lines: { level: string; message: string; fields: object }[] = [];
before(async () => {
  app = await startApp();
});
after(() => app.tables.close());
beforeEach(() => {
  app.time.now = NOW;
  app.tables.dynamo.setFaults(undefined);
  lines = [];
});

const CONFIG_RECEIPT = { chain: 'system:config', seq: 1, hash: 'c'.repeat(64) };
const log: Log = (level, message, fields = {}) => void lines.push({ level, message, fields });

const pipelineDeps = (): PipelineDeps => ({
  clock: app.deps.clock,
  log,
  configReceipt: async () => CONFIG_RECEIPT,
  recordRefusal: (caller, refusal) => recordAside(app.deps, caller, { type: 'request.refused', ...refusal }),
});

const REQUEST_ID = '00000000-0000-4000-8000-000000000001';

/** The gateway's event for an operation, from a caller the authorizer has let through. */
const eventFor = (
  operation: (typeof ROUTES)[number]['operation'],
  change: { readonly path?: object; readonly body?: object | string; readonly authorizer?: object } = {},
): APIGatewayProxyEvent => {
  const route = ROUTES.find((one) => one.operation === operation);
  assert.ok(route);
  const event: unknown = {
    resource: route.path,
    httpMethod: route.method,
    headers: { 'Content-Type': 'application/json' },
    queryStringParameters: null,
    pathParameters: change.path ?? null,
    body: typeof change.body === 'string' ? change.body : JSON.stringify(change.body ?? {}),
    isBase64Encoded: false,
    requestContext: {
      requestId: REQUEST_ID,
      requestTimeEpoch: NOW,
      authorizer: change.authorizer ?? encodeIdentity(PRINCIPAL),
      identity: { sourceIp: '192.0.2.1', userAgent: 'test' },
    },
  };
  return event as APIGatewayProxyEvent;
};

const CONTEXT = { awsRequestId: 'i' } as Context;

const askApi = (event: APIGatewayProxyEvent, change: Partial<PipelineDeps> = {}) =>
  httpHandler(apiHandlers(app.deps), { ...pipelineDeps(), ...change })(event, CONTEXT);
const askVend = (event: APIGatewayProxyEvent) =>
  httpHandler(vendHandlers(app.deps), pipelineDeps())(event, CONTEXT);

const vendEvent = (id: string) => eventFor('vendCredential', { path: { id } });
const GRANT = 'g_00000000000000000000_000000000000';

test('a call that asks for nothing in its body needs none, and one that does is told so', async () => {
  const id = await app.newActive(await app.newTask());
  const bare = (event: APIGatewayProxyEvent): APIGatewayProxyEvent => ({ ...event, body: null, headers: {} });
  assert.equal((await askVend(bare(eventFor('vendCredential', { path: { id } })))).statusCode, 201);
  assert.equal((await askApi(bare(eventFor('requestAccess')))).statusCode, 415);
});

test('a body with a key twice is refused, at any depth and however it is spelt', async () => {
  const twice = ['{"name":"a","name":"b"}', '{"name":"a","n\\u0061me":"a"}', '{"a":[{"b":1,"b":2}]}'];
  for (const body of twice) {
    const answer = await askApi(eventFor('openTask', { body }));
    const { code, detail } = JSON.parse(answer.body);
    assert.deepEqual([answer.statusCode, code], [400, 'malformed_json'], body);
    assert.match(detail, /no key is there twice/);
  }
  const once = await askApi(eventFor('openTask', { body: '{"name":"\\"name\\":{}: \\\\"}' }));
  assert.equal(once.statusCode, 201, once.body);
});

test('a call that has to say nothing needs no body, and says in JSON what it says', async () => {
  const bare = { headers: {}, body: null };
  const vended = await askVend({ ...vendEvent(GRANT), ...bare });
  assert.equal(JSON.parse(vended.body).code, 'not_found');
  const asked = await askApi({ ...eventFor('openTask'), ...bare });
  assert.equal(JSON.parse(asked.body).code, 'unsupported_media_type');
  const told = await askVend({ ...vendEvent(GRANT), headers: {} });
  assert.equal(JSON.parse(told.body).code, 'unsupported_media_type');
});

test('an attempt that is refused is in the trail before it is answered, and the answer has its receipt', async () => {
  const answer = await askVend(vendEvent(GRANT));
  assert.equal(answer.statusCode, 404);
  const receipt = parseReceipt(String(answer.headers?.['Latchkey-Audit']));
  assert.ok(receipt);
  const entries = await Array.fromAsync(app.deps.store.readChain(receipt.chain));
  const entry = entries.find(({ hash }) => hash === receipt.hash);
  assert.ok(entry?.event.type === 'request.refused');
  const { code, operation, about } = entry.event;
  assert.deepEqual(
    { code, operation, about },
    { code: 'not_found', operation: 'vendCredential', about: GRANT },
  );
});

test('a plan that is refused, by its form or by policy, is in the trail with the grant it was for', async () => {
  const grant = await app.newActive(await app.newTask(), { action: 'postgres:read' });
  const { answer: allowed } = app.policy;
  const refused = { statement_refused: 'SELECT 1; SELECT 2', policy_denied: 'SELECT 1' };
  for (const [code, sql] of Object.entries(refused)) {
    if (code === 'policy_denied') app.policy.answer = () => REFUSED;
    const body = { grant, reason: 'month end', statements: [{ sql }] };
    const answer = await askApi(eventFor('requestPlan', { body }));
    assert.equal(JSON.parse(answer.body).code, code, answer.body);
    const receipt = parseReceipt(String(answer.headers?.['Latchkey-Audit']));
    const entries = await Array.fromAsync(app.deps.store.readChain(receipt?.chain ?? ''));
    const event = entries.find(({ hash }) => hash === receipt?.hash)?.event;
    assert.ok(event?.type === 'request.refused', code);
    assert.deepEqual([event.code, event.about], [code, grant]);
  }
  app.policy.answer = allowed;
});

test('an attempt whose refusal cannot be kept is not answered as refused', async () => {
  app.tables.dynamo.setFaults((operation) => (operation === 'TransactWriteItems' ? 'away' : undefined));
  const answer = await askVend(vendEvent(GRANT));
  assert.deepEqual([answer.statusCode, JSON.parse(answer.body).code], [503, 'dependency_unavailable']);
});

test('an answer without an entry of its own carries the receipt of the configuration', async () => {
  const answer = await askApi(eventFor('whoAmI'));
  assert.deepEqual(
    [answer.statusCode, answer.headers?.['Latchkey-Audit']],
    [200, formatReceipt(CONFIG_RECEIPT)],
  );
});

test('no answer is stored on the way, whatever it is', async () => {
  const id = await app.newActive(await app.newTask());
  const answers = [
    await askVend(vendEvent(id)),
    await askVend(vendEvent(GRANT)),
    await askApi(eventFor('whoAmI', { authorizer: {} })),
    await askApi({ ...eventFor('whoAmI'), resource: '/v1/none' }),
  ];
  assert.deepEqual(
    answers.map(({ statusCode, headers }) => [statusCode, headers?.['Cache-Control']]),
    [201, 404, 401, 404].map((status) => [status, 'no-store']),
  );
});

test('identity comes from the authorizer alone, and only while its token lasts', async () => {
  const valid = encodeIdentity(PRINCIPAL);
  const { subject: _, ...nobody } = valid;
  for (const authorizer of [{}, nobody, { ...valid, admin: 'true' }, { ...valid, version: '0' }])
    assert.equal((await askApi(eventFor('whoAmI', { authorizer }))).statusCode, 401);
  const event = eventFor('whoAmI');
  app.time.now = PRINCIPAL.tokenExpiresAt - 1;
  assert.equal((await askApi(event)).statusCode, 200);
  app.time.now = PRINCIPAL.tokenExpiresAt;
  assert.equal((await askApi(event)).statusCode, 401);
});

test('an outage is 503 and is told by codes alone: no text of what was thrown is answered or logged', async () => {
  const cause = new Error('row (alice, hunter2) of table secrets');
  const away = {
    ...app.deps.store,
    readForRequest: () => Promise.reject(new DependencyUnavailable('dynamodb', cause)),
  };
  const body = { ...REQUEST, task: await app.newTask() };
  const handler = httpHandler(apiHandlers({ ...app.deps, store: away }), pipelineDeps());
  const answer = await handler(eventFor('requestAccess', { body }), CONTEXT);
  assert.deepEqual([answer.statusCode, JSON.parse(answer.body).code], [503, 'dependency_unavailable']);
  assert.doesNotMatch(answer.body + JSON.stringify(lines), /hunter2|alice|secrets/);
  const [line] = lines.filter(({ level }) => level === 'error');
  assert.deepEqual(line?.fields, {
    requestId: REQUEST_ID,
    error: 'DependencyUnavailable',
    dependency: 'dynamodb',
    cause: 'Error',
  });
});

test('a bug is 500, and its text is neither answered nor logged', async () => {
  const configReceipt = () => Promise.reject(new TypeError('cannot read token eyJhbGciOiJ'));
  const answer = await askApi(eventFor('whoAmI'), { configReceipt });
  assert.deepEqual([answer.statusCode, JSON.parse(answer.body).code], [500, 'internal_error']);
  assert.doesNotMatch(answer.body + JSON.stringify(lines), /eyJ|cannot read/);
});

test('the log line of a vend holds nothing of the credential', async () => {
  const id = await app.newActive(await app.newTask());
  const answer = await askVend(vendEvent(id));
  const { password, user } = JSON.parse(answer.body).postgres;
  assert.ok(password.length > 10 && user.length > 10);
  assert.equal(lines.length, 1);
  for (const part of [password, user]) assert.equal(JSON.stringify(lines).includes(part), false);
});

test('a function answers its own routes and no others', async () => {
  const id = await app.newActive(await app.newTask());
  assert.equal((await askApi(vendEvent(id))).statusCode, 404);
  assert.equal((await askVend(eventFor('whoAmI'))).statusCode, 404);
});
