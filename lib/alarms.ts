import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { METRICS_NAMESPACE } from './service-function.ts';

export interface AlarmsProps {
  /** The value of the dimension `service` that the functions' metrics carry. */
  readonly service: string;
  readonly functionNames: Readonly<Record<string, string>>;
  readonly workflowArns: Readonly<Record<'grant' | 'run', string>>;
  readonly apiName: string;
  readonly stage: string;
  readonly tables: Readonly<Record<string, Table>>;
  readonly topicArn: string | undefined;
}

interface AlarmShape {
  readonly metric: IMetric;
  readonly description: string;
  /** Alarms at this value; one is enough where it is not given. */
  readonly atLeast?: number;
  readonly periods?: number;
}

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);

/** What a person must hear of. Each description is read at night: it says what is wrong and where to look. */
export class Alarms extends Construct {
  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const actions = props.topicArn ? [new SnsAction(Topic.fromTopicArn(this, 'Topic', props.topicArn))] : [];
    const alarms = [this.#sweeperSilent(props.service)];
    for (const [name, shape] of Object.entries(shapesOf(props))) alarms.push(this.#raise(name, shape));
    for (const alarm of alarms) alarm.addAlarmAction(...actions);
  }

  /** Silence is the symptom, so missing data is the alarm. */
  #sweeperSilent(service: string): Alarm {
    return new Alarm(this, 'SweeperSilent', {
      alarmDescription:
        'The sweeper has not succeeded for three minutes: endings are no longer guaranteed. See its log.',
      metric: ownMetric(service, 'SweepSucceeded', Stats.SUM, MINUTE),
      comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD,
      threshold: 1,
      evaluationPeriods: 3,
      treatMissingData: TreatMissingData.BREACHING,
    });
  }

  #raise(name: string, { metric, description, atLeast = 1, periods = 1 }: AlarmShape): Alarm {
    return new Alarm(this, name, {
      alarmDescription: description,
      metric,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      threshold: atLeast,
      evaluationPeriods: periods,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

const shapesOf = (props: AlarmsProps): Record<string, AlarmShape> => ({
  GrantsInQuarantine: {
    metric: ownMetric(props.service, 'GrantsInQuarantine', Stats.MAXIMUM, MINUTE),
    description:
      'The end of a grant could not be proved after several attempts. Its access may still be open.',
  },
  ProbeGotIn: {
    metric: ownMetric(props.service, 'ProbeGotIn', Stats.SUM, MINUTE),
    description:
      'A login succeeded for a grant that had been ended. Contain the resource and look at the target.',
  },
  ApprovalMismatch: {
    metric: ownMetric(props.service, 'ApprovalMismatch', Stats.SUM, MINUTE),
    description:
      'What was to be used is not what people approved; it was refused. Somebody changed it, or tried to. Read its chain.',
  },
  BrokenGlass: {
    metric: ownMetric(props.service, 'BrokenGlass', Stats.SUM, MINUTE),
    description: 'Somebody went ahead alone in an emergency. Somebody else has to look at it in the console.',
  },
  ContainmentPlaced: {
    metric: ownMetric(props.service, 'ContainmentPlaced', Stats.SUM, MINUTE),
    description: 'Somebody has stopped access. Who, why and what is still being ended is in the console.',
  },
  ContainmentsUnsettled: {
    metric: ownMetric(props.service, 'ContainmentsUnsettled', Stats.MAXIMUM, MINUTE),
    description:
      'Something within a stop has not come to its end for ten minutes. Its access may still be open; the stop shows which.',
  },
  SessionsOverflow: {
    metric: ownMetric(props.service, 'SessionsOverflow', Stats.SUM, MINUTE),
    description:
      'More sessions of a role ended early than its deny policy has room for: sessions of other grants were refused too and are given anew. Give the resource more shards.',
  },
  WorkflowFailed: {
    metric: failuresOf(props.workflowArns.grant),
    description: 'A grant workflow gave up; the sweeper goes on. Look for what the target refuses.',
  },
  RunWorkflowFailed: {
    metric: failuresOf(props.workflowArns.run),
    description: 'A run workflow gave up; the sweeper settles its run. Look for what the runner cannot do.',
  },
  ApiFailing: {
    metric: new Metric({
      namespace: 'AWS/ApiGateway',
      metricName: '5XXError',
      dimensionsMap: { ApiName: props.apiName, Stage: props.stage },
      statistic: Stats.SUM,
      period: FIVE_MINUTES,
    }),
    description: 'Callers are answered with server errors. Look for a dependency that is away.',
    atLeast: 5,
  },
  ...mapEntries(withoutAuthorizer(props.functionNames), ([name, functionName]) => [
    `${capital(name)}Errors`,
    {
      metric: new Metric({
        namespace: 'AWS/Lambda',
        metricName: 'Errors',
        dimensionsMap: { FunctionName: functionName },
        statistic: Stats.SUM,
        period: FIVE_MINUTES,
      }),
      description: `The function ${name} threw: a bug, or something it needs is away. See its log.`,
      // These throw on purpose to be tried again.
      atLeast: ['runner', 'revoker', 'waiter', 'notifier'].includes(name) ? 10 : 1,
    },
  ]),
  ...mapEntries(props.tables, ([name, table]) => [
    `${capital(name)}Throttled`,
    { metric: throttlesOf(table), description: `The table ${name} refuses calls for being too many.` },
  ]),
});

/** A refused token is an error of the authorizer by the gateway's contract; when it is itself broken, the API answers 5xx. */
const withoutAuthorizer = ({ authorizer: _, ...others }: Readonly<Record<string, string>>) => others;

const ownMetric = (service: string, metricName: string, statistic: string, period: Duration): Metric =>
  new Metric({ namespace: METRICS_NAMESPACE, metricName, dimensionsMap: { service }, statistic, period });

const failuresOf = (workflowArn: string): Metric =>
  new Metric({
    namespace: 'AWS/States',
    metricName: 'ExecutionsFailed',
    dimensionsMap: { StateMachineArn: workflowArn },
    statistic: Stats.SUM,
    period: FIVE_MINUTES,
  });

const throttlesOf = (table: Table): IMetric => {
  const throttles = (metricName: string) =>
    new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: table.tableName },
      statistic: Stats.SUM,
      period: FIVE_MINUTES,
    });
  return new MathExpression({
    expression: 'FILL(reads, 0) + FILL(writes, 0)',
    usingMetrics: { reads: throttles('ReadThrottleEvents'), writes: throttles('WriteThrottleEvents') },
    period: FIVE_MINUTES,
  });
};

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1);

const mapEntries = <V, W>(
  record: Readonly<Record<string, V>>,
  turn: (entry: [string, V]) => [string, W],
): Record<string, W> => Object.fromEntries(Object.entries(record).map(turn));
