import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { Effect, PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import {
  ApplicationLogLevel,
  Architecture,
  CfnFunction,
  Code,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  SystemLogLevel,
  Tracing,
} from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import type { Environments } from './environments.ts';
import { FUNCTION_SHAPES } from './function-shapes.ts';
import type { Permission } from './permissions.ts';

/** Metrics of one deployment are told from another's by the dimension `service`; alarms look for the same. */
export const METRICS_NAMESPACE = 'Latchkey';

export interface ServiceFunctionProps {
  readonly name: FunctionName;
  /** The folder that `bin/bundle.ts` made for it. */
  readonly assetDir: string;
  /** Typed by the function's own schema, which reads the same names at cold start. */
  readonly environment: Environments[FunctionName];
  readonly permissions: readonly Permission[];
  readonly logRetentionDays: number;
  readonly reservedConcurrency?: number | undefined;
  readonly network?: { readonly subnetIds: readonly string[]; readonly securityGroupId: string } | undefined;
}

/** Where a function of this name logs. */
export const logGroupName = (functionName: string): string => `/aws/lambda/${functionName}`;

/** One Lambda with its own log group and its own role, in which every right is written out. */
export class ServiceFunction extends Construct {
  readonly lambda: LambdaFunction;

  constructor(scope: Construct, id: string, props: ServiceFunctionProps) {
    super(scope, id);
    const { stackName } = Stack.of(this);
    const functionName = `${stackName}-${props.name}`;
    const logGroup = new LogGroup(this, 'Logs', {
      logGroupName: logGroupName(functionName),
      retention: props.logRetentionDays,
      // What must be kept is the trail; these lines are for operating.
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      roleName: functionName,
      assumedBy: new ServicePrincipal('lambda.amazonaws.com'),
      inlinePolicies: { rights: policyOf([...operating(logGroup.logGroupArn), ...props.permissions]) },
    });
    this.lambda = new LambdaFunction(this, 'Function', {
      ...FUNCTION_SHAPES[props.name],
      timeout: Duration.seconds(FUNCTION_SHAPES[props.name].timeoutSeconds),
      functionName,
      // Nothing may be added to the role behind the table of permissions.
      role: role.withoutPolicyUpdates(),
      code: Code.fromAsset(props.assetDir),
      handler: 'index.handler',
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      tracing: Tracing.ACTIVE,
      logGroup,
      loggingFormat: LoggingFormat.JSON,
      applicationLogLevelV2: ApplicationLogLevel.INFO,
      systemLogLevelV2: SystemLogLevel.WARN,
      environment: {
        ...given(props.environment),
        LOG_LEVEL: props.environment.LOG_LEVEL ?? 'INFO',
        POWERTOOLS_SERVICE_NAME: stackName,
        POWERTOOLS_METRICS_NAMESPACE: METRICS_NAMESPACE,
      },
      ...(props.reservedConcurrency ? { reservedConcurrentExecutions: props.reservedConcurrency } : {}),
    });
    if (props.network) this.#join(props.network);
  }

  /** Ids only: a VPC object would want to know zones and route tables that nothing here needs. */
  #join(network: NonNullable<ServiceFunctionProps['network']>): void {
    const resource = this.lambda.node.defaultChild;
    if (!(resource instanceof CfnFunction)) throw new TypeError('a Lambda function without its resource');
    resource.vpcConfig = { subnetIds: [...network.subnetIds], securityGroupIds: [network.securityGroupId] };
  }
}

/** Optional variables that are not there are left out. */
const given = (environment: object): Record<string, string> =>
  Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined));

const operating = (logGroupArn: string): Permission[] => [
  { actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: [logGroupArn] },
  // X-Ray knows no resources.
  { actions: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'], on: ['*'] },
];

const policyOf = (permissions: readonly Permission[]): PolicyDocument =>
  new PolicyDocument({
    statements: permissions.map(
      ({ effect, actions, on, when }) =>
        new PolicyStatement({
          effect: effect === 'Deny' ? Effect.DENY : Effect.ALLOW,
          actions: [...actions],
          resources: [...on],
          ...(when ? { conditions: when } : {}),
        }),
    ),
  });
