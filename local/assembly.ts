import { readFileSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import * as z from 'zod';
import { PolicyDocument } from './iam.ts';
import { Template } from './template.ts';

/** One synthesized stack as the local stack runs it. */
export type Assembly = ReturnType<typeof readAssembly>;
/** `directory` holds the code, `handler` is `index.handler`, times are seconds, memory is megabytes. */
export type FunctionSource = Assembly['functions'][number];

type MadeRole = ReturnType<typeof identitiesOf>['roles'][number];
/** `managed` and `boundary` are ARNs of managed policies, whose version of now counts. */
export type RoleSource = Omit<MadeRole, 'managed' | 'boundary'> & Partial<MadeRole>;

const FunctionProperties = z.object({
  Role: z.string(),
  Handler: z.string(),
  Runtime: z.string().startsWith('nodejs'),
  Code: z.object({ S3Key: z.string() }),
  Environment: z.object({ Variables: z.record(z.string(), z.string()) }),
  Timeout: z.int(),
  MemorySize: z.int(),
  Layers: z.undefined().optional(),
});

const Key = z.object({ AttributeName: z.string(), KeyType: z.string() });
const KeySchema = z.tuple([Key], Key);
const TableProperties = z.object({
  AttributeDefinitions: z.unknown(),
  BillingMode: z.literal('PAY_PER_REQUEST'),
  KeySchema,
  GlobalSecondaryIndexes: z
    .array(z.object({ IndexName: z.string(), KeySchema, Projection: z.unknown() }))
    .optional(),
});

/** Nothing here ever deletes by age, and a deletion must delete. */
const BucketProperties = z.object({ VersioningConfiguration: z.undefined().optional() });

const MachineProperties = z.object({ DefinitionString: z.string(), RoleArn: z.string() });

const RoleProperties = z.object({
  AssumeRolePolicyDocument: PolicyDocument,
  MaxSessionDuration: z.int().default(3_600),
  Policies: z.array(z.object({ PolicyDocument })).default([]),
  ManagedPolicyArns: z.array(z.string()).default([]),
  PermissionsBoundary: z.string().optional(),
});

/** Attached by the roles themselves, which name it. */
const ManagedPolicyProperties = z.object({ PolicyDocument: z.unknown(), Roles: z.undefined().optional() });

const RuleProperties = z.object({
  ScheduleExpression: z.string().regex(/^rate\(\d+ minutes?\)$/),
  State: z.literal('ENABLED'),
  EventPattern: z.undefined().optional(),
  Targets: z.tuple([
    z.strictObject({ Arn: z.string(), Id: z.string(), RetryPolicy: z.unknown().optional() }),
  ]),
});

const readJson = (...path: string[]) => JSON.parse(readFileSync(join(...path), 'utf8'));

const Script = z.object({ runCommand: z.array(z.string()).transform((lines) => lines.join('\n')) });
/** One script for a shell, with parameters of which each has a form. */
const DocumentProperties = z.object({
  Name: z.string(),
  Content: z.object({
    parameters: z.record(z.string(), z.object({ allowedPattern: z.string() })),
    mainSteps: z.tuple([z.object({ action: z.literal('aws:runShellScript'), inputs: Script })]),
  }),
});

/** Reads `cdk.out`. Throws on whatever is in the template that would have to do something and does nothing here. */
export const readAssembly = (directory: string, stack: string) => {
  const { environment } = readJson(directory, 'manifest.json').artifacts[stack];
  const [, account, region] = /^aws:\/\/(\d{12})\/([a-z\d-]+)$/.exec(environment) ?? [];
  if (!account || !region) throw new TypeError(`${environment} is no account and region`);
  const template = new Template(readJson(directory, `${stack}.template.json`), { stack, account, region });
  return {
    region,
    account,
    functions: template.of('AWS::Lambda::Function', FunctionProperties).map((one) => ({
      name: one.name,
      arn: one.arn,
      roleArn: one.Role,
      directory: resolve(directory, `asset.${basename(one.Code.S3Key, '.zip')}`),
      handler: one.Handler,
      environment: one.Environment.Variables,
      timeoutSeconds: one.Timeout,
      memoryMb: one.MemorySize,
    })),
    tables: template.of('AWS::DynamoDB::Table', TableProperties).map(({ name, arn, ...keys }) => ({
      /** What `CreateTable` takes. */
      create: { TableName: name, ...keys },
      arn,
      hashKey: keys.KeySchema[0].AttributeName,
      /** Hash keys by the name of the index. */
      indexes: Object.fromEntries(
        (keys.GlobalSecondaryIndexes ?? []).map((one) => [one.IndexName, one.KeySchema[0].AttributeName]),
      ),
    })),
    buckets: template.of('AWS::S3::Bucket', BucketProperties).map(({ name, arn }) => ({ name, arn })),
    machines: template.of('AWS::StepFunctions::StateMachine', MachineProperties).map((one) => ({
      arn: one.arn,
      roleArn: one.RoleArn,
      definition: JSON.parse(one.DefinitionString) as unknown,
    })),
    ...identitiesOf(template),
    api: apiOf(template),
    documents: template.of('AWS::SSM::Document', DocumentProperties),
    schedules: template.of('AWS::Events::Rule', RuleProperties).map((one) => ({
      arn: one.arn,
      everyMs: Number.parseInt(one.ScheduleExpression.slice('rate('.length), 10) * 60_000,
      targetArn: one.Targets[0].Arn,
    })),
  };
};

/** Who there is, and what is attached to whom. */
export const identitiesOf = (template: Template) => ({
  roles: template.of('AWS::IAM::Role', RoleProperties).map((one) => ({
    arn: one.arn,
    maxSessionSeconds: one.MaxSessionDuration,
    trust: one.AssumeRolePolicyDocument,
    policies: one.Policies.map((policy) => policy.PolicyDocument),
    managed: one.ManagedPolicyArns,
    boundary: one.PermissionsBoundary,
  })),
  policies: template.of('AWS::IAM::ManagedPolicy', ManagedPolicyProperties).map((one) => ({
    arn: one.arn,
    document: one.PolicyDocument,
  })),
});

/** `arn:aws:apigateway:…:lambda:path/2015-03-31/functions/<arn>/invocations` */
const InvocationUri = z
  .string()
  .regex(/\/functions\/arn:.+\/invocations$/)
  .transform((uri) => uri.replace(/^.*\/functions\/(.+)\/invocations$/, '$1'));

const MethodProperties = z.object({
  HttpMethod: z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE']),
  ResourceId: z.string(),
  AuthorizationType: z.enum(['CUSTOM', 'NONE']),
  ApiKeyRequired: z.literal(false).optional(),
  RequestValidatorId: z.undefined().optional(),
  Integration: z.object({ Type: z.literal('AWS_PROXY'), Uri: InvocationUri }),
});

const AuthorizerProperties = z.object({
  Type: z.literal('TOKEN'),
  IdentitySource: z.literal('method.request.header.Authorization'),
  AuthorizerUri: InvocationUri,
  AuthorizerResultTtlInSeconds: z.int(),
  IdentityValidationExpression: z.string().transform((source) => new RegExp(source)),
});

/** Headers are constants in single quotes, and the request's id is the one variable that is filled in here. */
const GatewayResponseProperties = z.object({
  ResponseType: z.string(),
  StatusCode: z.coerce.number(),
  ResponseParameters: z.record(
    z.templateLiteral(['gatewayresponse.header.', z.string()]).transform((name) => name.split('.')[2] ?? ''),
    z.templateLiteral(["'", z.string(), "'"]).transform((value) => value.slice(1, -1)),
  ),
  ResponseTemplates: z.strictObject({
    'application/json': z.string().regex(/^(?:[^$]|\$context\.requestId\b)*$/),
  }),
});

const ResourceProperties = z.object({ ParentId: z.string(), PathPart: z.string() });

/** One API, whose one authorizer is asked before every method that is not open. `path` is in its own syntax: `/v1/grants/{id}`. */
const apiOf = (template: Template) => {
  const [api, ...otherApis] = template.of('AWS::ApiGateway::RestApi', z.object());
  const [stage] = template.of('AWS::ApiGateway::Stage', z.object());
  const [authorizer, ...others] = template.of('AWS::ApiGateway::Authorizer', AuthorizerProperties);
  if (!api || !stage || !authorizer || otherApis.length + others.length > 0)
    throw new TypeError('exactly one API with one authorizer is served');
  const resources = template.of('AWS::ApiGateway::Resource', ResourceProperties);
  const pathOf = (id: string): string => {
    const resource = resources.find(({ name }) => name === id);
    return resource ? `${pathOf(resource.ParentId)}/${resource.PathPart}` : '';
  };
  const responses = template.of('AWS::ApiGateway::GatewayResponse', GatewayResponseProperties);
  return {
    id: api.name,
    stage: stage.name,
    authorizer,
    methods: template
      .of('AWS::ApiGateway::Method', MethodProperties)
      .map((one) => ({ ...one, path: pathOf(one.ResourceId), functionArn: one.Integration.Uri })),
    responses: new Map(responses.map((one) => [one.ResponseType, one])),
  };
};
