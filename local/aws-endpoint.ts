import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { MachineServices } from '../examples/targets/machine-services.ts';
import type { Assembly } from './assembly.ts';
import { AwsError, accessDenied } from './aws-error.ts';
import { answerJson, operationOf, parseJsonObject } from './aws-json.ts';
import type { Dynamo } from './dynamodb.ts';
import { dynamoAccess, type KeyedTable } from './dynamodb-access.ts';
import type { AccessRequest } from './iam.ts';
import type { LambdaFunction } from './lambda-worker.ts';
import type { LogLines } from './log-lines.ts';
import { readBody } from './loopback.ts';
import { answerS3, type S3 } from './s3.ts';
import { createSecrets, type Secrets } from './secrets.ts';
import type { Session, Sessions } from './sessions.ts';
import { verifySigV4 } from './sigv4.ts';
import type { StepFunctions } from './step-functions.ts';
import { answerQuery, assumeRole, callerIdentity } from './sts.ts';

type ServedTable = KeyedTable & { readonly create: { readonly TableName: string } };

export interface EndpointParts {
  readonly assembly: Pick<Assembly, 'region' | 'account'> & { readonly tables: readonly ServedTable[] };
  readonly sessions: Sessions;
  readonly dynamo: Dynamo;
  readonly s3: S3;
  readonly stepFunctions: StepFunctions;
  readonly logs: LogLines;
  readonly machines: MachineServices;
  readonly functionOf: (nameOrArn: string) => LambdaFunction | undefined;
  readonly secrets?: Secrets;
  /** Gets what is published to topics, with the names that SNS has for its parts. */
  readonly published?: Readonly<Record<string, string>>[];
  /** Hears of an event whose function failed when nobody waited for it any more. */
  readonly onLog?: (functionName: string, line: string) => void;
  /** Hears once of every call that its caller's policies allowed, for tests that count them: `dynamodb:TransactWriteItems`. */
  readonly onCall?: (call: { roleArn: string; action: string }) => void;
}

interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly caller: Session;
  readonly operation: string;
  readonly bytes: Buffer;
  readonly body: string;
  /** Throws `AwsError` unless every question is answered with yes. */
  readonly authorize: (operation: string, questions: readonly AccessRequest[]) => void;
}

const REQUEST_MAX_BYTES = 16 * 1024 * 1024;

/** Every AWS service that the functions speak to, behind one address: signature and policies are checked on each call. */
export const createAwsEndpoint = (parts: EndpointParts): Server =>
  createServer((request, response) => {
    const isQuery = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
    const isS3 = request.headers.authorization?.includes('/s3/aws4_request,');
    const answer = isS3 ? answerS3 : isQuery ? answerQuery : answerJson;
    void answer(response, () => serve(parts, { request, response }));
  });

const serve = async (
  parts: EndpointParts,
  { request, response }: Pick<Call, 'request' | 'response'>,
): Promise<unknown> => {
  const { sessions, assembly, onCall } = parts;
  const bytes = await readBody(request, REQUEST_MAX_BYTES);
  if (bytes === 'too large') throw new AwsError('RequestEntityTooLargeException', bytes, { status: 413 });
  const lookup = (id: string) => sessions.lookup(id);
  const known = { lookup, region: assembly.region, now: Date.now(), sessionsNow: sessions.clock() };
  const { caller, service } = verifySigV4(request, bytes, known);
  const call = SERVICES[service];
  if (!call) throw new AwsError('UnknownOperationException', `${service} is not implemented here`);
  const authorize = (operation: string, questions: readonly AccessRequest[]): void => {
    const refused = questions.find((question) => !sessions.isAllowed(caller, question));
    if (refused) throw accessDenied(caller.arn, refused, sessions.refusalOf(caller, refused));
    onCall?.({ roleArn: caller.roleArn, action: `${service}:${operation}` });
  };
  const operation = operationOf(request.headers['x-amz-target']);
  return call(parts, { request, response, caller, operation, bytes, body: String(bytes), authorize });
};

const SERVICES: Readonly<Record<string, (parts: EndpointParts, call: Call) => Promise<unknown>>> = {
  async dynamodb({ dynamo, assembly }, { operation, body, authorize }) {
    const input = parseJsonObject(body);
    const tableOf = (name: string) => assembly.tables.find(({ create }) => create.TableName === name);
    authorize(operation, dynamoAccess(operation, input, tableOf));
    if (operation === 'DescribeEndpoints')
      return { Endpoints: [{ Address: '', CachePeriodInMinutes: 1_440 }] };
    return dynamo.call(operation, input);
  },
  async iam({ sessions }, { body, authorize }) {
    const { Action = '', Version: _, ...input } = Object.fromEntries(new URLSearchParams(body));
    authorize(Action, [{ action: `iam:${Action}`, resource: input.PolicyArn ?? '' }]);
    return `<${Action}Result>${sessions.policies.call(Action, input)}</${Action}Result>`;
  },
  async s3({ s3 }, { request, bytes, authorize }) {
    return s3.serve(request, bytes, authorize);
  },
  async states({ stepFunctions }, { operation, body, authorize }) {
    const input = parseJsonObject(body);
    const resource = stepFunctions.resourceOf(operation, input);
    // Without one, the call names nothing that exists, and is refused for that.
    if (resource !== undefined) authorize(operation, [{ action: `states:${operation}`, resource }]);
    return stepFunctions.call(operation, input);
  },
  async logs({ assembly, logs }, { operation, body, authorize }) {
    const input = parseJsonObject(body);
    const resource = `arn:aws:logs:${assembly.region}:${assembly.account}:log-group:${input.logGroupName}`;
    authorize(operation, [{ action: `logs:${operation}`, resource }]);
    if (operation !== 'FilterLogEvents') throw new AwsError('UnknownOperationException', operation);
    return logs.filter(input);
  },
  async secretsmanager({ secrets = createSecrets({}) }, { operation, body, authorize }) {
    const input = parseJsonObject(body);
    authorize(operation, [{ action: `secretsmanager:${operation}`, resource: String(input.SecretId) }]);
    return secrets.call(operation, input);
  },
  async 'ec2-instance-connect'({ machines }, { operation, body, authorize }) {
    return machines.connect(operation, parseJsonObject(body), authorize);
  },
  async ssm({ machines }, { operation, body, authorize }) {
    return machines.manage(operation, parseJsonObject(body), authorize);
  },
  async sns({ published = [] }, { body, authorize }) {
    const { Action = '', TopicArn = '', ...notice } = Object.fromEntries(new URLSearchParams(body));
    authorize(Action, [{ action: `sns:${Action}`, resource: TopicArn }]);
    published.push({ ...notice, TopicArn });
    return `<PublishResult><MessageId>${randomUUID()}</MessageId></PublishResult>`;
  },
  async lambda({ functionOf, onLog }, { request, response, body, authorize }) {
    const [, encoded = ''] = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/.exec(request.url ?? '') ?? [];
    const name = decodeURIComponent(encoded);
    const lambda = functionOf(name);
    authorize('Invoke', [{ action: 'lambda:InvokeFunction', resource: lambda?.source.arn ?? name }]);
    const { 'x-amz-invocation-type': type = 'RequestResponse' } = request.headers;
    if (!lambda || !['RequestResponse', 'Event'].includes(`${type}`))
      throw new AwsError('InvalidParameterValueException', `${type} of ${name} is not implemented here`);
    const invoked = lambda.invoke(parseJsonObject(body));
    if (type === 'Event') {
      response.statusCode = 202;
      // AWS tries again, twice. Here it is told and left at that.
      void invoked.then((end) => 'failure' in end && onLog?.(name, JSON.stringify(end.failure)));
      return undefined;
    }
    const outcome = await invoked;
    if ('payload' in outcome) return outcome.payload;
    response.setHeader('x-amz-function-error', 'Unhandled');
    return outcome.failure;
  },
  async sts({ sessions }, { caller, body, authorize }) {
    if (new URLSearchParams(body).get('Action') === 'GetCallerIdentity') return callerIdentity(caller);
    const made = assumeRole(sessions, caller, body);
    authorize('AssumeRole', []);
    return made;
  },
};
