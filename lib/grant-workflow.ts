import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { grantDefinition } from './grant-definition.ts';

export interface GrantWorkflowProps {
  /** Known before it exists, so that functions which it invokes can be allowed to signal it. */
  readonly name: string;
  readonly runner: IFunction;
  readonly waiter: IFunction;
  readonly logRetentionDays: number;
}

/** The state machine `grant`. Its log says which state when, never with what. */
export class GrantWorkflow extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: GrantWorkflowProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      // Step Functions asks for this prefix, so that its log groups fit into one resource policy.
      logGroupName: `/aws/vendedlogs/states/${props.name}`,
      retention: props.logRetentionDays,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('states.amazonaws.com'),
      inlinePolicies: { rights: rightsOf(props) },
    });
    const machine = new CfnStateMachine(this, 'Machine', {
      stateMachineName: props.name,
      stateMachineType: 'STANDARD',
      roleArn: role.roleArn,
      definitionString: Stack.of(this).toJsonString(
        grantDefinition(props.runner.functionArn, props.waiter.functionArn),
      ),
      loggingConfiguration: {
        level: 'ALL',
        includeExecutionData: false,
        destinations: [{ cloudWatchLogsLogGroup: { logGroupArn: logGroup.logGroupArn } }],
      },
      tracingConfiguration: { enabled: true },
    });
    this.arn = machine.attrArn;
  }
}

const rightsOf = ({ runner, waiter }: GrantWorkflowProps): PolicyDocument =>
  new PolicyDocument({
    statements: [
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: [runner.functionArn, waiter.functionArn],
      }),
      new PolicyStatement({ actions: [...LOG_DELIVERY, ...TRACING], resources: ['*'] }),
    ],
  });

/** Step Functions writes logs by delivery; AWS knows no resource for these actions. */
const LOG_DELIVERY = [
  'logs:CreateLogDelivery',
  'logs:DeleteLogDelivery',
  'logs:DescribeLogGroups',
  'logs:DescribeResourcePolicies',
  'logs:GetLogDelivery',
  'logs:ListLogDeliveries',
  'logs:PutResourcePolicy',
  'logs:UpdateLogDelivery',
];

const TRACING = [
  'xray:GetSamplingRules',
  'xray:GetSamplingTargets',
  'xray:PutTelemetryRecords',
  'xray:PutTraceSegments',
];
