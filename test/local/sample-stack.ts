import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, Duration, Stack } from 'aws-cdk-lib';
import {
  AuthorizationType,
  LambdaIntegration,
  ResponseType,
  RestApi,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import {
  AccountRootPrincipal,
  Effect,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { build } from 'esbuild';
import { type Assembly, readAssembly } from '../../local/assembly.ts';

const ACCOUNT = '111122223333';
const REGION = 'eu-central-1';
export const TABLE = 'sample-things';
export const TABLE_ARN = `arn:aws:dynamodb:${REGION}:${ACCOUNT}:table/${TABLE}`;
export const TARGET_ROLE = `arn:aws:iam::${ACCOUNT}:role/targets/sample-target`;
export const API_ROLE = `arn:aws:iam::${ACCOUNT}:role/sample-api`;
export const MACHINE = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:sample-machine`;
export const WORKER = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:sample-worker`;
export const SECRET = `arn:aws:secretsmanager:${REGION}:${ACCOUNT}:secret:sample/api-a1B2c3`;
export const TOPIC = `arn:aws:sns:${REGION}:${ACCOUNT}:sample-topic`;
export const databaseUser = (user: string) => `arn:aws:rds-db:${REGION}:${ACCOUNT}:dbuser:db-SAMPLE/${user}`;

const allow = (
  actions: string[],
  resources: string[],
  conditions?: Record<string, unknown>,
): PolicyStatement => new PolicyStatement({ actions, resources, ...(conditions ? { conditions } : {}) });

/** What `api` may do, close to what the product's own functions may. */
const API_RIGHTS = [
  allow(['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:DeleteItem'], [TABLE_ARN]),
  allow(['dynamodb:Query'], [`${TABLE_ARN}/index/due`]),
  allow(['dynamodb:PutItem', 'dynamodb:ConditionCheckItem'], [TABLE_ARN], {
    'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['TASK#*'] },
  }),
  allow(['dynamodb:UpdateItem'], [TABLE_ARN], {
    'ForAllValues:StringEquals': { 'dynamodb:Attributes': ['pk', 'sk', 'ticket'] },
  }),
  allow(['states:StartExecution', 'states:SendTaskSuccess'], [MACHINE]),
  allow(['lambda:InvokeFunction'], [WORKER]),
  allow(['secretsmanager:GetSecretValue'], [SECRET]),
  allow(['sns:Publish'], [TOPIC]),
  allow(['sts:AssumeRole', 'sts:TagSession'], [TARGET_ROLE]),
  new PolicyStatement({ effect: Effect.DENY, actions: ['dynamodb:DeleteItem'], resources: [TABLE_ARN] }),
];

const GATEWAY_RESPONSES = {
  UNAUTHORIZED: '401',
  ACCESS_DENIED: '403',
  MISSING_AUTHENTICATION_TOKEN: '404',
  REQUEST_TOO_LARGE: '413',
  AUTHORIZER_FAILURE: '500',
  AUTHORIZER_CONFIGURATION_ERROR: '500',
  INTEGRATION_TIMEOUT: '504',
  DEFAULT_5XX: '502',
};

class SampleStack extends Stack {
  constructor(app: App, bundles: string) {
    super(app, 'sample', { env: { account: ACCOUNT, region: REGION } });
    const add = (name: string, rights: PolicyStatement[] = []): LambdaFunction => {
      const rightsOfRole = rights.length > 0 ? { rights: new PolicyDocument({ statements: rights }) } : {};
      const role = new Role(this, `${name}Role`, {
        roleName: `sample-${name}`,
        assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
        inlinePolicies: rightsOfRole,
      });
      return new LambdaFunction(this, name, {
        functionName: `sample-${name}`,
        role: role.withoutPolicyUpdates(),
        code: Code.fromAsset(join(bundles, name)),
        handler: 'index.handler',
        runtime: Runtime.NODEJS_24_X,
        timeout: Duration.seconds(name === 'worker' ? 1 : 10),
        memorySize: 128,
        environment: { NAME: name, TABLE: this.#table().tableName },
      });
    };
    // Allowed, but not trusted by the role: one without the other is nothing.
    const worker = add('worker', [allow(['sts:AssumeRole'], [TARGET_ROLE])]);
    this.#machine(worker);
    this.#targetRole();
    this.#gateway(add('api', API_RIGHTS), add('authorizer'));
    new Rule(this, 'Rule', {
      schedule: Schedule.rate(Duration.minutes(1)),
      targets: [new LambdaTarget(worker)],
    });
  }

  #table(): Table {
    const known = this.node.tryFindChild('Things');
    if (known instanceof Table) return known;
    const table = new Table(this, 'Things', {
      tableName: TABLE,
      billingMode: BillingMode.PAY_PER_REQUEST,
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'purgeAt',
    });
    table.addGlobalSecondaryIndex({
      indexName: 'due',
      partitionKey: { name: 'due', type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    return table;
  }

  #machine(worker: LambdaFunction): void {
    const role = new Role(this, 'MachineRole', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      inlinePolicies: {
        rights: new PolicyDocument({ statements: [allow(['lambda:InvokeFunction'], [worker.functionArn])] }),
      },
    });
    const definition = {
      QueryLanguage: 'JSONata',
      StartAt: 'Work',
      States: {
        Work: {
          Type: 'Task',
          Resource: 'arn:aws:states:::lambda:invoke',
          Arguments: { FunctionName: worker.functionArn, Payload: '{% $states.input %}' },
          TimeoutSeconds: 10,
          Output: {},
          Next: 'Done',
        },
        Done: { Type: 'Succeed' },
      },
    };
    new CfnStateMachine(this, 'Machine', {
      stateMachineName: 'sample-machine',
      roleArn: role.roleArn,
      definitionString: this.toJsonString(definition),
    });
  }

  #targetRole(): void {
    new Role(this, 'Target', {
      roleName: 'sample-target',
      path: '/targets/',
      assumedBy: new AccountRootPrincipal()
        .withSessionTags()
        .withConditions({ ArnEquals: { 'aws:PrincipalArn': API_ROLE } }),
      maxSessionDuration: Duration.hours(2),
      inlinePolicies: {
        rights: new PolicyDocument({ statements: [allow(['rds-db:connect'], [databaseUser('lk_*')])] }),
      },
    });
  }

  #gateway(api: LambdaFunction, authorizer: LambdaFunction): void {
    const gateway = new RestApi(this, 'Gateway', {
      deployOptions: { stageName: 'live' },
      cloudWatchRole: false,
    });
    const options = {
      authorizer: new TokenAuthorizer(this, 'Authorizer', {
        handler: authorizer,
        resultsCacheTtl: Duration.seconds(60),
        validationRegex: '^Bearer [\\w-]+\\.[\\w-]+\\.[\\w-]+$',
      }),
    };
    const things = gateway.root.addResource('things');
    things.addMethod('POST', new LambdaIntegration(api), options);
    things.addResource('fixed').addMethod('GET', new LambdaIntegration(api), options);
    things.addResource('{id}').addMethod('GET', new LambdaIntegration(api), options);
    gateway.root
      .addResource('open')
      .addMethod('POST', new LambdaIntegration(api), { authorizationType: AuthorizationType.NONE });
    for (const [type, statusCode] of Object.entries(GATEWAY_RESPONSES))
      gateway.addGatewayResponse(type, {
        type: ResponseType.of(type),
        statusCode,
        responseHeaders: {
          'Content-Type': "'application/problem+json'",
          ...(type === 'UNAUTHORIZED' ? { 'WWW-Authenticate': '\'Bearer realm="sample"\'' } : {}),
        },
        templates: { 'application/json': `{"id":"$context.requestId","type":"${type}"}` },
      });
  }
}

/** A small stack with all that the local stack runs, synthesized for real. `t.after` is where its files go away. */
export const synthesizeSample = async (): Promise<{ assembly: Assembly; remove: () => void }> => {
  const directory = await mkdtemp(join(tmpdir(), 'latchkey-sample-'));
  const names = ['api', 'authorizer', 'worker'];
  await build({
    entryPoints: names.map((name) => ({
      in: join(import.meta.dirname, 'sample', `${name}.ts`),
      out: `${name}/index`,
    })),
    outdir: join(directory, 'bundles'),
    outExtension: { '.js': '.cjs' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  const app = new App({ outdir: join(directory, 'cdk.out'), analyticsReporting: false, treeMetadata: false });
  new SampleStack(app, join(directory, 'bundles'));
  app.synth();
  return {
    assembly: readAssembly(join(directory, 'cdk.out'), 'sample'),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
};
