import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Context } from 'aws-lambda';
import { createLogger, type LogFields } from '../../lambdas/functions/logger.ts';
import { captureLog } from '../support/capture-log.ts';

const lineOf = async (message: string, fields?: LogFields): Promise<Record<string, unknown>> => {
  const [line, ...more] = await captureLog(() => createLogger('authorizer').log('warn', message, fields));
  assert.ok(line !== undefined && more.length === 0);
  return line;
};

test('a line says when, how grave, which function, and the fields that may be said', async () => {
  const { timestamp, ...line } = await lineOf('token refused', { reason: 'expired', status: 401, count: 2 });
  assert.ok(Math.abs(Date.parse(String(timestamp)) - Date.now()) < 5_000);
  const { service, ...rest } = line;
  assert.equal(typeof service, 'string');
  assert.deepEqual(rest, {
    level: 'WARN',
    message: 'token refused',
    function: 'authorizer',
    reason: 'expired',
    status: 401,
    count: 2,
  });
});

test('a field that is not on the list is dropped, and only its absence is told', async () => {
  const line = await lineOf('x', {
    token: 'canary-1',
    authorization: 'canary-2',
    claims: 'canary-3',
    reason: 'expired',
  });
  assert.equal(line.fieldsDropped, 3);
  assert.doesNotMatch(JSON.stringify(line), /canary/);
});

test('an object is never written out, whatever its field is called', async () => {
  const fields = { reason: { token: 'canary' }, issuer: ['canary'] } as unknown as LogFields;
  const line = await lineOf('x', fields);
  assert.deepEqual([line.reason, line.issuer], ['[object]', '[object]']);
});

test('secrets in messages and fields are taken out, and long values are cut', async () => {
  const line = await lineOf('sent Bearer canary', {
    about: `https://x/?X-Amz-Signature=canary`,
    cause: 'y'.repeat(5_000),
  });
  assert.doesNotMatch(JSON.stringify(line), /canary/);
  assert.equal(String(line.cause).length, 512);
});

test('an error is its name, code and place; its message never appears, in a stack or a cause either', async () => {
  const cause = Object.assign(new Error('row ("canary") exists'), { code: '23505', detail: 'canary' });
  const error = new TypeError('canary\n    at canary (/canary.js:1:2)\ncanary', { cause });
  const line = await lineOf('failed', { error });
  assert.doesNotMatch(JSON.stringify(line).replace(/at canary \(\/canary\.js:1:2\)/, ''), /canary/);
  const described = line.error as { name: string; stack: string[]; cause: { code: string } };
  assert.equal(described.name, 'TypeError');
  assert.equal(described.cause.code, '23505');
  assert.ok(
    described.stack.some((frame) => /logger\.test\.ts:\d+:\d+/.test(frame)),
    described.stack.join('\n'),
  );
});

test('a name or code that is no name or code is not repeated', async () => {
  const error = Object.assign(new Error('x'), { name: 'canary secret', code: { toString: () => 'canary' } });
  const line = await lineOf('failed', { error });
  assert.doesNotMatch(JSON.stringify(line), /canary/);
});

test('an error that is its own cause ends', async () => {
  const error = new Error('x');
  error.cause = error;
  assert.ok(await lineOf('failed', { error }));
});

test('lines of an invocation carry its id', async () => {
  const [line] = await captureLog(() => {
    const { log, beginInvocation } = createLogger('authorizer');
    beginInvocation({ awsRequestId: 'invocation-1', functionName: 'f' } as Context);
    log('info', 'x');
  });
  assert.equal(line?.invocationId, 'invocation-1');
});
