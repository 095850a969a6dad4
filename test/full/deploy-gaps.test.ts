import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { ConditionalCheckFailedException, DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateFunctionCommand, InvokeCommand } from '@aws-sdk/client-lambda';
import {
  CreateStateMachineCommand,
  DescribeExecutionCommand,
  SendTaskSuccessCommand,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { localCertificate } from '../../local/certificates.ts';
import { assume, clientsOf } from './aws-clients.ts';
import { UNKNOWN_TYPES } from './cloud-assembly.ts';
import { deployProbe } from './deploy-probe.ts';
import { ACCOUNT, REGION } from './deploy-stack.ts';
import { startMiniStack } from './start-ministack.ts';
import { VENV_DIR, WORK_DIR } from './tools.ts';

// Where MiniStack differs from AWS in what matters here. A test that fails tells of good news: the gap is closed, and
// what `cloud-assembly.ts` concedes or `deploy.test.ts` says it does not prove can go.
const workDir = join(WORK_DIR, 'gaps');
rmSync(workDir, { recursive: true, force: true });
mkdirSync(workDir, { recursive: true });
const { certPem } = await localCertificate(workDir);
setDefaultCACertificates([...getCACertificates('default'), certPem]);
const ministack = await startMiniStack({
  account: ACCOUNT,
  region: REGION,
  workDir,
  caFile: join(workDir, 'ca.pem'),
  keyFile: join(workDir, 'ca.key'),
});
after(() => ministack.stop());
const admin = clientsOf(ministack);
const probe = (name: string, resources: Parameters<typeof deployProbe>[2]['resources']) =>
  deployProbe(ministack, workDir, { name, resources });

const roleArn = (name: string) => `arn:aws:iam::${ACCOUNT}:role/${name}`;
const role = (RoleName: string, allow: object, condition: object = {}) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    RoleName,
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Principal: { AWS: `arn:aws:iam::${ACCOUNT}:root` },
          Action: 'sts:AssumeRole',
          ...condition,
        },
      ],
    },
    Policies: [
      {
        PolicyName: 'rights',
        PolicyDocument: { Version: '2012-10-17', Statement: [{ Effect: 'Allow', Resource: '*', ...allow }] },
      },
    ],
  },
});
const machineArn = (name: string) => `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:${name}`;

before(() =>
  probe('places', {
    Caller: role('caller', { Action: ['dynamodb:*', 'sts:*'] }),
    Target: role(
      'target',
      { Action: 's3:ListAllMyBuckets' },
      { Condition: { ArnEquals: { 'aws:PrincipalArn': roleArn('caller') } } },
    ),
    OtherKeys: role('other-keys', {
      Action: 'dynamodb:PutItem',
      Condition: { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['OTHER#*'] } },
    }),
    Signaller: role('signaller', { Action: 'states:SendTaskSuccess', Resource: machineArn('any') }),
    Table: {
      Type: 'AWS::DynamoDB::Table',
      Properties: {
        TableName: 'kept',
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
        KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
        ResourcePolicy: {
          PolicyDocument: {
            Version: '2012-10-17',
            Statement: [{ Effect: 'Deny', Principal: '*', Action: 'dynamodb:DeleteItem', Resource: '*' }],
          },
        },
      },
    },
  }),
);

const as = async (name: string) => clientsOf(ministack, await assume(admin, roleArn(name)));
const NEVER = { TableName: 'kept', ConditionExpression: 'attribute_exists(nothing)' };

test('types of resources that are left out are still unknown', async () => {
  const resources = Object.fromEntries(
    UNKNOWN_TYPES.map((Type, index) => [`R${index}`, { Type, Properties: {} }]),
  );
  await assert.rejects(probe('unknown', resources), (error: Error) =>
    error.message.includes(`Unrecognized resource types: [${UNKNOWN_TYPES.toSorted().join(', ')}]`),
  );
});

test('alarms over several metrics are still refused', async () => {
  const metric = { MetricStat: { Metric: { Namespace: 'X', MetricName: 'Y' }, Period: 60, Stat: 'Sum' } };
  const Properties = {
    ComparisonOperator: 'GreaterThanThreshold',
    EvaluationPeriods: 1,
    Threshold: 1,
    Metrics: [
      { Id: 'a', ReturnData: false, ...metric },
      { Id: 'b', Expression: 'a * 2' },
    ],
  };
  const resources = { Alarm: { Type: 'AWS::CloudWatch::Alarm', Properties } };
  await assert.rejects(probe('alarm', resources), /metric math\) is not supported/);
});

test('`aws:PrincipalArn` is still that of a session and not of its role', async () => {
  await assert.rejects(assume(await as('caller'), roleArn('target')), { name: 'AccessDenied' });
});

test('a source identity that the trust policy does not admit is still accepted', async () => {
  await assume(admin, roleArn('caller'), { SourceIdentity: 'somebody' });
});

test('a session longer than its role allows is still given', async () => {
  await assume(admin, roleArn('caller'), { DurationSeconds: 43_200 });
});

test('the policy of a table is still not looked at', async () => {
  const { dynamo } = await as('caller');
  const remove = new DeleteItemCommand({ ...NEVER, Key: { pk: { S: 'x' } } });
  await assert.rejects(dynamo.send(remove), ConditionalCheckFailedException);
});

test('`dynamodb:LeadingKeys` still holds for every key', async () => {
  const { dynamo } = await as('other-keys');
  const put = new PutItemCommand({ ...NEVER, Item: { pk: { S: 'TASK#none' } } });
  await assert.rejects(dynamo.send(put), ConditionalCheckFailedException);
});

test('signals to tasks are still not authorized for their state machine', async () => {
  const { sfn } = await as('signaller');
  const signal = new SendTaskSuccessCommand({ taskToken: 'none', output: '{}' });
  await assert.rejects(sfn.send(signal), { name: 'AccessDeniedException' });
});

const makeFunction = async (name: string, file: string): Promise<void> => {
  const source = join(workDir, file);
  writeFileSync(
    source,
    `exports.handler = async (event) => {
       if (event.fail) throw Object.assign(new Error('told'), { name: 'TransientFailure' });
       return event;
     };`,
  );
  const zip = join(workDir, `${name}.zip`);
  execFileSync(join(VENV_DIR, 'bin/python'), ['-m', 'zipfile', '-c', zip, source]);
  await admin.lambda.send(
    new CreateFunctionCommand({
      FunctionName: name,
      Role: roleArn('caller'),
      Runtime: 'nodejs24.x',
      Handler: 'index.handler',
      Code: { ZipFile: readFileSync(zip) },
    }),
  );
};

test('a handler in `index.cjs` is still not found, and one in `index.js` is', async () => {
  await makeFunction('cjs', 'index.cjs');
  await makeFunction('js', 'index.js');
  const invoke = async (FunctionName: string) => {
    const { FunctionError, Payload } = await admin.lambda.send(
      new InvokeCommand({ FunctionName, Payload: '{}' }),
    );
    return [FunctionError, Buffer.from(Payload ?? []).toString()] as const;
  };
  assert.match((await invoke('cjs'))[1], /Cannot find module/);
  assert.deepEqual(await invoke('js'), [undefined, '{}']);
});

const WAIT_FOR_SIGNAL = {
  Type: 'Task',
  Resource: 'arn:aws:states:::lambda:invoke.waitForTaskToken',
  Arguments: { FunctionName: 'js', Payload: { token: '{% $states.context.Task.Token %}' } },
  End: true,
};
const PATIENCE_MS = 2_500;

/** What has become of an execution of this one state after a while that is longer than any limit in it. */
const outcomeOf = async (name: string, state: object, machine: object = {}) => {
  const definition = { QueryLanguage: 'JSONata', StartAt: 'Only', States: { Only: state }, ...machine };
  const { stateMachineArn } = await admin.sfn.send(
    new CreateStateMachineCommand({
      name,
      roleArn: roleArn('caller'),
      definition: JSON.stringify(definition),
    }),
  );
  const { executionArn } = await admin.sfn.send(new StartExecutionCommand({ stateMachineArn, input: '{}' }));
  await new Promise((resolve) => setTimeout(resolve, PATIENCE_MS));
  const { status, error } = await admin.sfn.send(new DescribeExecutionCommand({ executionArn }));
  return { status, error };
};

describe('Step Functions', { concurrency: true }, () => {
  test('a literal time-out of a state holds, and one that is an expression still does not', async () => {
    assert.deepEqual(await outcomeOf('literal', { ...WAIT_FOR_SIGNAL, TimeoutSeconds: 1 }), {
      status: 'FAILED',
      error: 'States.Timeout',
    });
    const { error } = await outcomeOf('expression', { ...WAIT_FOR_SIGNAL, TimeoutSeconds: '{% 1 %}' });
    assert.notEqual(error, 'States.Timeout');
  });

  test('a missed heartbeat is still not noticed', async () => {
    const state = { ...WAIT_FOR_SIGNAL, TimeoutSeconds: 10, HeartbeatSeconds: 1 };
    assert.equal((await outcomeOf('heartbeat', state)).status, 'RUNNING');
  });

  test('the time-out of a whole machine is still not noticed', async () => {
    const state = { Type: 'Wait', Seconds: 10, End: true };
    assert.equal((await outcomeOf('machine', state, { TimeoutSeconds: 1 })).status, 'RUNNING');
  });

  test('the name of an error that a function throws is still lost, and with it what a retrier looks for', async () => {
    const state = {
      Type: 'Task',
      Resource: 'arn:aws:states:::lambda:invoke',
      Arguments: { FunctionName: 'js', Payload: { fail: true } },
      End: true,
    };
    const { status, error } = await outcomeOf('named', state);
    assert.deepEqual([status, error], ['FAILED', 'Runtime.HandlerError']);
  });
});
