import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ApiEnvironment } from '../../lambdas/functions/api.env.ts';
import { AuthorizerEnvironment } from '../../lambdas/functions/authorizer.env.ts';
import { ConsoleEnvironment } from '../../lambdas/functions/console.env.ts';
import { ContainmentEnvironment } from '../../lambdas/functions/containment.env.ts';
import { NotifierEnvironment } from '../../lambdas/functions/notifier.env.ts';
import { ReaderEnvironment } from '../../lambdas/functions/reader.env.ts';
import { RevokerEnvironment } from '../../lambdas/functions/revoker.env.ts';
import { RunnerEnvironment } from '../../lambdas/functions/runner.env.ts';
import { SweeperEnvironment } from '../../lambdas/functions/sweeper.env.ts';
import { VendEnvironment } from '../../lambdas/functions/vend.env.ts';
import { WaiterEnvironment } from '../../lambdas/functions/waiter.env.ts';
import { BILLING, FUNCTIONS, ORDERS, RAW_SETTINGS } from './sample-settings.ts';
import { ofType, sampleResources, type TemplateResource } from './sample-stack.ts';

const resources = sampleResources({ resources: [ORDERS, BILLING] });
const functions = ofType(resources, 'AWS::Lambda::Function');
const functionOf = (name: string) => {
  const found = functions.find(
    ({ properties }) => properties.FunctionName === `latchkey-${name}`,
  )?.properties;
  assert.ok(found, name);
  return found;
};

describe('tables', () => {
  const tableOf = (id: string) => ofType(resources, 'AWS::DynamoDB::Table').find((table) => table.id === id);
  const grants = tableOf('TablesGrants');
  const audit = tableOf('TablesAudit');

  test('survive the stack, a mistaken deletion and a lost hour', () => {
    assert.equal(ofType(resources, 'AWS::DynamoDB::Table').length, 3);
    for (const table of [grants, audit]) {
      assert.equal(table?.deletionPolicy, 'Retain');
      assert.equal(table?.properties.DeletionProtectionEnabled, true);
      assert.equal(table?.properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, true);
      assert.equal(table?.properties.SSESpecification.SSEEnabled, true);
      assert.equal(table?.properties.BillingMode, 'PAY_PER_REQUEST');
    }
  });

  test('grants has the keys and sparse indexes that the store reads', () => {
    assert.deepEqual(grants?.properties.KeySchema, [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ]);
    assert.deepEqual(grants?.properties.GlobalSecondaryIndexes, [
      {
        IndexName: 'due',
        KeySchema: [
          { AttributeName: 'due', KeyType: 'HASH' },
          { AttributeName: 'dueAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'KEYS_ONLY' },
      },
      {
        IndexName: 'mine',
        KeySchema: [
          { AttributeName: 'mine', KeyType: 'HASH' },
          { AttributeName: 'createdAt', KeyType: 'RANGE' },
        ],
        Projection: { ProjectionType: 'ALL' },
      },
    ]);
    assert.deepEqual(grants?.properties.TimeToLiveSpecification, { AttributeName: 'purgeAt', Enabled: true });
  });

  test('audit forgets nothing by age and lets nobody change what it holds', () => {
    assert.equal(audit?.properties.TimeToLiveSpecification, undefined);
    assert.deepEqual(audit?.properties.KeySchema, [
      { AttributeName: 'chain', KeyType: 'HASH' },
      { AttributeName: 'seq', KeyType: 'RANGE' },
    ]);
    const [statement, ...others] = audit?.properties.ResourcePolicy.PolicyDocument.Statement ?? [];
    assert.deepEqual(others, []);
    assert.equal(statement.Effect, 'Deny');
    assert.deepEqual(statement.Principal, { AWS: '*' });
    for (const action of ['UpdateItem', 'DeleteItem', 'BatchWriteItem', 'UpdateTimeToLive', 'DeleteTable'])
      assert.ok(statement.Action.includes(`dynamodb:${action}`), action);
  });
});

describe('payloads', () => {
  const keys = ofType(resources, 'AWS::DynamoDB::Table').find(({ id }) => id === 'PayloadsKeys');
  const [bucket, ...otherBuckets] = ofType(resources, 'AWS::S3::Bucket');

  test('keys survive the stack, forget by age, and are in no backup from which one could come back', () => {
    assert.deepEqual(keys?.properties.KeySchema, [{ AttributeName: 'task', KeyType: 'HASH' }]);
    assert.equal(keys?.deletionPolicy, 'Retain');
    assert.equal(keys?.properties.DeletionProtectionEnabled, true);
    assert.equal(keys?.properties.PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled, false);
    assert.equal(keys?.properties.StreamSpecification, undefined);
    assert.deepEqual(keys?.properties.TimeToLiveSpecification, { AttributeName: 'purgeAt', Enabled: true });
  });

  test('objects are in one bucket that is nobody’s to read, and in which a deletion deletes', () => {
    assert.deepEqual(otherBuckets, []);
    assert.equal(bucket?.deletionPolicy, 'Retain');
    assert.equal(bucket?.properties.VersioningConfiguration, undefined);
    assert.equal(bucket?.properties.ReplicationConfiguration, undefined);
    assert.deepEqual([...new Set(Object.values(bucket?.properties.PublicAccessBlockConfiguration))], [true]);
    const [{ ServerSideEncryptionByDefault: encryption }] =
      bucket?.properties.BucketEncryption.ServerSideEncryptionConfiguration ?? [];
    assert.equal(encryption.SSEAlgorithm, 'AES256');
  });

  test('what is kept goes after as many days as settings say, and what is held does not', () => {
    const rulesOf = ({ properties }: { properties: TemplateResource['properties'] }) =>
      properties.LifecycleConfiguration.Rules.map(
        ({ ExpirationInDays, TagFilters }: { ExpirationInDays: number; TagFilters: unknown }) => [
          ExpirationInDays,
          TagFilters,
        ],
      );
    const kept = [{ Key: 'latchkey', Value: 'kept' }];
    assert.deepEqual(bucket && rulesOf(bucket), [[90, kept]]);
    const [short] = ofType(sampleResources({ settings: { payloadRetentionDays: 7 } }), 'AWS::S3::Bucket');
    assert.deepEqual(short && rulesOf(short), [[7, kept]]);
  });

  test('nobody reaches the bucket without TLS 1.2, and nobody puts where something is', () => {
    const [policy] = ofType(resources, 'AWS::S3::BucketPolicy');
    const denied = policy?.properties.PolicyDocument.Statement.map(
      ({ Effect, Principal, Action, Condition }: Record<string, unknown>) => {
        assert.deepEqual([Effect, Principal], ['Deny', { AWS: '*' }]);
        return [Action, Condition];
      },
    );
    assert.deepEqual(denied, [
      ['s3:*', { Bool: { 'aws:SecureTransport': 'false' } }],
      ['s3:*', { NumericLessThan: { 's3:TlsVersion': 1.2 } }],
      ['s3:PutObject', { Null: { 's3:if-none-match': 'true' } }],
    ]);
  });
});

describe('functions', () => {
  test('run on Node 24 and arm64, traced, in JSON, each with a log of its own that ends', () => {
    assert.deepEqual(
      functions.map(({ properties }) => properties.FunctionName).sort(),
      FUNCTIONS.map((name) => `latchkey-${name}`).sort(),
    );
    for (const name of FUNCTIONS) {
      const { Runtime, Architectures, TracingConfig, LoggingConfig, Handler } = functionOf(name);
      assert.deepEqual([Runtime, Architectures, Handler], ['nodejs24.x', ['arm64'], 'index.handler']);
      assert.equal(TracingConfig.Mode, 'Active');
      assert.equal(LoggingConfig.LogFormat, 'JSON');
      assert.equal(LoggingConfig.LogGroup, `<${name}Logs>`);
    }
  });

  test('every log is kept for as long as settings say and no longer', () => {
    const logs = ofType(resources, 'AWS::Logs::LogGroup');
    assert.equal(logs.length, FUNCTIONS.length + 3);
    for (const { properties } of logs) assert.equal(properties.RetentionInDays, 90);
    const fortnight = ofType(sampleResources({ settings: { logRetentionDays: 14 } }), 'AWS::Logs::LogGroup');
    for (const { properties } of fortnight) assert.equal(properties.RetentionInDays, 14);
  });

  test('find in their environment what their schema asks for', () => {
    const schemas = {
      authorizer: AuthorizerEnvironment,
      api: ApiEnvironment,
      reader: ReaderEnvironment,
      vend: VendEnvironment,
      runner: RunnerEnvironment,
      revoker: RevokerEnvironment,
      waiter: WaiterEnvironment,
      console: ConsoleEnvironment,
      containment: ContainmentEnvironment,
      notifier: NotifierEnvironment,
      sweeper: SweeperEnvironment,
    };
    for (const name of FUNCTIONS) {
      const deployed = functionOf(name).Environment.Variables;
      const resolved = Object.fromEntries(
        Object.entries(deployed).map(([key, value]) => [
          key,
          /Arn>$/.test(String(value)) ? 'arn:aws:x' : value,
        ]),
      );
      assert.ok(schemas[name].safeParse(resolved).success, `${name}: ${JSON.stringify(deployed)}`);
      const known = [
        ...Object.keys(schemas[name].shape),
        'POWERTOOLS_SERVICE_NAME',
        'POWERTOOLS_METRICS_NAMESPACE',
      ];
      const settingsLeaveOut = ['SLACK_API_URL', 'WEBHOOK_URL', 'PASSWORD_SECRET_ARN'].filter((key) =>
        known.includes(key),
      );
      assert.deepEqual([...Object.keys(deployed), ...settingsLeaveOut].sort(), known.sort(), name);
    }
  });

  test('are told by settings where people decide and who is told, and nothing that settings leave out', () => {
    const alone = sampleResources({
      settings: {
        console: { ...RAW_SETTINGS.console, secretArn: undefined },
        notifications: { secretArn: RAW_SETTINGS.notifications.secretArn, webhookUrl: 'https://a.example/x' },
      },
    });
    const environmentOf = (from: readonly TemplateResource[], name: string) =>
      ofType(from, 'AWS::Lambda::Function').find(
        ({ properties }) => properties.FunctionName === `latchkey-${name}`,
      )?.properties.Environment.Variables;
    const { OIDC_ISSUER, CONSOLE_URL, SLACK_TEAM_ID } = environmentOf(resources, 'console');
    assert.deepEqual(
      [OIDC_ISSUER, CONSOLE_URL, SLACK_TEAM_ID],
      ['https://id.example.com/', 'https://latchkey.example.com', 'T0123ABCD'],
    );
    for (const name of ['api', 'reader', 'notifier'])
      assert.equal(environmentOf(alone, name).CONSOLE_URL, RAW_SETTINGS.console.url);
    assert.equal(environmentOf(alone, 'notifier').WEBHOOK_URL, 'https://a.example/x');
    const told = Object.keys({ ...environmentOf(alone, 'console'), ...environmentOf(alone, 'notifier') });
    assert.deepEqual(
      told.filter((key) => /SLACK|SNS|CONSOLE_SECRET/.test(key)),
      [],
    );
  });

  test('behind the API answer before the gateway gives up', () => {
    for (const name of ['api', 'reader', 'vend', 'console']) assert.ok(functionOf(name).Timeout < 29);
    assert.ok(functionOf('authorizer').Timeout <= 10);
  });

  test('keep executions for polls only where settings say so', () => {
    assert.equal(functionOf('reader').ReservedConcurrentExecutions, undefined);
    const kept = sampleResources({ settings: { readerConcurrency: 20 } }).filter(
      ({ properties }) => properties.ReservedConcurrentExecutions === 20,
    );
    assert.deepEqual(
      kept.map(({ properties }) => properties.FunctionName),
      ['latchkey-reader'],
    );
  });
});

describe('the network of runner', () => {
  test('is a VPC for runner, and for no other function', () => {
    const inVpc = functions.filter(({ properties }) => properties.VpcConfig !== undefined);
    assert.deepEqual(
      inVpc.map(({ properties }) => properties.FunctionName),
      ['latchkey-runner'],
    );
    assert.deepEqual(inVpc[0]?.properties.VpcConfig, {
      SubnetIds: ['subnet-0a1b2c3d4e5f60718'],
      SecurityGroupIds: ['<RunnerNetworkSecurityGroup.GroupId>'],
    });
  });

  test('lets out to the ports of listed databases, to DynamoDB and to S3, and lets nothing in', () => {
    const [group, ...others] = ofType(resources, 'AWS::EC2::SecurityGroup');
    assert.deepEqual(others, []);
    assert.equal(group?.properties.SecurityGroupIngress, undefined);
    assert.deepEqual(ofType(resources, 'AWS::EC2::SecurityGroupIngress'), []);
    const out = [
      ...(group?.properties.SecurityGroupEgress ?? []),
      ...ofType(resources, 'AWS::EC2::SecurityGroupEgress').map(({ properties }) => properties),
    ].map(
      ({ IpProtocol, FromPort, ToPort, DestinationPrefixListId, DestinationSecurityGroupId, CidrIp }) =>
        `${IpProtocol} ${FromPort}-${ToPort} ${DestinationPrefixListId ?? DestinationSecurityGroupId ?? CidrIp}`,
    );
    assert.deepEqual(out.sort(), [
      'tcp 443-443 pl-0a1b2c3d',
      'tcp 443-443 pl-1a1b2c3d',
      'tcp 5432-5432 sg-0a1b2c3d4e5f60718',
      'tcp 5433-5433 sg-0a1b2c3d4e5f60718',
    ]);
  });

  test('has gateway endpoints for our tables and our bucket where route tables are given, and none else', () => {
    assert.deepEqual(ofType(resources, 'AWS::EC2::VPCEndpoint'), []);
    const vpc = { ...RAW_SETTINGS.vpc, routeTableIds: ['rtb-0a1b2c3d'] };
    const endpoints = ofType(sampleResources({ settings: { vpc } }), 'AWS::EC2::VPCEndpoint');
    const found = endpoints.map(({ properties: { ServiceName, RouteTableIds, PolicyDocument } }) => {
      assert.deepEqual(RouteTableIds, ['rtb-0a1b2c3d']);
      return [ServiceName, PolicyDocument.Statement.map((one: { Resource: unknown }) => one.Resource)];
    });
    assert.deepEqual(found, [
      [
        'com.amazonaws.eu-central-1.dynamodb',
        [['<TablesGrants.Arn>', '<TablesAudit.Arn>', '<PayloadsKeys.Arn>']],
      ],
      ['com.amazonaws.eu-central-1.s3', [['<PayloadsBucket.Arn>', '<PayloadsBucket.Arn>/*']]],
    ]);
  });
});
