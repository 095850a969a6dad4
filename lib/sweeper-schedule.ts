import { Duration } from 'aws-cdk-lib';
import { Rule, Schedule } from 'aws-cdk-lib/aws-events';
import { LambdaFunction as LambdaTarget } from 'aws-cdk-lib/aws-events-targets';
import type { IFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { SWEEP_INTERVAL_SECONDS } from '../lambdas/core/limits.ts';

/** Runs the sweeper for ever. A run that is missed is not made up for: the next one sees all that is due. */
export class SweeperSchedule extends Construct {
  constructor(scope: Construct, id: string, sweeper: IFunction) {
    super(scope, id);
    new Rule(this, 'Rule', {
      description: 'Ends what is overdue',
      schedule: Schedule.rate(Duration.seconds(SWEEP_INTERVAL_SECONDS)),
      targets: [
        new LambdaTarget(sweeper, {
          retryAttempts: 0,
          maxEventAge: Duration.seconds(SWEEP_INTERVAL_SECONDS),
        }),
      ],
    });
  }
}
