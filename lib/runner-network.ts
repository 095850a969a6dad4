import { CfnSecurityGroup, CfnSecurityGroupEgress, CfnVPCEndpoint } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import type { Resource } from '../lambdas/core/config/resource.ts';
import type { Permission } from './permissions.ts';
import type { Settings } from './settings.ts';

const HTTPS_PORT = 443;

export interface RunnerNetworkProps {
  readonly region: string;
  readonly vpc: Settings['vpc'];
  readonly resources: readonly Resource[];
  readonly tableArns: readonly string[];
}

/** Where `runner` lives: it may send to the ports of listed databases and to DynamoDB, and nothing may send to it. */
export class RunnerNetwork extends Construct {
  readonly securityGroupId: string;
  readonly subnetIds: readonly string[];

  constructor(scope: Construct, id: string, props: RunnerNetworkProps) {
    super(scope, id);
    const group = new CfnSecurityGroup(this, 'SecurityGroup', {
      groupDescription: 'Latchkey runner: listed databases and DynamoDB, nothing else',
      vpcId: props.vpc.vpcId,
      // Without a rule of ours EC2 adds one that lets everything out; this one leads to DynamoDB only.
      securityGroupEgress: [
        {
          ipProtocol: 'tcp',
          fromPort: HTTPS_PORT,
          toPort: HTTPS_PORT,
          destinationPrefixListId: props.vpc.dynamodbPrefixListId,
          description: 'DynamoDB through its gateway endpoint',
        },
      ],
    });
    this.securityGroupId = group.attrGroupId;
    this.subnetIds = props.vpc.subnetIds;
    this.#openDatabasePorts(props);
    if (props.vpc.routeTableIds.length > 0) this.#makeDynamoEndpoint(props);
  }

  #openDatabasePorts({ vpc, resources }: RunnerNetworkProps): void {
    const ports = [...new Set(resources.map(({ target }) => target.port))].sort((a, b) => a - b);
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

  #makeDynamoEndpoint({ region, vpc, tableArns }: RunnerNetworkProps): void {
    new CfnVPCEndpoint(this, 'DynamoDB', {
      vpcEndpointType: 'Gateway',
      serviceName: `com.amazonaws.${region}.dynamodb`,
      vpcId: vpc.vpcId,
      routeTableIds: vpc.routeTableIds,
      policyDocument: {
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: '*', Action: 'dynamodb:*', Resource: tableArns }],
      },
    });
  }
}

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
