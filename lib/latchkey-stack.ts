import { ArnFormat, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { AccessTarget } from './access-target.ts';
import { Alarms } from './alarms.ts';
import type { Environments } from './environments.ts';
import { GrantWorkflow } from './grant-workflow.ts';
import {
  type Arns,
  databaseUsersOf,
  neverOnAudit,
  type Permission,
  permissionsOf,
  targetRolesOf,
} from './permissions.ts';
import { RestApi, STAGE } from './rest-api.ts';
import { joinVpc, RunnerNetwork } from './runner-network.ts';
import { logGroupName, ServiceFunction } from './service-function.ts';
import type { Settings } from './settings.ts';
import { SweeperSchedule } from './sweeper-schedule.ts';
import { Tables } from './tables.ts';

export interface LatchkeyStackProps extends StackProps {
  readonly settings: Settings;
  /** From the compiled configuration: whom to reach decides what may be assumed, signed for and sent to. */
  readonly resources: readonly Resource[];
  /** The folder of each function's bundle. */
  readonly assetDirs: Readonly<Record<FunctionName, string>>;
}

/** Latchkey in one account. What its functions may do is in `permissions.ts`. */
export class LatchkeyStack extends Stack {
  readonly #props: LatchkeyStackProps;
  readonly #tables: Tables;
  readonly #network: RunnerNetwork;
  readonly #permissions: Readonly<Record<FunctionName, readonly Permission[]>>;

  constructor(scope: Construct, id: string, props: LatchkeyStackProps) {
    super(scope, id, props);
    this.#props = props;
    this.#tables = new Tables(this, 'Tables');
    this.#network = this.#makeNetwork();
    this.#permissions = permissionsOf(this.#arns());

    const functions = this.#makeFunctions();
    new SweeperSchedule(this, 'SweeperSchedule', functions.sweeper.lambda);
    const api = new RestApi(this, 'RestApi', {
      name: this.stackName,
      settings: props.settings.api,
      logRetentionDays: props.settings.logRetentionDays,
      authorizer: functions.authorizer.lambda,
      functions: {
        api: functions.api.lambda,
        reader: functions.reader.lambda,
        vend: functions.vend.lambda,
      },
    });
    this.#makeAlarms(functions.workflow);
    if (props.settings.createTargetRoles) this.#makeTargetRoles();
    new CfnOutput(this, 'ApiUrl', { value: api.gateway.url, description: 'Where callers send requests' });
    new CfnOutput(this, 'GrantsTableName', {
      value: this.#tables.grants.tableName,
      description: 'For npm run audit -- export',
    });
    new CfnOutput(this, 'AuditTableName', {
      value: this.#tables.audit.tableName,
      description: 'For npm run audit -- export',
    });
    new CfnOutput(this, 'RunnerSecurityGroupId', {
      value: this.#network.securityGroupId,
      description: 'Databases admit it on their port; nothing else of Latchkey connects to them',
    });
    new CfnOutput(this, 'VendRoleArn', {
      value: this.#roleArn('vend'),
      description: 'Whom the roles of target accounts trust',
    });
  }

  /** The workflow invokes two functions and two others start it; the order of making follows. */
  #makeFunctions() {
    const tables = {
      GRANTS_TABLE: this.#tables.grants.tableName,
      AUDIT_TABLE: this.#tables.audit.tableName,
    };
    const runner = this.#add('runner', tables);
    const waiter = this.#add('waiter', tables);
    const workflow = new GrantWorkflow(this, 'GrantWorkflow', {
      name: this.#workflowName,
      runner: runner.lambda,
      waiter: waiter.lambda,
      logRetentionDays: this.#props.settings.logRetentionDays,
    });
    const started = { ...tables, GRANT_WORKFLOW_ARN: workflow.arn };
    return {
      workflow,
      authorizer: this.#add('authorizer', {}),
      api: this.#add('api', started),
      reader: this.#add('reader', tables),
      vend: this.#add('vend', tables),
      sweeper: this.#add('sweeper', {
        ...started,
        RUNNER_FUNCTION: runner.lambda.functionArn,
        AUTHORIZER_LOG_GROUP: logGroupName(`${this.stackName}-authorizer`),
      }),
    };
  }

  #add<F extends FunctionName>(name: F, environment: Environments[F]): ServiceFunction {
    const { settings, assetDirs } = this.#props;
    const inVpc = name === 'runner';
    return new ServiceFunction(this, name, {
      name,
      assetDir: assetDirs[name],
      environment,
      logRetentionDays: settings.logRetentionDays,
      permissions: [
        ...this.#permissions[name],
        ...(inVpc ? joinVpc(this.#functionArn(name)) : []),
        neverOnAudit(this.#tables.audit.tableArn),
      ],
      network: inVpc ? this.#network : undefined,
      reservedConcurrency: name === 'reader' ? settings.readerConcurrency : undefined,
    });
  }

  #makeNetwork(): RunnerNetwork {
    return new RunnerNetwork(this, 'RunnerNetwork', {
      region: this.region,
      vpc: this.#props.settings.vpc,
      resources: this.#props.resources,
      tableArns: [this.#tables.grants.tableArn, this.#tables.audit.tableArn],
    });
  }

  #makeAlarms(workflow: GrantWorkflow): void {
    new Alarms(this, 'Alarms', {
      service: this.stackName,
      functionNames: Object.fromEntries(
        Object.keys(this.#permissions).map((name) => [name, `${this.stackName}-${name}`]),
      ),
      workflowArn: workflow.arn,
      apiName: this.stackName,
      stage: STAGE,
      tables: { grants: this.#tables.grants, audit: this.#tables.audit },
      topicArn: this.#props.settings.alarms.topicArn,
    });
  }

  #makeTargetRoles(): void {
    for (const resource of this.#props.resources)
      new AccessTarget(this, `Target-${resource.id}`, {
        resource,
        latchkeyAccount: this.account,
        vendRoleArn: this.#roleArn('vend'),
      });
  }

  /** Names decide these ARNs, so roles can name what is made after them, here and in target accounts. */
  #arns(): Arns {
    const { resources } = this.#props;
    return {
      grants: this.#tables.grants.tableArn,
      audit: this.#tables.audit.tableArn,
      workflow: this.#named('states', 'stateMachine', this.#workflowName),
      runner: this.#functionArn('runner'),
      authorizerLog: this.#named('logs', 'log-group', logGroupName(`${this.stackName}-authorizer`)),
      targetRoles: targetRolesOf(resources),
      databaseUsers: databaseUsersOf(resources),
    };
  }

  get #workflowName(): string {
    return `${this.stackName}-grant`;
  }

  #functionArn(name: FunctionName): string {
    return this.#named('lambda', 'function', `${this.stackName}-${name}`);
  }

  #roleArn(name: FunctionName): string {
    return this.formatArn({
      service: 'iam',
      region: '',
      resource: 'role',
      resourceName: `${this.stackName}-${name}`,
    });
  }

  #named(service: string, resource: string, resourceName: string): string {
    return this.formatArn({ service, resource, resourceName, arnFormat: ArnFormat.COLON_RESOURCE_NAME });
  }
}
