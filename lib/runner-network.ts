import { CfnSecurityGroup, CfnSecurityGroupEgress, CfnVPCEndpoint } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { databasesOf } from '../lambdas/core/config/databases.ts';
import { type Resource, resourcesOf } from '../lambdas/core/config/resource.ts';
import { administratorRolesOf, type Permission } from './permissions.ts';
import type { Settings } from './settings.ts';

const HTTPS_PORT = 443;

export interface RunnerNetworkProps {
  readonly region: string;
  readonly vpc: Settings['vpc'];
  readonly resources: readonly Resource[];
  readonly tableArns: readonly string[];
  readonly bucketArn: string;
  /** What it reads from Secrets Manager, and replaces there; empty where no database has passwords. */
  readonly secretArns: readonly string[];
  /** Of an endpoint that is there already. */
  readonly secretsEndpointSecurityGroupId: string | undefined;
}

/** Where `runner` lives: it may send to the ports of listed databases, to listed clusters, to DynamoDB and to S3, and nothing may send to it. */
export class RunnerNetwork extends Construct {
  readonly securityGroupId: string;
  readonly subnetIds: readonly string[];

  constructor(scope: Construct, id: string, props: RunnerNetworkProps) {
    super(scope, id);
    const group = new CfnSecurityGroup(this, 'SecurityGroup', {
      groupDescription: 'Latchkey runner: listed databases and clusters, DynamoDB and S3, nothing else',
      vpcId: props.vpc.vpcId,
      // Without a rule of ours EC2 adds one that lets everything out; these lead to DynamoDB and S3 only.
      securityGroupEgress: [
        throughEndpoint('DynamoDB', props.vpc.dynamodbPrefixListId),
        throughEndpoint('S3', props.vpc.s3PrefixListId),
      ],
    });
    this.securityGroupId = group.attrGroupId;
    this.subnetIds = props.vpc.subnetIds;
    this.#openDatabasePorts(props);
    this.#openClusters(props);
    if (props.vpc.routeTableIds.length > 0) this.#makeEndpoints(props);
    if (props.secretArns.length > 0) this.#reachSecrets(props);
    this.#reachSts(props);
  }

  #openDatabasePorts({ vpc, resources }: RunnerNetworkProps): void {
    const databases = databasesOf(resources);
    const ports = [...new Set(databases.map(({ target }) => target.port))].sort((a, b) => a - b);
    for (const destinationSecurityGroupId of vpc.databaseSecurityGroupIds)
      for (const port of ports)
        new CfnSecurityGroupEgress(this, `To-${destinationSecurityGroupId}-${port}`, {
          groupId: this.securityGroupId,
          ipProtocol: 'tcp',
          fromPort: port,
          toPort: port,
          destinationSecurityGroupId,
          description: 'A database of resources.yaml',
        });
  }

  #reachSts({ vpc, resources }: RunnerNetworkProps): void {
    if (vpc.stsEndpointSecurityGroupId === undefined || administratorRolesOf(resources).length === 0) return;
    new CfnSecurityGroupEgress(this, 'To-Sts', {
      groupId: this.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: HTTPS_PORT,
      toPort: HTTPS_PORT,
      destinationSecurityGroupId: vpc.stsEndpointSecurityGroupId,
      description: 'STS through its interface endpoint',
    });
  }

  /** Secrets Manager has interface endpoints only: addresses in the subnets, behind a security group. */
  #reachSecrets(props: RunnerNetworkProps): void {
    new CfnSecurityGroupEgress(this, 'To-SecretsManager', {
      groupId: this.securityGroupId,
      ipProtocol: 'tcp',
      fromPort: HTTPS_PORT,
      toPort: HTTPS_PORT,
      destinationSecurityGroupId: props.secretsEndpointSecurityGroupId ?? this.#makeSecretsEndpoint(props),
      description: 'Secrets Manager through its interface endpoint',
    });
  }

  #makeSecretsEndpoint({ region, vpc, secretArns }: RunnerNetworkProps): string {
    const group = new CfnSecurityGroup(this, 'SecretsEndpointSecurityGroup', {
      groupDescription: 'Secrets Manager for Latchkey runner, and nobody else',
      vpcId: vpc.vpcId,
      securityGroupIngress: [
        {
          ipProtocol: 'tcp',
          fromPort: HTTPS_PORT,
          toPort: HTTPS_PORT,
          sourceSecurityGroupId: this.securityGroupId,
          description: 'Latchkey runner',
        },
      ],
      // Without a rule of ours EC2 adds one that lets everything out; an endpoint opens no connections.
      securityGroupEgress: [{ ipProtocol: 'icmp', fromPort: -1, toPort: -1, cidrIp: '255.255.255.255/32' }],
    });
    new CfnVPCEndpoint(this, 'SecretsManager', {
      vpcEndpointType: 'Interface',
      serviceName: `com.amazonaws.${region}.secretsmanager`,
      vpcId: vpc.vpcId,
      subnetIds: vpc.subnetIds,
      securityGroupIds: [group.attrGroupId],
      privateDnsEnabled: true,
      policyDocument: policyFor({ Action: SECRETS_ACTIONS, Resource: secretArns }),
    });
    return group.attrGroupId;
  }

  #openClusters({ vpc, resources }: RunnerNetworkProps): void {
    if (resourcesOf(resources, 'eks').length === 0) return;
    for (const destinationSecurityGroupId of vpc.clusterSecurityGroupIds)
      new CfnSecurityGroupEgress(this, `To-${destinationSecurityGroupId}-${HTTPS_PORT}`, {
        groupId: this.securityGroupId,
        ipProtocol: 'tcp',
        fromPort: HTTPS_PORT,
        toPort: HTTPS_PORT,
        destinationSecurityGroupId,
        description: 'A cluster of resources.yaml',
      });
  }

  /** Gateway endpoints: no charge, and no way to anything but what their policies name. */
  #makeEndpoints({ region, vpc, tableArns, bucketArn }: RunnerNetworkProps): void {
    const reachable = {
      DynamoDB: { Action: 'dynamodb:*', Resource: tableArns },
      S3: { Action: 's3:*', Resource: [bucketArn, `${bucketArn}/*`] },
    };
    for (const [service, what] of Object.entries(reachable))
      new CfnVPCEndpoint(this, service, {
        vpcEndpointType: 'Gateway',
        serviceName: `com.amazonaws.${region}.${service.toLowerCase()}`,
        vpcId: vpc.vpcId,
        routeTableIds: vpc.routeTableIds,
        policyDocument: policyFor(what),
      });
  }
}

const SECRETS_ACTIONS = ['GetSecretValue', 'PutSecretValue', 'UpdateSecretVersionStage'].map(
  (action) => `secretsmanager:${action}`,
);

const policyFor = (what: { readonly Action: unknown; readonly Resource: unknown }) => ({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: '*', ...what }],
});

const throughEndpoint = (service: string, destinationPrefixListId: string) => ({
  ipProtocol: 'tcp',
  fromPort: HTTPS_PORT,
  toPort: HTTPS_PORT,
  destinationPrefixListId,
  description: `${service} through its gateway endpoint`,
});

/** What the Lambda service needs to put a function into a VPC. EC2 knows no narrower resource for it. */
export const joinVpc = (functionArn: string): Permission[] => [
  { actions: NETWORK_INTERFACES, on: ['*'] },
  // The service acts with the function's role; this takes the same rights away from the function's own code.
  {
    effect: 'Deny',
    actions: NETWORK_INTERFACES,
    on: ['*'],
    when: { ArnEquals: { 'lambda:SourceFunctionArn': functionArn } },
  },
];

const NETWORK_INTERFACES = [
  'ec2:AssignPrivateIpAddresses',
  'ec2:CreateNetworkInterface',
  'ec2:DeleteNetworkInterface',
  'ec2:DescribeNetworkInterfaces',
  'ec2:DescribeSubnets',
  'ec2:UnassignPrivateIpAddresses',
];
