import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { SweepReport } from '../app/sweep.ts';

const metrics = new Metrics();

/** The numbers that alarms stand on. A sweep that could not look at everything has not succeeded. */
export const publishSweep = (report: SweepReport): void => {
  metrics.addMetric('SweepSucceeded', MetricUnit.Count, report.failures === 0 ? 1 : 0);
  metrics.addMetric('GrantsInQuarantine', MetricUnit.Count, report.quarantined);
  metrics.addMetric('ProbeGotIn', MetricUnit.Count, report.probeGotIn);
  metrics.addMetric('ContainmentsUnsettled', MetricUnit.Count, report.unsettled);
  metrics.addMetric('OrphansEnded', MetricUnit.Count, report.orphans);
  metrics.publishStoredMetrics();
};
