import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { generate } from 'selfsigned';
import type { FunctionSource } from '../../local/assembly.ts';
import type { InvokeOutcome } from '../../local/lambda-boot.ts';
import { createLambdaFunction, type LambdaFunction } from '../../local/lambda-worker.ts';
import { closeServer, listenOnLoopback } from '../../local/loopback.ts';

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), 'latchkey-worker-'));
  const worker = join(import.meta.dirname, 'sample/worker.ts');
  const out = { bundle: true, platform: 'node', format: 'cjs' } as const;
  await build({ ...out, entryPoints: [worker], outfile: join(directory, 'index.cjs') });
  await writeFile(join(directory, 'broken.cjs'), 'throw new RangeError("at load")');
  await writeFile(
    join(directory, 'fetching.mjs'),
    'export const handler = async ({ url }) => (await fetch(url)).text()',
  );
});
after(() => rm(directory, { recursive: true, force: true }));

const open = (
  t: TestContext,
  {
    handler = 'index.handler',
    timeoutSeconds = 1,
    ...options
  }: {
    handler?: string;
    timeoutSeconds?: number;
    maxWorkers?: number;
    localCaPem?: string;
  } = {},
): { lambda: LambdaFunction; logs: string[]; failure: (event: unknown) => Promise<object> } => {
  const source: FunctionSource = {
    name: 'worker',
    arn: 'arn:aws:lambda:eu-central-1:111122223333:function:worker',
    roleArn: 'arn:aws:iam::111122223333:role/worker',
    directory,
    handler,
    environment: { COLOUR: 'green' },
    timeoutSeconds,
    memoryMb: 128,
  };
  const logs: string[] = [];
  const onLog = (line: string): void => void logs.push(line);
  const lambda = createLambdaFunction(source, {
    environment: { AWS_REGION: 'eu-central-1' },
    onLog,
    ...options,
  });
  t.after(() => lambda.close());
  const failure = async (event: unknown): Promise<object> => {
    const outcome = await lambda.invoke(event);
    assert.ok('failure' in outcome, 'the function did not fail');
    const { errorType, errorMessage } = outcome.failure;
    return { errorType, errorMessage };
  };
  return { lambda, logs, failure };
};

const payloadOf = (outcome: InvokeOutcome) => {
  assert.ok('payload' in outcome, JSON.stringify(outcome));
  return outcome.payload as Record<string, unknown>;
};

describe('a function in its worker', { concurrency: true }, () => {
  test('answers, and keeps its memory between events', async (t) => {
    const { lambda } = open(t);
    assert.deepEqual(payloadOf(await lambda.invoke({ a: 1 })), { events: 1, echo: { a: 1 } });
    assert.equal(payloadOf(await lambda.invoke({})).events, 2);
  });

  test('sees the environment of Lambda and of its template, and nothing of this process', async (t) => {
    const { lambda } = open(t);
    const { COLOUR, AWS_LAMBDA_FUNCTION_NAME, AWS_REGION, LAMBDA_TASK_ROOT, PATH, HOME } = payloadOf(
      await lambda.invoke({ do: 'environment' }),
    );
    assert.deepEqual([COLOUR, AWS_LAMBDA_FUNCTION_NAME, AWS_REGION], ['green', 'worker', 'eu-central-1']);
    assert.equal(LAMBDA_TASK_ROOT, directory);
    assert.deepEqual([PATH, HOME], [undefined, undefined]);
  });

  test('gets a context with a request id and the time it has left', async (t) => {
    const { lambda } = open(t);
    const context = payloadOf(await lambda.invoke({ do: 'context' }));
    assert.match(String(context.awsRequestId), /^[0-9a-f-]{36}$/);
    assert.ok(Number(context.left) > 0 && Number(context.left) <= 1_000);
  });

  test('answers null when it returns nothing', async (t) => {
    assert.deepEqual(await open(t).lambda.invoke({ do: 'nothing' }), { payload: null });
  });

  test('fails under the name of what it throws, and goes on', async (t) => {
    const { lambda, failure } = open(t);
    assert.deepEqual(await failure({ do: 'refuse' }), { errorType: 'TaskRefused', errorMessage: 'as told' });
    assert.equal(payloadOf(await lambda.invoke({})).events, 2);
  });

  test('is ended when its time is over, and starts afresh', async (t) => {
    const { lambda, failure } = open(t);
    const { errorType, errorMessage } = (await failure({ do: 'sleep', ms: 60_000 })) as Record<
      string,
      string
    >;
    assert.equal(errorType, 'Sandbox.Timedout');
    assert.match(errorMessage ?? '', /Task timed out after 1\.00 seconds$/);
    assert.equal(payloadOf(await lambda.invoke({})).events, 1);
  });

  for (const crash of ['exit', 'exhaust'])
    test(`that dies (${crash}) fails what it was at, and takes nothing else down`, async (t) => {
      const { lambda, failure } = open(t, { timeoutSeconds: 20 });
      assert.equal(((await failure({ do: crash })) as { errorType: string }).errorType, 'Runtime.ExitError');
      assert.equal(payloadOf(await lambda.invoke({})).events, 1);
    });

  test('that is killed fails what it was at; the next event finds a new one', async (t) => {
    const { lambda, failure } = open(t, { timeoutSeconds: 20 });
    await lambda.invoke({});
    const inFlight = failure({ do: 'sleep', ms: 60_000 });
    await sleep(30);
    lambda.kill();
    assert.equal(((await inFlight) as { errorType: string }).errorType, 'Runtime.ExitError');
    assert.equal(payloadOf(await lambda.invoke({})).events, 1);
  });

  test('that is closed fails what it was at, what waits for it and what comes later, and starts nothing', async (t) => {
    const { lambda, failure } = open(t, { timeoutSeconds: 20, maxWorkers: 1 });
    await lambda.invoke({});
    const [inFlight, waiting] = [failure({ do: 'sleep', ms: 60_000 }), failure({})];
    await sleep(30);
    lambda.close();
    const told = (await Promise.all([inFlight, waiting, failure({})])).map((one) => JSON.stringify(one));
    assert.match(told[0] ?? '', /signal: killed/);
    for (const one of told.slice(1)) assert.match(one, /no function any more/);
  });

  test('that cannot be loaded says why, each time', async (t) => {
    const { failure } = open(t, { handler: 'broken.handler' });
    const why = { errorType: 'RangeError', errorMessage: 'at load' };
    assert.deepEqual([await failure({}), await failure({})], [why, why]);
  });

  test('has everything it prints handed on as log lines, thrown errors too', async (t) => {
    const { lambda, logs } = open(t);
    await lambda.invoke({ do: 'log', value: 'hello' });
    await lambda.invoke({ do: 'refuse' });
    while (logs.length < 3) await sleep(5);
    assert.deepEqual(logs.slice(0, 2).sort(), ['hello', 'to stderr']);
    assert.match(logs[2] ?? '', /Invoke Error.*TaskRefused.*as told/);
  });

  test('handles one event at a time in each worker, and more side by side up to the limit', async (t) => {
    const { lambda } = open(t, { maxWorkers: 2, timeoutSeconds: 20 });
    await Promise.all([lambda.invoke({}), lambda.invoke({})]);
    const before = Date.now();
    const nap = { do: 'sleep', ms: 200 };
    await Promise.all(Array.from({ length: 4 }, () => lambda.invoke(nap)));
    const took = Date.now() - before;
    assert.ok(took >= 400 && took < 700, `took ${took} ms`);
  });

  test('trusts the local certificate authority, and only when it is handed one', async (t) => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] },
      ],
    });
    const server = createServer({ cert, key }, (_request, response) => response.end('trusted'));
    const url = `https://localhost:${await listenOnLoopback(server)}`;
    t.after(() => closeServer(server));
    const handler = 'fetching.handler';
    const { lambda } = open(t, { handler, localCaPem: cert, timeoutSeconds: 10 });
    assert.deepEqual(await lambda.invoke({ url }), { payload: 'trusted' });
    const { failure } = open(t, { handler, timeoutSeconds: 10 });
    assert.equal(((await failure({ url })) as { errorType: string }).errorType, 'TypeError');
  });
});
