import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import {
  AccessLogFormat,
  AuthorizationType,
  CfnAccount,
  EndpointType,
  RestApi as GatewayRestApi,
  type RestApiProps as GatewayRestApiProps,
  LambdaIntegration,
  LogGroupLogDestination,
  MethodLoggingLevel,
  ResponseType,
  TokenAuthorizer,
} from 'aws-cdk-lib/aws-apigateway';
import { InterfaceVpcEndpoint } from 'aws-cdk-lib/aws-ec2';
import {
  AnyPrincipal,
  Effect,
  ManagedPolicy,
  PolicyDocument,
  PolicyStatement,
  Role,
  ServicePrincipal,
} from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { CONSOLE_ROUTES } from '../lambdas/console/console-routes.ts';
import { AUTHORIZER_CACHE_SECONDS } from '../lambdas/core/limits.ts';
import { PROBLEMS } from '../lambdas/http/problem-catalogue.ts';
import { ROUTES, type Route } from '../lambdas/http/routes.ts';
import { GATEWAY_PROBLEMS, gatewayProblemBody, gatewayProblemHeaders } from './gateway-problems.ts';
import type { Settings } from './settings.ts';
import { WebAcl } from './web-acl.ts';

export const STAGE = 'live';

/** Three parts of base64url; the scheme in any case. Anything else is refused without waking a function. */
const BEARER_TOKEN = '^[Bb][Ee][Aa][Rr][Ee][Rr] [A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$';

/** Just under the gateway's own 29 s, which is what it would otherwise be. */
const INTEGRATION_TIMEOUT = Duration.seconds(29);

export interface RestApiProps {
  readonly name: string;
  readonly settings: Settings['api'];
  readonly logRetentionDays: number;
  readonly authorizer: IFunction;
  readonly functions: Readonly<Record<Route['function'] | 'console', IFunction>>;
}

/**
 * The one way in. Every method of every route stands behind the authorizer, but for the console's pages: people have no
 * bearer token, so the console signs them in itself, and checks Slack's signature. There is no other method.
 */
export class RestApi extends Construct {
  readonly gateway: GatewayRestApi;

  constructor(scope: Construct, id: string, props: RestApiProps) {
    super(scope, id);
    this.gateway = this.#makeGateway(props);
    this.#addRoutes(props);
    this.#addConsole(props.functions.console);
    this.#addProblems();
    if (props.settings.accountLogRole === 'create') this.#makeAccountLogRole();
    new WebAcl(this, 'Firewall', {
      name: props.name,
      stageArn: this.gateway.deploymentStage.stageArn,
      requestsPerAddress: props.settings.requestsPerAddress,
    });
  }

  #makeGateway(props: RestApiProps): GatewayRestApi {
    const accessLog = new LogGroup(this, 'AccessLog', {
      logGroupName: `/aws/apigateway/${props.name}`,
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const gateway = new GatewayRestApi(this, 'Gateway', {
      restApiName: props.name,
      cloudWatchRole: false,
      ...endpointOf(this, props.settings),
      deployOptions: {
        stageName: STAGE,
        tracingEnabled: true,
        accessLogDestination: new LogGroupLogDestination(accessLog),
        accessLogFormat: ACCESS_LOG_FORMAT,
        ...methodOptions(props.settings),
        methodOptions: Object.fromEntries(
          [...ROUTES, ...CONSOLE_ROUTES].map(({ path, method }) => [
            `${path}/${method}`,
            methodOptions(props.settings),
          ]),
        ),
      },
    });
    // The stack has its own output for the address.
    gateway.node.tryRemoveChild('Endpoint');
    return gateway;
  }

  #addRoutes({ authorizer, functions }: RestApiProps): void {
    const verified = {
      authorizationType: AuthorizationType.CUSTOM,
      authorizer: new TokenAuthorizer(this, 'Authorizer', {
        handler: authorizer,
        validationRegex: BEARER_TOKEN,
        resultsCacheTtl: Duration.seconds(AUTHORIZER_CACHE_SECONDS),
      }),
    };
    for (const { path, method, function: name, operation } of ROUTES) {
      this.gateway.root
        .resourceForPath(path)
        .addMethod(method, integrationOf(functions[name]), { ...verified, operationName: operation });
    }
  }

  #addConsole(handler: IFunction): void {
    for (const { path, method, name } of CONSOLE_ROUTES)
      this.gateway.root.resourceForPath(path).addMethod(method, integrationOf(handler), {
        authorizationType: AuthorizationType.NONE,
        operationName: name,
      });
  }

  #addProblems(): void {
    for (const [responseType, code] of Object.entries(GATEWAY_PROBLEMS))
      this.gateway.addGatewayResponse(responseType, {
        type: ResponseType.of(responseType),
        statusCode: String(PROBLEMS[code].status),
        responseHeaders: gatewayProblemHeaders(code),
        templates: { 'application/json': gatewayProblemBody(code) },
      });
  }

  /** A setting of the account and region, so it stays when this stack goes. */
  #makeAccountLogRole(): void {
    const role = new Role(this, 'AccountLogRole', {
      assumedBy: new ServicePrincipal('apigateway.amazonaws.com'),
      managedPolicies: [
        ManagedPolicy.fromAwsManagedPolicyName('service-role/AmazonAPIGatewayPushToCloudWatchLogs'),
      ],
    });
    role.applyRemovalPolicy(RemovalPolicy.RETAIN);
    const account = new CfnAccount(this, 'AccountLogging', { cloudWatchRoleArn: role.roleArn });
    account.applyRemovalPolicy(RemovalPolicy.RETAIN);
    this.gateway.deploymentStage.node.addDependency(account);
  }
}

const integrationOf = (handler: IFunction): LambdaIntegration =>
  new LambdaIntegration(handler, { allowTestInvoke: false, timeout: INTEGRATION_TIMEOUT });

const methodOptions = (settings: Settings['api']) => ({
  throttlingRateLimit: settings.requestsPerSecond,
  throttlingBurstLimit: settings.requestsBurst,
  // Errors of the gateway itself; bodies and headers never.
  loggingLevel: MethodLoggingLevel.ERROR,
  dataTraceEnabled: false,
  metricsEnabled: true,
});

/** Which route and who, never a header, a query string or a path with what a caller wrote into it. */
const ACCESS_LOG_FORMAT = AccessLogFormat.custom(
  JSON.stringify({
    requestId: '$context.requestId',
    requestTime: '$context.requestTime',
    address: '$context.identity.sourceIp',
    principal: '$context.authorizer.principalId',
    method: '$context.httpMethod',
    route: '$context.resourcePath',
    status: '$context.status',
    responseType: '$context.error.responseType',
    latencyMs: '$context.responseLatency',
    integrationMs: '$context.integrationLatency',
    firewall: '$context.wafResponseCode',
  }),
);

const endpointOf = (
  scope: Construct,
  { endpoint, vpcEndpointIds }: Settings['api'],
): Pick<GatewayRestApiProps, 'endpointConfiguration' | 'policy'> => {
  if (endpoint === 'regional') return { endpointConfiguration: { types: [EndpointType.REGIONAL] } };
  return {
    endpointConfiguration: {
      types: [EndpointType.PRIVATE],
      vpcEndpoints: vpcEndpointIds.map((vpcEndpointId) =>
        InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(scope, vpcEndpointId, {
          vpcEndpointId,
          port: 443,
        }),
      ),
    },
    policy: new PolicyDocument({
      statements: [
        new PolicyStatement({
          principals: [new AnyPrincipal()],
          actions: ['execute-api:Invoke'],
          resources: ['execute-api:/*'],
        }),
        new PolicyStatement({
          effect: Effect.DENY,
          principals: [new AnyPrincipal()],
          actions: ['execute-api:Invoke'],
          resources: ['execute-api:/*'],
          conditions: { StringNotEquals: { 'aws:SourceVpce': vpcEndpointIds } },
        }),
      ],
    }),
  };
};
