import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Alarm } from '../app/ports.ts';

const metrics = new Metrics();

/** One line of the log that CloudWatch makes a number of; alarms stand on the numbers. */
export const countAlarm: Alarm = (what) => {
  metrics.addMetric(what, MetricUnit.Count, 1);
  metrics.publishStoredMetrics();
};
