import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyDocument, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { CfnStateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { Definition } from './grant-definition.ts';

export interface WorkflowProps {
  /** Known before it exists, so that functions which it invokes can be allowed to signal it. */
  readonly name: string;
  readonly definition: Definition;
  /** The functions that the definition invokes, and no others. */
  readonly functions: readonly IFunction[];
  readonly logRetentionDays: number;
}

/** One state machine. Its log says which state when, never with what. */
export class Workflow extends Construct {
  readonly arn: string;

  constructor(scope: Construct, id: string, props: WorkflowProps) {
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
      definitionString: Stack.of(this).toJsonString(props.definition),
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

const rightsOf = ({ functions }: WorkflowProps): PolicyDocument =>
  new PolicyDocument({
    statements: [
      new PolicyStatement({
        actions: ['lambda:InvokeFunction'],
        resources: functions.map(({ functionArn }) => functionArn),
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
