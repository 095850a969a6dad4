import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LocalAws, startAws } from '../../local/aws.ts';
import { SECRET, synthesizeSample, TOPIC, WORKER } from './sample-stack.ts';

const OTHER_SECRET = SECRET.replace('/api', '/other');
const AUTHORIZER = WORKER.replace('-worker', '-authorizer');

let sample: Awaited<ReturnType<typeof synthesizeSample>>;
let aws: LocalAws;
const lines: string[] = [];
before(async () => {
  sample = await synthesizeSample();
  aws = await startAws({
    ...sample,
    secrets: { [SECRET]: '{"clientSecret":"s"}', [OTHER_SECRET]: '{}' },
    onLog: (name, line) => lines.push(`${name} ${line}`),
  });
});
after(async () => {
  await aws.stop();
  sample.remove();
});

/** What the function `api` is answered when it makes a call with its own keys. */
const callAsApi = async (
  service: string,
  command: string,
  input: object,
): Promise<Record<string, unknown>> => {
  const outcome = await aws.invoke('sample-api', { service, command, input });
  assert.ok('payload' in outcome, JSON.stringify(outcome));
  return outcome.payload as Record<string, unknown>;
};
const isRefused = async (...call: Parameters<typeof callAsApi>) =>
  assert.equal((await callAsApi(...call)).error, 'AccessDeniedException');

describe('secrets', () => {
  test('are what they were at the start, for whom the role names', async () => {
    const { SecretString, error } = await callAsApi('secretsmanager', 'GetSecretValue', { SecretId: SECRET });
    assert.deepEqual([SecretString, error], ['{"clientSecret":"s"}', undefined]);
  });

  test('of others are refused, and so is one that is not there', async () => {
    for (const SecretId of [OTHER_SECRET, SECRET.replace('a1B2c3', 'zzzzzz'), 'sample/api', '*'])
      await isRefused('secretsmanager', 'GetSecretValue', { SecretId });
  });

  test('are not changed', () =>
    isRefused('secretsmanager', 'PutSecretValue', { SecretId: SECRET, SecretString: '{}' }));
});

describe('topics', () => {
  test('keep what is published, for whoever looks from outside', async () => {
    const notice = { TopicArn: TOPIC, Subject: 'a', Message: 'b & <c> ü' };
    const { MessageId } = await callAsApi('sns', 'Publish', notice);
    assert.match(String(MessageId), /^[\w-]{36}$/);
    const { TopicArn, Subject, Message } = aws.published.at(-1) ?? {};
    assert.deepEqual({ TopicArn, Subject, Message }, notice);
  });

  test('of others are refused, and nothing is kept', async () => {
    const before = aws.published.length;
    await isRefused('sns', 'Publish', { TopicArn: `${TOPIC}-2`, Message: 'x' });
    await isRefused('sns', 'Subscribe', { TopicArn: TOPIC, Protocol: 'https' });
    assert.equal(aws.published.length, before);
  });
});

describe('an event for a function', () => {
  const send = (Payload: object, FunctionName = WORKER) =>
    callAsApi('lambda', 'Invoke', {
      FunctionName,
      InvocationType: 'Event',
      Payload: JSON.stringify(Payload),
    });
  const untilLogged = async (pattern: RegExp) => {
    const isLogged = () => lines.some((line) => pattern.test(line));
    for (const until = Date.now() + 5_000; !isLogged() && Date.now() < until; ) await sleep(20);
    assert.ok(isLogged());
  };

  test('is accepted at once, and done afterwards', async () => {
    const { StatusCode, FunctionError } = await send({ do: 'log', value: 'done behind it' });
    assert.deepEqual([StatusCode, FunctionError], [202, undefined]);
    await untilLogged(/worker .*done behind it/);
    const startedAt = performance.now();
    await send({ do: 'sleep', ms: 900 });
    assert.ok(performance.now() - startedAt < 800);
  });

  test('whose function fails is accepted too, and the failure is in the log', async () => {
    assert.deepEqual((await send({ do: 'refuse' })).FunctionError, undefined);
    await untilLogged(/worker .*"errorType":"TaskRefused"/);
  });

  test('takes the same right as a call', () =>
    isRefused('lambda', 'Invoke', { FunctionName: AUTHORIZER, InvocationType: 'Event', Payload: '{}' }));
});
