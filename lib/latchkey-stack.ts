import { ArnFormat, CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import type { FunctionName } from '../lambdas/core/config/compiled.ts';
import { adminSecretsOf } from '../lambdas/core/config/databases.ts';
import type { Resource } from '../lambdas/core/config/resource.ts';
import { AccessTarget } from './access-target.ts';
import { AccountRoles } from './account-roles.ts';
import { Alarms } from './alarms.ts';
import { consoleEnvironment, noticeEnvironment } from './console-environment.ts';
import { EndSessionsDocument } from './end-sessions-document.ts';
import type { Environments } from './environments.ts';
import { grantDefinition, type InvokedArns } from './grant-definition.ts';
import { madeHere } from './made-here.ts';
import { Payloads } from './payloads.ts';
import {
  type Arns,
  administratorRolesOf,
  databaseUsersOf,
  endingRolesOf,
  grantRolesOf,
  machinesBeside,
  machineUsersOf,
  neverOnAudit,
  type Permission,
  permissionsOf,
  sessionRolesOf,
  targetRolesOf,
} from './permissions.ts';
import { RestApi, STAGE } from './rest-api.ts';
import { runDefinition } from './run-definition.ts';
import { joinVpc, RunnerNetwork } from './runner-network.ts';
import { logGroupName, ServiceFunction } from './service-function.ts';
import type { Settings } from './settings.ts';
import { SweeperSchedule } from './sweeper-schedule.ts';
import { Tables } from './tables.ts';
import { endSessionsDocumentName, trustedBy } from './trusted-by.ts';
import { Workflow } from './workflow.ts';

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
  readonly #payloads: Payloads;
  readonly #network: RunnerNetwork;
  readonly #permissions: Readonly<Record<FunctionName, readonly Permission[]>>;

  constructor(scope: Construct, id: string, props: LatchkeyStackProps) {
    super(scope, id, props);
    this.#props = props;
    this.#tables = new Tables(this, 'Tables');
    this.#payloads = new Payloads(this, 'Payloads', props.settings.payloadRetentionDays);
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
        console: functions.console.lambda,
        containment: functions.containment.lambda,
      },
    });
    if (this.#hasMachinesBeside())
      new EndSessionsDocument(this, 'EndSessions', { documentName: this.#endSessionsDocument() });
    this.#makeAlarms(functions.workflows);
    this.#makeTargetRoles();
    this.#makeOutputs(api);
  }

  #makeOutputs({ gateway }: RestApi): void {
    const outputs = {
      ApiUrl: [gateway.url, 'Where callers send requests'],
      ConsoleUrl: [`${this.#props.settings.console.url}/console`, 'Where people decide'],
      GrantsTableName: [this.#tables.grants.tableName, 'For npm run audit'],
      AuditTableName: [this.#tables.audit.tableName, 'For npm run audit'],
      VaultKeysTableName: [this.#payloads.keys.tableName, 'For npm run audit -- hold and erase'],
      PayloadBucketName: [this.#payloads.bucket.bucketName, 'For npm run audit -- hold and erase'],
      RunnerSecurityGroupId: [
        this.#network.securityGroupId,
        'Databases admit it on their port; nothing else of Latchkey connects to them',
      ],
      VendRoleArn: [this.#roleArn('vend'), 'Whom the roles of target accounts trust'],
      RunnerRoleArn: [this.#roleArn('runner'), 'The administrator of grants, for access entries of clusters'],
      RevokerRoleArn: [this.#roleArn('revoker'), 'Whom the roles of aws targets trust as well'],
    } as const;
    for (const [name, [value, description]] of Object.entries(outputs))
      new CfnOutput(this, name, { value, description });
  }

  /** The workflows invoke three functions, others start or signal them, and two have the sweeper begin; the order of making follows. */
  #makeFunctions() {
    const tables = {
      GRANTS_TABLE: this.#tables.grants.tableName,
      AUDIT_TABLE: this.#tables.audit.tableName,
    };
    const vaults = {
      ...tables,
      VAULT_KEYS_TABLE: this.#payloads.keys.tableName,
      PAYLOAD_BUCKET: this.#payloads.bucket.bucketName,
      PAYLOAD_RETENTION_DAYS: String(this.#props.settings.payloadRetentionDays),
    };
    const { settings } = this.#props;
    const CONSOLE_URL = settings.console.url;
    const { passwordSecretArn } = settings.databases;
    const passwords = passwordSecretArn === undefined ? {} : { PASSWORD_SECRET_ARN: passwordSecretArn };
    const invoked = {
      runner: this.#add('runner', { ...vaults, ...passwords }),
      revoker: this.#add('revoker', { ...tables, END_SESSIONS_DOCUMENT: this.#endSessionsDocument() }),
      waiter: this.#add('waiter', tables),
      notifier: this.#add('notifier', {
        GRANTS_TABLE: tables.GRANTS_TABLE,
        CONSOLE_URL,
        ...noticeEnvironment(settings.notifications),
      }),
    };
    const workflows = this.#makeWorkflows(invoked);
    const started = { GRANT_WORKFLOW_ARN: workflows.grant.arn, RUN_WORKFLOW_ARN: workflows.run.arn };
    const { runner, revoker, notifier } = invoked;
    const tells = { NOTIFIER_FUNCTION: notifier.lambda.functionArn };
    const sweeper = this.#add('sweeper', {
      ...tables,
      ...started,
      ...tells,
      RUNNER_FUNCTION: runner.lambda.functionArn,
      REVOKER_FUNCTION: revoker.lambda.functionArn,
      AUTHORIZER_LOG_GROUP: logGroupName(`${this.stackName}-authorizer`),
    });
    const stops = { SWEEPER_FUNCTION: sweeper.lambda.functionArn };
    return {
      workflows,
      authorizer: this.#add('authorizer', {}),
      api: this.#add('api', { ...vaults, ...started, ...tells, CONSOLE_URL }),
      reader: this.#add('reader', { ...vaults, CONSOLE_URL }),
      vend: this.#add('vend', { ...tables, ...passwords }),
      console: this.#add('console', { ...vaults, ...tells, ...stops, ...consoleEnvironment(settings) }),
      containment: this.#add('containment', { ...tables, ...stops }),
      sweeper,
    };
  }

  #makeWorkflows(invoked: Readonly<Record<keyof InvokedArns, ServiceFunction>>) {
    const { runner, revoker, waiter, notifier } = invoked;
    const arns = {
      runner: runner.lambda.functionArn,
      revoker: revoker.lambda.functionArn,
      waiter: waiter.lambda.functionArn,
      notifier: notifier.lambda.functionArn,
    };
    const { logRetentionDays } = this.#props.settings;
    const functions = [runner.lambda, waiter.lambda, notifier.lambda];
    return {
      grant: new Workflow(this, 'GrantWorkflow', {
        logRetentionDays,
        functions: [...functions, revoker.lambda],
        name: this.#workflowName('grant'),
        definition: grantDefinition(arns),
      }),
      run: new Workflow(this, 'RunWorkflow', {
        logRetentionDays,
        functions,
        name: this.#workflowName('run'),
        definition: runDefinition(arns),
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
      tableArns: [this.#tables.grants, this.#tables.audit, this.#payloads.keys].map(
        ({ tableArn }) => tableArn,
      ),
      bucketArn: this.#payloads.bucket.bucketArn,
      secretArns: secretsOf(this.#props),
      secretsEndpointSecurityGroupId: this.#props.settings.databases.secretsEndpointSecurityGroupId,
    });
  }

  #makeAlarms(workflows: Readonly<Record<'grant' | 'run', Workflow>>): void {
    new Alarms(this, 'Alarms', {
      service: this.stackName,
      functionNames: Object.fromEntries(
        Object.keys(this.#permissions).map((name) => [name, `${this.stackName}-${name}`]),
      ),
      workflowArns: { grant: workflows.grant.arn, run: workflows.run.arn },
      apiName: this.stackName,
      stage: STAGE,
      tables: { grants: this.#tables.grants, audit: this.#tables.audit, vaultKeys: this.#payloads.keys },
      topicArn: this.#props.settings.alarms.topicArn,
    });
  }

  #makeTargetRoles(): void {
    const { settings, resources } = this.#props;
    const trusted = trustedBy(settings);
    for (const resource of madeHere(resources, settings))
      if (resource.kind !== 'eks') new AccessTarget(this, `Target-${resource.id}`, { resource, trusted });
      // Without access entries: a cluster is made and changed by somebody else.
      else new AccountRoles(this, `Target-${resource.id}`, { resource, trusted });
  }

  /** Names decide these ARNs, so roles can name what is made after them, here and in target accounts. */
  #arns(): Arns {
    const { resources, settings } = this.#props;
    return {
      grants: this.#tables.grants.tableArn,
      audit: this.#tables.audit.tableArn,
      grantWorkflow: this.#named('states', 'stateMachine', this.#workflowName('grant')),
      runWorkflow: this.#named('states', 'stateMachine', this.#workflowName('run')),
      vaultKeys: this.#payloads.keys.tableArn,
      payloads: this.#payloads.bucket.bucketArn,
      runner: this.#functionArn('runner'),
      revoker: this.#functionArn('revoker'),
      notifier: this.#functionArn('notifier'),
      sweeper: this.#functionArn('sweeper'),
      consoleSecret: settings.console.secretArn,
      notifierSecret: settings.notifications.secretArn,
      noticeTopic: settings.notifications.snsTopicArn,
      authorizerLog: this.#named('logs', 'log-group', logGroupName(`${this.stackName}-authorizer`)),
      targetRoles: targetRolesOf(resources),
      sessionRoles: sessionRolesOf(resources),
      endingRoles: endingRolesOf(resources),
      grantRoles: grantRolesOf(resources),
      administratorRoles: administratorRolesOf(resources),
      databaseUsers: databaseUsersOf(resources),
      adminSecrets: adminSecretsOf(resources),
      passwordSecret:
        adminSecretsOf(resources).length === 0 ? undefined : settings.databases.passwordSecretArn,
      machineUsers: machineUsersOf(resources),
      endSessionsDocument: this.#hasMachinesBeside()
        ? this.formatArn({
            service: 'ssm',
            resource: 'document',
            resourceName: this.#endSessionsDocument(),
          })
        : undefined,
    };
  }

  #hasMachinesBeside(): boolean {
    return machinesBeside(this.#props.resources).length > 0;
  }

  #endSessionsDocument(): string {
    return endSessionsDocumentName(this.stackName);
  }

  #workflowName(name: 'grant' | 'run'): string {
    return `${this.stackName}-${name}`;
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

/** What `runner` reads where databases have passwords: our administrators', and the key of everybody else's. */
const secretsOf = ({ resources, settings }: LatchkeyStackProps): readonly string[] => {
  const admins = adminSecretsOf(resources);
  return admins.length === 0 ? [] : [...admins, ...[settings.databases.passwordSecretArn ?? []].flat()];
};
