import { killedInApprovals } from '../app/approval-crash-points.ts';
import { killedInContainments } from '../app/containment-crash-points.ts';
import { killedInLives } from '../app/crash-points.ts';
import { killedInRuns } from '../app/run-crash-points.ts';

// `npm test` plays one of three of these, which takes a third of the time.
killedInLives(1);
killedInRuns(1);
killedInApprovals(1);
killedInContainments(1);
