import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AssumeRoleCommand,
  type AssumeRoleCommandInput,
  GetCallerIdentityCommand,
  GetSessionTokenCommand,
  STSClient,
} from '@aws-sdk/client-sts';
import { type LocalAws, startAws } from '../../local/aws.ts';
import type { Session } from '../../local/sessions.ts';
import {
  API_ROLE,
  databaseUser,
  MACHINE,
  synthesizeSample,
  TABLE,
  TABLE_ARN,
  TARGET_ROLE,
  WORKER,
} from './sample-stack.ts';

let sample: Awaited<ReturnType<typeof synthesizeSample>>;
let aws: LocalAws;
const calls: string[] = [];
before(async () => {
  sample = await synthesizeSample();
  aws = await startAws({ ...sample, onLog: () => {}, onCall: ({ action }) => calls.push(action) });
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
const errorOf = async (...call: Parameters<typeof callAsApi>) => (await callAsApi(...call)).error;

const item = (pk: string, more: object = {}) => ({ pk: { S: pk }, sk: { S: 'x' }, ...more });
const key = (pk: string) => ({ TableName: TABLE, Key: item(pk) });

interface Keys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}
const settings = ({ accessKeyId, secretAccessKey, sessionToken }: Keys) => ({
  endpoint: aws.endpointUrl,
  region: 'eu-central-1',
  credentials: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
  maxAttempts: 1,
});
const issueAs = (over: object = {}): Session =>
  aws.sessions.issue({ roleArn: API_ROLE, name: 'test', ...over });

describe('rights of a role, at every call', () => {
  for (const [what, service, command, input, error] of [
    [
      'an item in a partition it may write',
      'dynamodb',
      'PutItem',
      { TableName: TABLE, Item: item('TASK#1') },
      undefined,
    ],
    [
      'an item in another partition',
      'dynamodb',
      'PutItem',
      { TableName: TABLE, Item: item('OTHER') },
      'AccessDeniedException',
    ],
    ['a consistent read', 'dynamodb', 'GetItem', key('TASK#1'), undefined],
    [
      'a batch read',
      'dynamodb',
      'BatchGetItem',
      { RequestItems: { [TABLE]: { Keys: [item('TASK#1')] } } },
      undefined,
    ],
    ['a delete that is allowed and denied', 'dynamodb', 'DeleteItem', key('TASK#1'), 'AccessDeniedException'],
    ['a scan, which nothing allows', 'dynamodb', 'Scan', { TableName: TABLE }, 'AccessDeniedException'],
    ['another table', 'dynamodb', 'GetItem', { ...key('x'), TableName: 'others' }, 'AccessDeniedException'],
    ['its function', 'lambda', 'Invoke', { FunctionName: WORKER, Payload: '{}' }, undefined],
    ['its function by name', 'lambda', 'Invoke', { FunctionName: 'sample-worker' }, undefined],
    ['another function', 'lambda', 'Invoke', { FunctionName: 'sample-authorizer' }, 'AccessDeniedException'],
    ['a function that is not there', 'lambda', 'Invoke', { FunctionName: 'none' }, 'AccessDeniedException'],
    ['its workflow', 'states', 'StartExecution', { stateMachineArn: MACHINE }, undefined],
    [
      'a look at the workflow',
      'states',
      'ListExecutions',
      { stateMachineArn: MACHINE },
      'AccessDeniedException',
    ],
    ['a made-up token', 'states', 'SendTaskSuccess', { taskToken: 'x', output: '{}' }, 'InvalidToken'],
  ] as const)
    test(`${what}: ${error ?? 'allowed'}`, async () =>
      assert.equal(await errorOf(service, command, input), error));

  test('a transaction is asked about item by item', async () => {
    const put = (pk: string) => ({ Put: { TableName: TABLE, Item: item(pk) } });
    const write = (...TransactItems: object[]) =>
      errorOf('dynamodb', 'TransactWriteItems', { TransactItems });
    assert.equal(await write(put('TASK#2'), put('TASK#3')), undefined);
    assert.equal(await write(put('TASK#4'), put('OTHER')), 'AccessDeniedException');
    const check = (pk: string) => ({
      ConditionCheck: { ...key(pk), ConditionExpression: 'attribute_exists(pk)' },
    });
    assert.equal(await write(put('TASK#5'), check('TASK#2')), undefined);
    assert.equal(await write(put('TASK#6'), check('OTHER')), 'AccessDeniedException');
    assert.deepEqual((await callAsApi('dynamodb', 'GetItem', key('TASK#4'))).Item, undefined);
  });

  test('a query of an index is not a query of its table', async () => {
    const query = {
      TableName: TABLE,
      KeyConditionExpression: '#due = :shard',
      ExpressionAttributeNames: { '#due': 'due' },
      ExpressionAttributeValues: { ':shard': { S: 'DUE#0' } },
    };
    assert.equal(await errorOf('dynamodb', 'Query', { ...query, IndexName: 'due' }), undefined);
    assert.equal(await errorOf('dynamodb', 'Query', query), 'AccessDeniedException');
  });

  test('an update may touch the attributes it may name, in expressions and conditions alike', async () => {
    const update = (UpdateExpression: string, more: object = {}) =>
      errorOf('dynamodb', 'TransactWriteItems', {
        TransactItems: [
          {
            Update: {
              ...key('TASK#9'),
              UpdateExpression,
              ExpressionAttributeValues: { ':v': { S: 'v' } },
              ...more,
            },
          },
        ],
      });
    assert.equal(await update('SET ticket = :v'), undefined);
    assert.equal(await update('SET body = :v'), 'AccessDeniedException');
    assert.equal(
      await update('SET #ticket = :v', { ExpressionAttributeNames: { '#ticket': 'body' } }),
      'AccessDeniedException',
    );
    assert.equal(
      await update('SET ticket = :v', { ConditionExpression: 'body <> :v' }),
      'AccessDeniedException',
    );
  });

  test('AccessDenied names who, what and where, as AWS does', async () => {
    assert.equal(
      (await callAsApi('dynamodb', 'Scan', { TableName: TABLE })).message,
      `User: arn:aws:sts::111122223333:assumed-role/sample-api/sample-api is not authorized to perform: dynamodb:Scan on resource: ${TABLE_ARN} because no identity-based policy allows the dynamodb:Scan action`,
    );
  });

  test('calls that were allowed are told once each, others are not', async () => {
    calls.length = 0;
    await callAsApi('dynamodb', 'GetItem', key('x'));
    await callAsApi('dynamodb', 'Scan', { TableName: TABLE });
    const TransactItems = ['TASK#6', 'TASK#7'].map((pk) => ({ Put: { TableName: TABLE, Item: item(pk) } }));
    await callAsApi('dynamodb', 'TransactWriteItems', { TransactItems });
    assert.deepEqual(calls, ['dynamodb:GetItem', 'dynamodb:TransactWriteItems']);
  });
});

describe('a function that invokes another', () => {
  test('sees its answer, and its error by name', async () => {
    const invoke = (Payload: string) => callAsApi('lambda', 'Invoke', { FunctionName: WORKER, Payload });
    const { Payload: answer, FunctionError: none } = await invoke('{"a":1}');
    assert.deepEqual([JSON.parse(String(answer)).echo, none], [{ a: 1 }, undefined]);
    const { Payload: error, FunctionError } = await invoke('{"do":"refuse"}');
    assert.deepEqual([JSON.parse(String(error)).errorType, FunctionError], ['TaskRefused', 'Unhandled']);
  });
});

describe('signatures', () => {
  const get = async (
    keys: Keys,
    change?: (request: { headers: Record<string, string>; body: Uint8Array }) => void,
  ) => {
    const client = new DynamoDBClient(settings(keys));
    if (change)
      client.middlewareStack.add(
        (next) => (args) => {
          change(args.request as { headers: Record<string, string>; body: Uint8Array });
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low' },
      );
    try {
      await client.send(new GetItemCommand(key('TASK#1')));
      return 'ok';
    } catch (error) {
      return (error as Error).name;
    } finally {
      client.destroy();
    }
  };

  test('good keys are taken', async () => assert.equal(await get(issueAs()), 'ok'));

  for (const [what, keys, error] of [
    ['unknown keys', { accessKeyId: 'ASIANOBODY' }, 'UnrecognizedClientException'],
    ['a wrong secret', { secretAccessKey: 'guessed' }, 'InvalidSignatureException'],
    ['another session token', { sessionToken: 'guessed' }, 'UnrecognizedClientException'],
  ] as const)
    test(`${what}: ${error}`, async () => assert.equal(await get({ ...issueAs(), ...keys }), error));

  test('keys without their session token are refused', async () => {
    const { accessKeyId, secretAccessKey } = issueAs();
    assert.equal(await get({ accessKeyId, secretAccessKey }), 'UnrecognizedClientException');
  });

  test('expired keys are refused', async () => {
    assert.equal(await get(issueAs({ expiration: Date.now() - 1 })), 'ExpiredTokenException');
  });

  for (const [what, change] of [
    [
      'another body',
      (request) => {
        request.body = Buffer.from(String(Buffer.from(request.body)).replace('TASK#1', 'TASK#2'));
        request.headers['content-length'] = String(request.body.length);
      },
    ],
    [
      'another operation',
      (request) => {
        request.headers['x-amz-target'] = 'DynamoDB_20120810.Scan';
      },
    ],
    [
      'an old date',
      (request) => {
        request.headers['x-amz-date'] = '20200101T000000Z';
      },
    ],
    [
      'a header that is no longer signed',
      (request) => {
        request.headers.authorization = (request.headers.authorization ?? '').replace(';x-amz-target', '');
      },
    ],
    [
      'another region',
      (request) => {
        request.headers.authorization = (request.headers.authorization ?? '').replace(
          'eu-central-1',
          'us-east-1',
        );
      },
    ],
  ] as [string, (request: { headers: Record<string, string>; body: Uint8Array }) => void][])
    test(`${what} than what was signed is refused`, async () => {
      assert.equal(await get(issueAs(), change), 'InvalidSignatureException');
    });

  test('an operation that was named after signing is refused', async () => {
    const client = new DynamoDBClient(settings(issueAs()));
    let target = '';
    const headersOf = (request: unknown) => (request as { headers: Record<string, string> }).headers;
    client.middlewareStack.add(
      (next) => (args) => {
        const headers = headersOf(Reflect.get(args, 'request'));
        target = headers['x-amz-target'] ?? '';
        delete headers['x-amz-target'];
        return next(args);
      },
      { step: 'build' },
    );
    client.middlewareStack.add(
      (next) => (args) => {
        headersOf(args.request)['x-amz-target'] = target;
        return next(args);
      },
      { step: 'finalizeRequest' },
    );
    const put = client.send(new PutItemCommand({ TableName: TABLE, Item: item('TASK#1') }));
    await assert.rejects(put, { name: 'InvalidSignatureException' });
    client.destroy();
  });

  test('no signature at all is refused', async () => {
    const response = await fetch(aws.endpointUrl, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.ListTables' },
      body: '{}',
    });
    assert.equal(response.status, 403);
    assert.match(await response.text(), /MissingAuthenticationTokenException/);
  });
});

describe('sessions of assumed roles', () => {
  const wish: AssumeRoleCommandInput = {
    RoleArn: TARGET_ROLE,
    RoleSessionName: 'grant-1',
    DurationSeconds: 900,
  };
  const assume = async (over: Partial<AssumeRoleCommandInput> = {}, as: Keys = issueAs()) => {
    const client = new STSClient(settings(as));
    const answer = await client
      .send(new AssumeRoleCommand({ ...wish, ...over }))
      .finally(() => client.destroy());
    return answer;
  };
  const keysOf = ({ Credentials: made }: Awaited<ReturnType<typeof assume>>) => ({
    accessKeyId: made?.AccessKeyId ?? '',
    secretAccessKey: made?.SecretAccessKey ?? '',
    sessionToken: made?.SessionToken ?? '',
  });

  test('have the name and the time that were asked for', async () => {
    const before = Date.now();
    const answer = await assume();
    assert.equal(answer.AssumedRoleUser?.Arn, 'arn:aws:sts::111122223333:assumed-role/sample-target/grant-1');
    const seconds = ((answer.Credentials?.Expiration?.getTime() ?? 0) - before) / 1000;
    assert.ok(seconds > 895 && seconds < 905);
  });

  test('may do what the role may', async () => {
    const session = aws.sessions.lookup(keysOf(await assume()).accessKeyId);
    assert.ok(session);
    const mayConnect = (user: string) =>
      aws.sessions.isAllowed(session, { action: 'rds-db:connect', resource: databaseUser(user) });
    assert.deepEqual([mayConnect('lk_other'), mayConnect('latchkey_admin')], [true, false]);
  });

  for (const [what, over, name] of [
    [
      'a role that nothing allows',
      { RoleArn: 'arn:aws:iam::111122223333:role/sample-api' },
      'AccessDeniedException',
    ],
    ['a role that does not exist', { RoleArn: `${TARGET_ROLE}2` }, 'AccessDeniedException'],
    ['a session name with a space', { RoleSessionName: 'a b' }, 'ValidationError'],
    ['a session of fourteen minutes', { DurationSeconds: 840 }, 'ValidationError'],
    ['more than an hour, which chaining forbids', { DurationSeconds: 3_601 }, 'ValidationError'],
    ['a session policy that says nothing', { Policy: '{}' }, 'ValidationError'],
    ['tags that are handed on', { TransitiveTagKeys: ['grant'] }, 'ValidationError'],
    [
      'a source identity, without the right to set one',
      { SourceIdentity: 'someone' },
      'AccessDeniedException',
    ],
    [
      'policies by ARN',
      { PolicyArns: [{ arn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' }] },
      'ValidationError',
    ],
  ] as [string, Partial<AssumeRoleCommandInput>, string][])
    test(`${what}: ${name}`, () => assert.rejects(assume(over), { name }));

  test('a caller whom the role does not trust is refused', async () => {
    const stranger = aws.sessions.issue({
      roleArn: 'arn:aws:iam::111122223333:role/sample-worker',
      name: 'x',
    });
    await assert.rejects(assume({}, stranger), { name: 'AccessDeniedException' });
  });

  test('bad keys are refused', async () => {
    await assert.rejects(assume({}, { ...issueAs(), secretAccessKey: 'x' }), {
      name: 'InvalidSignatureException',
    });
  });

  test('keys are told whose they are', async () => {
    const client = new STSClient(settings(issueAs()));
    const { Arn } = await client.send(new GetCallerIdentityCommand({}));
    assert.equal(Arn, 'arn:aws:sts::111122223333:assumed-role/sample-api/test');
    client.destroy();
  });

  test('another operation of STS is refused', async () => {
    const client = new STSClient(settings(issueAs()));
    await assert.rejects(client.send(new GetSessionTokenCommand({})), { name: 'ValidationError' });
    client.destroy();
  });

  test('they write nothing with rights of the role that assumed them', async () => {
    const client = new DynamoDBClient(settings(keysOf(await assume())));
    const put = client.send(new PutItemCommand({ TableName: TABLE, Item: item('TASK#1') }));
    await assert.rejects(put, { name: 'AccessDeniedException' });
    client.destroy();
  });
});
