import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { createMachineServices, type LocalMachine } from '../examples/targets/machine-services.ts';
import type { Assembly, RoleSource } from './assembly.ts';
import { createAwsEndpoint } from './aws-endpoint.ts';
import { AwsError } from './aws-error.ts';
import { createDynamo, type Dynamo } from './dynamodb.ts';
import { StateError } from './jsonata-evaluation.ts';
import type { InvokeOutcome } from './lambda-boot.ts';
import { createLambdaFunction, type LambdaFunction } from './lambda-worker.ts';
import { LogLines } from './log-lines.ts';
import { closeServer, listenOnLoopback } from './loopback.ts';
import { ManagedPolicies } from './managed-policies.ts';
import { createRestApi } from './rest-api.ts';
import { type Bucket, createS3 } from './s3.ts';
import { createSecrets } from './secrets.ts';
import { Sessions } from './sessions.ts';
import { createStepFunctions } from './step-functions.ts';
import type { Host } from './workflow-execution.ts';

export interface AwsOptions {
  readonly assembly: Assembly;
  /** Tables, objects and workflows are kept here. Without one, nothing survives the process. */
  readonly dataDir?: string;
  /** Trusted by the functions beside the certificates that Node trusts. */
  readonly localCaPem?: string;
  readonly onLog: (functionName: string, line: string) => void;
  readonly onCall?: (call: { roleArn: string; action: string }) => void;
  /** Roles of other accounts, which no template of this assembly makes. */
  readonly otherRoles?: readonly RoleSource[];
  /** Machines that are reached by SSH. */
  readonly machines?: readonly LocalMachine[];
  readonly otherPolicies?: Assembly['policies'];
  /** What sessions of roles lead to. */
  readonly otherBuckets?: readonly Bucket[];
  /** What the functions find in Secrets Manager, by ARN, until they replace it. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** The API is served by each of these. They may listen already, so that their address can be in the assembly. */
  readonly gateways?: readonly Server[];
}

/** `baseUrl` is the REST API's, `endpointUrl` that of every AWS service; `stop` ends everything. */
export type LocalAws = Awaited<ReturnType<typeof startAws>>;

/** The AWS side of the product on this machine, as synthesized. Throws on whatever it would have to ignore. */
export const startAws = async (options: AwsOptions) => {
  const {
    assembly,
    dataDir,
    otherRoles = [],
    otherPolicies = [],
    otherBuckets = [],
    gateways = [createServer()],
  } = options;
  const policies = new ManagedPolicies([...assembly.policies, ...otherPolicies]);
  const sessions = new Sessions([...assembly.roles, ...otherRoles], policies);
  const functions = new Map<string, LambdaFunction>();
  const functionOf = (nameOrArn: string) => functions.get(nameOrArn.split(':').at(-1) ?? '');
  /** By name or ARN, with nobody's rights: as AWS's own services invoke. */
  const invoke = async (nameOrArn: string, event: unknown): Promise<InvokeOutcome> => {
    const lambda = functionOf(nameOrArn);
    if (!lambda) throw new TypeError(`no function ${nameOrArn}`);
    return lambda.invoke(event);
  };
  const stepFunctions = createStepFunctions({
    machines: assembly.machines,
    invoke: (call) => invokeAsMachine(call, sessions, invoke),
    ...(dataDir ? { directory: join(dataDir, 'executions') } : {}),
  });
  const dynamo = createDynamo(dataDir ? { path: join(dataDir, 'dynamodb') } : {});
  await makeTables(dynamo, assembly);
  const s3 = createS3(dataDir ? join(dataDir, 's3') : undefined, [...assembly.buckets, ...otherBuckets]);
  const logs = new LogLines(assembly.functions.map(({ name }) => name));
  const published: Readonly<Record<string, string>>[] = [];
  const machines = createMachineServices(assembly, options.machines ?? []);
  const secrets = createSecrets(options.secrets ?? {}, dataDir && join(dataDir, 'secret-versions.json'));
  const parts = { secrets, logs, machines, sessions, dynamo, s3, stepFunctions, functionOf, published };
  const endpoint = createAwsEndpoint({ ...options, ...parts });
  const endpointUrl = `http://127.0.0.1:${await listenOnLoopback(endpoint)}`;
  for (const one of startFunctions(options, { sessions, logs, endpointUrl }))
    functions.set(one.source.name, one);
  const serveApi = createRestApi({ ...assembly, invoke });
  for (const gateway of gateways) gateway.on('request', serveApi);
  const [port] = await Promise.all(gateways.map((gateway) => listenOnLoopback(gateway)));
  const baseUrl = `http://127.0.0.1:${port}`;
  /** Invokes the target of a rule at once, whatever its rate; answers what it answered. */
  const runNow = async (ruleArn: string): Promise<unknown> => {
    const rule = assembly.schedules.find(({ arn }) => arn === ruleArn);
    if (!rule) throw new TypeError(`no rule ${ruleArn}`);
    return invoke(rule.targetArn, { source: 'aws.events', resources: [ruleArn] });
  };
  // A run that is still going does not hold the next one back.
  const timers = assembly.schedules.map(({ arn, everyMs }) => setInterval(() => void runNow(arn), everyMs));
  stepFunctions.resume();
  const stop = async (): Promise<void> => {
    timers.forEach(clearInterval);
    stepFunctions.stop();
    await Promise.all(gateways.map(closeServer));
    for (const lambda of functions.values()) lambda.close();
    await closeServer(endpoint);
    await dynamo.close();
    s3.close();
  };
  return { ...parts, baseUrl, endpointUrl, functions, schedule: { runNow }, invoke, stop };
};

/** Each finds in its environment what it would on AWS: keys of its own role, which nobody else holds. */
const startFunctions = (
  { assembly, localCaPem, onLog }: AwsOptions,
  { sessions, logs, endpointUrl }: { sessions: Sessions; logs: LogLines; endpointUrl: string },
): LambdaFunction[] =>
  assembly.functions.map((source) => {
    const { roleArn, name, arn } = source;
    const keys = sessions.issue({ roleArn, name, context: { 'lambda:SourceFunctionArn': [arn] } });
    const environment = {
      AWS_REGION: assembly.region,
      AWS_ACCESS_KEY_ID: keys.accessKeyId,
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
      AWS_ENDPOINT_URL: endpointUrl,
    };
    const keepLine = (line: string): void => {
      logs.add(name, line);
      onLog(name, line);
    };
    return createLambdaFunction(source, { environment, onLog: keepLine, localCaPem });
  });

/** A state machine invokes with its own role, and sees a function's error under the name it was thrown with. */
const invokeAsMachine = async (
  { roleArn, functionArn, payload }: Parameters<Host['invoke']>[0],
  sessions: Sessions,
  invoke: (functionArn: string, event: unknown) => Promise<InvokeOutcome>,
): Promise<unknown> => {
  if (!sessions.isAllowed(roleArn, { action: 'lambda:InvokeFunction', resource: functionArn }))
    throw new StateError('Lambda.AWSLambdaException', `${roleArn} may not invoke ${functionArn}`);
  const outcome = await invoke(functionArn, payload);
  if ('payload' in outcome) return outcome.payload;
  throw new StateError(outcome.failure.errorType, JSON.stringify(outcome.failure));
};

/** Tables that a former start made are kept as they are. Nothing expires in them. */
const makeTables = async (dynamo: Dynamo, { tables }: Assembly): Promise<void> => {
  for (const { create } of tables)
    await dynamo.call('CreateTable', create).catch((error: unknown) => {
      if (!(error instanceof AwsError && error.code === 'ResourceInUseException')) throw error;
    });
};
