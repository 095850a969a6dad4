import { killedInApprovals } from '../app/approval-crash-points.ts';
import { killedOnAws } from '../app/aws-crash-points.ts';
import { killedInContainments } from '../app/containment-crash-points.ts';
import { killedInLives } from '../app/crash-points.ts';
import { killedInRuns } from '../app/run-crash-points.ts';
import { killedInSshLives } from '../app/ssh-crash-points.ts';

// `npm test` plays some of these.
killedInLives(1);
killedOnAws(1);
killedInRuns(1);
killedInApprovals(1);
killedInSshLives(1);
killedInContainments(1);
