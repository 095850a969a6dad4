import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SHARDED } from '../support/aws-grants.ts';
import { BILLING, FUNCTIONS, MACHINE, ORDERS, RAW_SETTINGS } from './sample-settings.ts';
import { ofType, sampleResources, type TemplateResource } from './sample-stack.ts';

const resources = sampleResources({ resources: [ORDERS, BILLING, SHARDED, MACHINE] });

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: string | string[];
  readonly Condition?: unknown;
}

const list = (value: string | string[]): string[] => [value].flat();

/** `Allow dynamodb:GetItem PutItem on <TablesAudit.Arn>` */
const line = ({ Effect, Action, Resource, Condition }: Statement): string => {
  const [service] = list(Action)[0]?.split(':') ?? [];
  const names = list(Action).map((action) => action.slice(action.indexOf(':') + 1));
  const when = Condition === undefined ? '' : ` when ${JSON.stringify(Condition)}`;
  return `${Effect} ${service}: ${names.join(' ')} on ${list(Resource).join(' ')}${when}`;
};

const roleOf = (name: string, from = resources): TemplateResource => {
  const [role] = ofType(from, 'AWS::IAM::Role').filter(({ id }) => id === `${name}Role`);
  assert.ok(role, `no role of ${name}`);
  return role;
};

const rightsOf = (name: string, from = resources): string[] =>
  roleOf(name, from)
    .properties.Policies.flatMap(
      (policy: { PolicyDocument: { Statement: Statement[] } }) => policy.PolicyDocument.Statement,
    )
    .map(line);

const GRANTS = '<TablesGrants.Arn>';
const AUDIT = '<TablesAudit.Arn>';
const KEYS = '<PayloadsKeys.Arn>';
const BUCKET = '<PayloadsBucket.Arn>';
const WORKFLOW = 'arn:aws:states:eu-central-1:111122223333:stateMachine:latchkey-grant';
const WORKFLOWS = `${WORKFLOW} ${WORKFLOW.replace(/grant$/, 'run')}`;
const RUNNER = 'arn:aws:lambda:eu-central-1:111122223333:function:latchkey-runner';
const REVOKER = RUNNER.replace(/runner$/, 'revoker');
const NOTIFIER = RUNNER.replace(/runner$/, 'notifier');
const SWEEPER = RUNNER.replace(/runner$/, 'sweeper');
const SECRETS = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:latchkey';
const AUTHORIZER_LOG = 'arn:aws:logs:eu-central-1:111122223333:log-group:/aws/lambda/latchkey-authorizer';
const INSTANCE = 'arn:aws:ec2:eu-central-1:111122223333:instance/i-0123456789abcdef0';
const DOCUMENT = 'arn:aws:ssm:eu-central-1:111122223333:document/latchkey-end-ssh-sessions';
const READ_COMMANDS = 'Allow ssm: GetCommandInvocation on *';
const USERS = 'arn:aws:rds-db:eu-central-1:111122223333:dbuser';

const SESSION_ROLE = SHARDED.target.roleArn;
const SESSION_ROLES = ['', '-2', '-3', '-4'].map((shard) => `${SESSION_ROLE}${shard}`).join(' ');

const within = (...partitions: string[]): string =>
  ` when ${JSON.stringify({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions } })}`;

const READ_TOGETHER = `Allow dynamodb: BatchGetItem GetItem on ${GRANTS}`;
const APPEND = `Allow dynamodb: GetItem PutItem on ${AUDIT}`;
const CHECK_TASKS = `Allow dynamodb: ConditionCheckItem on ${GRANTS}${within('TASK#*')}`;
const UPDATE_TASKS = `Allow dynamodb: UpdateItem on ${GRANTS}${within('TASK#*')}`;
const UPDATE_USAGE = `Allow dynamodb: UpdateItem on ${GRANTS}${within('TASK#*', 'BUDGET#*')}`;
const PUT_STATE = `Allow dynamodb: PutItem on ${GRANTS}${within('TASK#*', 'APPROVAL#*', 'CHAIN#*')}`;
const QUERY_ALL = `Allow dynamodb: Query on ${GRANTS} ${GRANTS}/index/due ${GRANTS}/index/mine`;
const READ_KEY = `Allow dynamodb: GetItem on ${KEYS}`;
const READ_PAYLOADS = [`Allow s3: GetObject on ${BUCKET}/*`, `Allow s3: ListBucket on ${BUCKET}`];
const PUT_PAYLOADS = `Allow s3: PutObject PutObjectTagging on ${BUCKET}/* when ${JSON.stringify({
  StringEquals: { 's3:RequestObjectTag/latchkey': ['kept', 'held'] },
  'ForAllValues:StringEquals': { 's3:RequestObjectTagKeys': ['latchkey'] },
})}`;
const NETWORK =
  'ec2: AssignPrivateIpAddresses CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces DescribeSubnets UnassignPrivateIpAddresses on *';

/** Every right of every function beyond its own log, traces and the ban on changing the trail. */
const RIGHTS: Record<string, string[]> = {
  authorizer: [],
  api: [
    READ_TOGETHER,
    `Allow dynamodb: Query on ${GRANTS}`,
    `Allow dynamodb: PutItem on ${GRANTS}${within('TASK#*', 'IDEMPOTENCY#*', 'APPROVAL#*', 'CHAIN#*')}`,
    UPDATE_USAGE,
    APPEND,
    READ_KEY,
    `Allow dynamodb: PutItem on ${KEYS} when ${JSON.stringify({
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['task', 'key', 'createdAt', 'purgeAt'] },
    })}`,
    ...READ_PAYLOADS,
    PUT_PAYLOADS,
    `Allow states: StartExecution SendTaskSuccess on ${WORKFLOWS}`,
    `Allow states: SendTaskHeartbeat on ${WORKFLOW}`,
    `Allow lambda: InvokeFunction on ${NOTIFIER}`,
  ],
  reader: [
    READ_TOGETHER,
    `Allow dynamodb: Query on ${GRANTS} ${GRANTS}/index/mine`,
    `Allow dynamodb: GetItem on ${AUDIT}`,
    READ_KEY,
    ...READ_PAYLOADS,
  ],
  vend: [
    READ_TOGETHER,
    `Allow dynamodb: PutItem on ${GRANTS}${within('TASK#*', 'SSHKEY#*', 'CHAIN#*')}`,
    CHECK_TASKS,
    APPEND,
    'Allow sts: AssumeRole on arn:aws:iam::111122223333:role/latchkey/target-orders arn:aws:iam::111122223333:role/target-billing',
    `Allow sts: AssumeRole TagSession SetSourceIdentity on ${SESSION_ROLES} when ${JSON.stringify({
      Null: { 'aws:RequestTag/latchkey:purpose': 'true' },
    })}`,
    `Allow ec2-instance-connect: SendSSHPublicKey on ${INSTANCE} when {"StringEquals":{"ec2:osuser":"agent"}}`,
  ],
  runner: [
    READ_TOGETHER,
    PUT_STATE,
    UPDATE_USAGE,
    CHECK_TASKS,
    APPEND,
    READ_KEY,
    ...READ_PAYLOADS,
    PUT_PAYLOADS,
    `Allow rds-db: connect on ${USERS}:db-ORDERS/latchkey_admin ${USERS}:db-ORDERS/lk_* ${USERS}:cluster-BILLING/latchkey_admin ${USERS}:cluster-BILLING/lk_*`,
    `Allow ${NETWORK}`,
    `Deny ${NETWORK} when ${JSON.stringify({ ArnEquals: { 'lambda:SourceFunctionArn': RUNNER } })}`,
  ],
  revoker: [
    READ_TOGETHER,
    `Allow dynamodb: Query on ${GRANTS}${within('ENDED#*')}`,
    `Allow dynamodb: Query on ${GRANTS}/index/due`,
    `Allow dynamodb: PutItem on ${GRANTS}${within('TASK#*', 'CHAIN#*', 'ENDED#*')}`,
    APPEND,
    `Allow sts: AssumeRole TagSession on ${SESSION_ROLES} when ${JSON.stringify({
      StringEquals: { 'aws:RequestTag/latchkey:purpose': 'probe' },
    })}`,
    `Allow sts: AssumeRole on ${SESSION_ROLE}-ending`,
    `Allow ssm: SendCommand on ${DOCUMENT} ${INSTANCE}`,
    READ_COMMANDS,
  ],
  waiter: [
    `${READ_TOGETHER}${within('TASK#*', 'APPROVAL#*', 'REVOKED#*', 'CONTAINMENT')}`,
    `Allow dynamodb: PutItem on ${GRANTS} when ${JSON.stringify({
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['WAIT#*'] },
      'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'token', 'purgeAt'] },
    })}`,
    `Allow states: SendTaskSuccess on ${WORKFLOWS}`,
  ],
  containment: [
    READ_TOGETHER,
    QUERY_ALL,
    `Allow dynamodb: PutItem on ${GRANTS}${within(
      ...['CONTAINMENT', 'CONTAINMENTS'],
      ...['CHAIN#system:containment', 'CHAIN#system:requests:*'],
    )}`,
    `Allow dynamodb: GetItem on ${AUDIT}`,
    `Allow dynamodb: PutItem on ${AUDIT}${within('system:containment', 'system:requests:*')}`,
    `Allow lambda: InvokeFunction on ${SWEEPER}`,
  ],
  console: [
    READ_TOGETHER,
    QUERY_ALL,
    `Allow dynamodb: PutItem on ${GRANTS}${within(
      'APPROVAL#*',
      ...['SESSION#*', 'REVOKED#*', 'REPLAY#*', 'LAST#*'],
      ...['CONTAINMENT', 'CONTAINMENTS'],
      'CHAIN#*',
    )}`,
    CHECK_TASKS,
    APPEND,
    READ_KEY,
    ...READ_PAYLOADS,
    `Allow states: SendTaskSuccess on ${WORKFLOWS}`,
    `Allow lambda: InvokeFunction on ${NOTIFIER} ${SWEEPER}`,
    `Allow secretsmanager: GetSecretValue on ${SECRETS}/console-a1B2c3`,
  ],
  notifier: [
    `${READ_TOGETHER}${within('APPROVAL#*', 'TASK#*', 'NOTICE#*')}`,
    `Allow dynamodb: PutItem on ${GRANTS}${within('NOTICE#*')}`,
    `Allow secretsmanager: GetSecretValue on ${SECRETS}/notifier-a1B2c3`,
    'Allow sns: Publish on arn:aws:sns:eu-central-1:111122223333:latchkey-approvals',
  ],
  sweeper: [
    READ_TOGETHER,
    `Allow dynamodb: Query on ${GRANTS} ${GRANTS}/index/due`,
    `Allow dynamodb: PutItem on ${GRANTS}${within('TASK#*', 'APPROVAL#*', 'CONTAINMENTS', 'CHAIN#*')}`,
    UPDATE_TASKS,
    APPEND,
    `Allow states: StartExecution SendTaskSuccess on ${WORKFLOWS}`,
    `Allow lambda: InvokeFunction on ${RUNNER} ${REVOKER} ${NOTIFIER}`,
    `Allow logs: FilterLogEvents on ${AUTHORIZER_LOG} ${AUTHORIZER_LOG}:*`,
  ],
};

const NEVER_ON_AUDIT = `Deny dynamodb: UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert PartiQLSelect PartiQLUpdate UpdateTimeToLive DeleteTable on ${AUDIT}`;

const everyFunctionHas = (name: string): string[] => [
  `Allow logs: CreateLogStream PutLogEvents on <${name}Logs.Arn>`,
  'Allow xray: PutTraceSegments PutTelemetryRecords on *',
];

describe('the role of each function', () => {
  test('the table of rights has a row for every function', () => {
    assert.deepEqual(Object.keys(RIGHTS).sort(), [...FUNCTIONS].sort());
  });

  for (const name of FUNCTIONS)
    test(`${name} has these rights and no others`, () => {
      assert.deepEqual(rightsOf(name), [...everyFunctionHas(name), ...(RIGHTS[name] ?? []), NEVER_ON_AUDIT]);
    });

  test('is assumed by Lambda alone and is given to that function alone', () => {
    for (const name of FUNCTIONS) {
      assert.deepEqual(
        roleOf(name).properties.AssumeRolePolicyDocument.Statement.map(
          (statement: { Principal: unknown }) => statement.Principal,
        ),
        [{ Service: 'lambda.amazonaws.com' }],
      );
      const holders = ofType(resources, 'AWS::Lambda::Function').filter(
        ({ properties }) => properties.Role === `<${name}Role.Arn>`,
      );
      assert.deepEqual(
        holders.map(({ properties }) => properties.FunctionName),
        [`latchkey-${name}`],
      );
    }
  });

  test('has no managed policy, and nothing outside the role adds rights to it', () => {
    for (const name of FUNCTIONS) assert.equal(roleOf(name).properties.ManagedPolicyArns, undefined);
    assert.deepEqual(ofType(resources, 'AWS::IAM::Policy'), []);
    assert.deepEqual(ofType(resources, 'AWS::IAM::ManagedPolicy'), []);
  });

  test('has a bare wildcard only where AWS knows no resources', () => {
    const wild = FUNCTIONS.flatMap((name) =>
      rightsOf(name).filter((right) => / on \*/.test(right) && right.startsWith('Allow')),
    );
    assert.deepEqual([...new Set(wild)].sort(), [
      `Allow ${NETWORK}`,
      READ_COMMANDS,
      'Allow xray: PutTraceSegments PutTelemetryRecords on *',
    ]);
  });

  test('lets no function delete a payload or a key, nor change a key that is there', () => {
    const rights = FUNCTIONS.flatMap((name) => rightsOf(name)).filter(
      (right) => right.includes(KEYS) || /^Allow s3/.test(right),
    );
    assert.ok(rights.length > 0);
    for (const right of rights) assert.doesNotMatch(right, /Delete|Update|Batch|: \*|erasedAt/);
  });

  test('lets no function but those that people stop access with write the containment register', () => {
    const others = FUNCTIONS.filter((name) => name !== 'console' && name !== 'containment');
    const writers = others.flatMap((name) =>
      rightsOf(name).filter(
        (right) => /^Allow dynamodb:.*(Put|Update|Delete|Write)/.test(right) && right.includes(GRANTS),
      ),
    );
    assert.ok(writers.length > 0);
    for (const right of writers) {
      assert.match(right, /dynamodb:LeadingKeys/);
      assert.doesNotMatch(right, /"CONTAINMENT"|"\*"/);
    }
  });
});

describe('a deployment whose settings name no secret and no topic', () => {
  test('lets no function read a secret or publish', () => {
    const settings = { console: { ...RAW_SETTINGS.console, secretArn: undefined }, notifications: {} };
    const roles = ofType(sampleResources({ settings }), 'AWS::IAM::Role');
    assert.doesNotMatch(
      JSON.stringify(roles.map(({ properties }) => properties.Policies)),
      /secretsmanager|sns:/,
    );
  });
});

describe('a machine that is elsewhere', () => {
  const roleArn = 'arn:aws:iam::999900009999:role/latchkey-target-reports-host';
  const target = { ...MACHINE.target, account: '999900009999', roleArn, externalId: 'latchkey-reports' };
  const made = sampleResources({
    resources: [{ ...MACHINE, target }],
    settings: { createTargetRoles: true },
  });

  test('is reached by its two roles, each assumed by its one function, and by no right of Latchkey’s own', () => {
    const reaching = FUNCTIONS.flatMap((name) =>
      rightsOf(name, made).flatMap((right) =>
        /\b(sts|ssm|ec2-instance-connect):|999900009999/.test(right) ? [`${name}: ${right}`] : [],
      ),
    );
    assert.deepEqual(reaching, [
      `vend: Allow sts: AssumeRole TagSession SetSourceIdentity on ${roleArn} when ${JSON.stringify({
        Null: { 'aws:RequestTag/latchkey:purpose': 'true' },
      })}`,
      `revoker: Allow sts: AssumeRole on ${roleArn}-ending`,
    ]);
  });

  test('is made nothing of here: its account makes its roles and its document', () => {
    assert.deepEqual(ofType(made, 'AWS::SSM::Document'), []);
    assert.deepEqual(
      ofType(made, 'AWS::IAM::Role').filter(({ id }) => id.startsWith('Target')),
      [],
    );
  });

  test('has its roles and a document of its own made here where it is of this account', () => {
    const here = { ...MACHINE.target, roleArn: roleArn.replace('999900009999', '111122223333') };
    const ours = sampleResources({
      resources: [{ ...MACHINE, target: { ...here, externalId: 'latchkey-reports' } }],
      settings: { createTargetRoles: true },
    });
    const names = ofType(ours, 'AWS::IAM::Role').map(({ properties }) => properties.RoleName);
    assert.deepEqual(
      names.filter((name) => name?.startsWith('latchkey-target')),
      ['latchkey-target-reports-host', 'latchkey-target-reports-host-ending'],
    );
    assert.deepEqual(
      ofType(ours, 'AWS::SSM::Document').map(({ properties }) => properties.Name),
      ['latchkey-end-ssh-sessions-reports-host'],
    );
  });
});

describe('a database that is elsewhere', () => {
  const there = 'arn:aws:iam::999900009999:role';
  const target = {
    ...BILLING.target,
    ...{
      account: '999900009999',
      roleArn: `${there}/billing`,
      administratorRoleArn: `${there}/billing-admin`,
    },
    externalId: 'latchkey-billing',
  };
  const vpc = { ...RAW_SETTINGS.vpc, stsEndpointSecurityGroupId: 'sg-0f1e2d3c4b5a69788' };
  const made = sampleResources({ resources: [ORDERS, { ...BILLING, target }], settings: { vpc } });

  test('is signed for by its two roles, each assumed by its one function, and by no right of Latchkey’s own', () => {
    const reaching = FUNCTIONS.flatMap((name) =>
      rightsOf(name, made).flatMap((right) => (/\b(sts|rds-db):/.test(right) ? [`${name}: ${right}`] : [])),
    );
    assert.deepEqual(reaching.sort(), [
      `runner: Allow rds-db: connect on ${USERS}:db-ORDERS/latchkey_admin ${USERS}:db-ORDERS/lk_*`,
      `runner: Allow sts: AssumeRole on ${there}/billing-admin`,
      `vend: Allow sts: AssumeRole on ${ORDERS.target.roleArn} ${there}/billing`,
    ]);
  });
});

describe('a deployment that reaches nothing', () => {
  test('can assume nothing, sign for nobody, let nobody in and have no machine do anything', () => {
    const roles = ofType(sampleResources({ resources: [] }), 'AWS::IAM::Role');
    assert.ok(roles.length > 0);
    assert.doesNotMatch(
      JSON.stringify(roles.map(({ properties }) => properties.Policies)),
      /sts:AssumeRole|rds-db:connect|ec2-instance-connect|ssm:/,
    );
  });
});
