import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createServer as createSecureServer, request } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Assembly } from '../../local/assembly.ts';
import { type LocalAws, startAws } from '../../local/aws.ts';
import { localCertificate } from '../../local/certificates.ts';
import { listenOnLoopback } from '../../local/loopback.ts';
import { MACHINE, synthesizeSample, TABLE } from './sample-stack.ts';

let sample: Awaited<ReturnType<typeof synthesizeSample>>;
let aws: LocalAws;
before(async () => {
  sample = await synthesizeSample();
  aws = await startAws({ ...sample, onLog: () => {} });
});
after(async () => {
  await aws.stop();
  sample.remove();
});

/** `wish` is the third part of the token: see sample/authorizer.ts. Every token is new unless a test keeps it. */
let tokens = 0;
const bearer = (wish = 'ok') => `Bearer a.${++tokens}.${wish}`;
const ask = (
  path: string,
  { headers = {}, ...init }: RequestInit & { headers?: Record<string, string> } = {},
) => fetch(aws.baseUrl + path, { ...init, headers: { authorization: bearer(), ...headers } });
interface SeenEvent extends Record<string, unknown> {
  readonly headers: Record<string, string>;
  readonly requestContext: {
    readonly requestId: string;
    readonly identity: { readonly sourceIp: string };
    readonly authorizer: Record<string, string>;
  };
}
const eventOf = async (response: Response) => (await response.json()) as SeenEvent;
const post = (wish: object, init: RequestInit = {}) =>
  ask('/things', { method: 'POST', body: JSON.stringify(wish), ...init, headers: {} });

describe('the event of a request', () => {
  test('has the resource, parameters, query and body that were sent', async () => {
    const response = await ask('/things/a%20b?x=1&x=2&y=%26', { headers: { 'X-Mine': 'yes' } });
    const event = await eventOf(response);
    assert.equal(response.status, 200);
    assert.deepEqual(
      [event.resource, event.path, event.httpMethod, event.pathParameters],
      ['/things/{id}', '/things/a%20b', 'GET', { id: 'a b' }],
    );
    assert.deepEqual(event.queryStringParameters, { x: '2', y: '&' });
    assert.equal(event.headers['X-Mine'], 'yes');
    assert.deepEqual([event.body, event.isBase64Encoded, event.stageVariables], [null, false, null]);
  });

  test('has null where nothing was sent', async () => {
    const event = await eventOf(await ask('/things/fixed'));
    assert.deepEqual([event.pathParameters, event.queryStringParameters], [null, null]);
  });

  test('knows the request and who is asking', async () => {
    const response = await ask('/things', { method: 'POST', body: 'text' });
    const { requestContext, body } = await eventOf(response);
    assert.equal(body, 'text');
    assert.equal(requestContext.requestId, response.headers.get('x-amzn-requestid'));
    assert.equal(requestContext.identity.sourceIp, '127.0.0.1');
    const { asked: _asked, ...authorizer } = requestContext.authorizer;
    // API Gateway hands the authorizer's context on as text.
    assert.deepEqual(authorizer, { principalId: 'someone', isTest: 'true', text: 'x' });
  });

  test('comes from the fixed path before the one with a parameter', async () => {
    assert.equal((await eventOf(await ask('/things/fixed'))).resource, '/things/fixed');
  });
});

describe('the answer of a function', () => {
  test('is sent as it is, with its headers', async () => {
    const exactly = {
      statusCode: 201,
      headers: { 'Content-Type': 'application/problem+json', Location: '/x' },
      body: 'made',
    };
    const response = await post({ exactly });
    assert.deepEqual([response.status, await response.text()], [201, 'made']);
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    assert.equal(response.headers.get('location'), '/x');
  });

  test('may have several headers of one name', async () => {
    const cookies = ['a=1; Path=/', 'b=2; Path=/'];
    const multiValueHeaders = { 'Set-Cookie': cookies };
    const response = await post({ exactly: { statusCode: 200, multiValueHeaders, body: '' } });
    assert.deepEqual(response.headers.getSetCookie(), cookies);
  });

  for (const [what, wish] of [
    ['an error', { throw: true }],
    ['text', { exactly: 'text' }],
    ['no status', { exactly: { body: 'x' } }],
    ['a body that is no text', { exactly: { statusCode: 200, body: {} } }],
    ['a member that API Gateway does not know', { exactly: { statusCode: 200, cookies: [] } }],
  ] as const)
    test(`that is ${what} becomes 502, and nothing of it is shown`, async () => {
      const response = await post(wish);
      assert.equal(response.status, 502);
      assert.deepEqual(await response.json(), {
        id: response.headers.get('x-amzn-requestid'),
        type: 'DEFAULT_5XX',
      });
    });
});

describe('an open method', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' };
  const open = (path: string, headers: Record<string, string> = {}) =>
    fetch(aws.baseUrl + path, {
      method: 'POST',
      body: 'payload=%7B%22a%22%3A1%7D&x=%26',
      headers: { ...form, ...headers },
    });

  test('asks nobody, and a token that is sent along makes nobody of the caller', async () => {
    for (const headers of [{}, { authorization: bearer() }] as const) {
      const { requestContext } = await eventOf(await open('/open', headers));
      assert.ok(!('authorizer' in requestContext));
    }
  });

  test('gets a form as it was sent, byte by byte', async () => {
    const event = await eventOf(await open('/open'));
    assert.deepEqual([event.body, event.isBase64Encoded], ['payload=%7B%22a%22%3A1%7D&x=%26', false]);
  });

  test('sees all of several with one name, as API Gateway shows them', async () => {
    const event = await eventOf(await open('/open?state=1&state=2&code=3'));
    assert.deepEqual(event.multiValueQueryStringParameters, { state: ['1', '2'], code: ['3'] });
    assert.deepEqual((event.multiValueHeaders as object)['content-type' as never], [form['content-type']]);
  });

  test('is open by itself: another method of its path, or a path below, is not there', async () => {
    assert.equal((await fetch(`${aws.baseUrl}/open`)).status, 404);
    assert.equal((await open('/open/x')).status, 404);
    assert.equal((await open('/things')).status, 401);
  });

  test('sets several cookies', async () => {
    const exactly = {
      statusCode: 303,
      multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'], Location: ['/x'] },
    };
    const response = await fetch(`${aws.baseUrl}/open`, {
      method: 'POST',
      body: JSON.stringify({ exactly }),
      redirect: 'manual',
    });
    assert.equal(response.status, 303);
    assert.deepEqual(response.headers.getSetCookie(), ['a=1', 'b=2']);
  });
});

describe('what the gateway refuses by itself', () => {
  const refused = async (init: Parameters<typeof ask>[1], path = '/things/1') =>
    (await ask(path, init)).status;
  const withToken = (authorization: string) => ({ headers: { authorization } });

  for (const [what, token, status] of [
    ['a token that the expression does not match', 'Bearer a.b', 401],
    ['an empty token', '', 401],
    ['a token that the authorizer refuses', bearer('nobody'), 401],
    ['an authorizer that fails', bearer('broken'), 500],
    ['a policy that is no policy', bearer('nonsense'), 500],
    ['a context with a list in it', bearer('nested'), 500],
    ['a policy that denies', bearer('denied'), 403],
  ] as const)
    test(`${what}: ${status}`, async () => assert.equal(await refused(withToken(token)), status));

  test('a missing token, in the shape that the template gives it', async () => {
    const response = await fetch(`${aws.baseUrl}/things/1`);
    assert.equal(response.status, 401);
    assert.equal(response.headers.get('www-authenticate'), 'Bearer realm="sample"');
    assert.equal(response.headers.get('content-type'), 'application/problem+json');
    const id = response.headers.get('x-amzn-requestid');
    assert.deepEqual(await response.json(), { id, type: 'UNAUTHORIZED' });
  });

  for (const [what, path, method] of [
    ['a path', '/nothing', 'GET'],
    ['a method', '/things/1', 'PUT'],
    ['a trailing slash', '/things/1/', 'GET'],
    ['an empty parameter', '/things/', 'GET'],
    ['a path that climbs', '/things/../../etc/passwd', 'GET'],
  ] as const)
    test(`${what} that is not there, before anybody is asked`, async () => {
      assert.equal((await fetch(aws.baseUrl + path, { method })).status, 404);
    });

  test('a body of more than ten megabytes', async () => {
    assert.equal(await refused({ method: 'POST', body: 'x'.repeat(10 * 1024 * 1024 + 1) }, '/things'), 413);
  });
});

describe('what the authorizer answered', () => {
  const askedBy = async (authorization: string, path = '/things/1') => {
    const response = await ask(path, { headers: { authorization } });
    return response.status === 200
      ? (await eventOf(response)).requestContext.authorizer.asked
      : response.status;
  };

  test('is kept for the same token, and for no other', async () => {
    const token = bearer();
    const first = await askedBy(token);
    assert.equal(await askedBy(token, '/things/2'), first);
    assert.notEqual(await askedBy(bearer()), first);
  });

  test('is held against each method: a policy for one path is none for another', async () => {
    const token = bearer('narrow');
    assert.notEqual(await askedBy(token, '/things/1'), 403);
    assert.equal(await askedBy(token, '/things/2'), 403);
  });
});

describe('a stack', () => {
  const changed = (over: Partial<Assembly>) =>
    startAws({ assembly: { ...sample.assembly, ...over }, onLog: () => {} });

  test('has its schedule run when a test says so', async () => {
    const [rule] = sample.assembly.schedules;
    assert.ok(rule);
    assert.equal(rule.everyMs, 60_000);
    const answer = JSON.stringify(await aws.schedule.runNow(rule.arn));
    assert.match(answer, /"source":"aws.events"/);
  });

  test('lets a workflow invoke with the rights of its own role only', async (t) => {
    const roles = sample.assembly.roles.map((role) => ({ ...role, policies: [] }));
    const powerless = await changed({ roles });
    t.after(() => powerless.stop());
    const outcomeOf = async (stack: LocalAws) => {
      await stack.stepFunctions.call('StartExecution', { stateMachineArn: MACHINE, input: '{}' });
      const record = stack.stepFunctions.executions().at(-1);
      while (record?.status === 'RUNNING') await sleep(5);
      return record?.error ?? record?.status;
    };
    assert.deepEqual(
      [await outcomeOf(aws), await outcomeOf(powerless)],
      ['SUCCEEDED', 'Lambda.AWSLambdaException'],
    );
  });

  test('keeps its tables over a restart', async (t) => {
    const dataDir = await mkdtemp(join(tmpdir(), 'latchkey-data-'));
    t.after(() => rm(dataDir, { recursive: true, force: true }));
    const start = () => startAws({ ...sample, dataDir, onLog: () => {} });
    const Item = { pk: { S: 'TASK#1' }, sk: { S: 'x' } };
    const first = await start();
    await first.dynamo.call('PutItem', { TableName: TABLE, Item });
    await first.stop();
    const second = await start();
    assert.deepEqual((await second.dynamo.call('GetItem', { TableName: TABLE, Key: Item })).Item, Item);
    await second.stop();
  });

  test('is served by every gateway it is given, over https too', async (t) => {
    const directory = await mkdtemp(join(tmpdir(), 'latchkey-https-'));
    t.after(() => rm(directory, { recursive: true, force: true }));
    const { certPem, keyPem } = await localCertificate(directory);
    const secure = createSecureServer({ key: keyPem, cert: certPem });
    const port = await listenOnLoopback(secure);
    const both = await startAws({ ...sample, gateways: [createServer(), secure], onLog: () => {} });
    t.after(() => both.stop());
    assert.equal((await fetch(`${both.baseUrl}/things/1`)).status, 401);
    const asked = request(`https://localhost:${port}/open`, { method: 'POST', ca: certPem }).end('x=1');
    const [answer] = await once(asked, 'response');
    const event = JSON.parse(await text(answer));
    assert.deepEqual([event.path, event.body], ['/open', 'x=1']);
  });

  test('listens to this machine alone', async () => {
    const { port } = new URL(aws.baseUrl);
    const outside = Object.values((await import('node:os')).networkInterfaces())
      .flatMap((addresses) => addresses ?? [])
      .filter(({ internal, family }) => !internal && family === 'IPv4');
    for (const { address } of outside) {
      const reached = await new Promise((resolve) => {
        const socket = connect(Number(port), address, () => resolve(true)).on('error', () => resolve(false));
        socket.unref();
      });
      assert.equal(reached, false);
    }
  });
});
