import { killedInApprovals } from './approval-crash-points.ts';
import { killedOnAws } from './aws-crash-points.ts';
import { killedInContainments } from './containment-crash-points.ts';
import { killedInLives } from './crash-points.ts';
import { killedInRuns } from './run-crash-points.ts';
import { killedInSshLives } from './ssh-crash-points.ts';

// Some of them; all are in `test/full/crash-points.test.ts`.
killedInLives(13);
killedOnAws(21);
killedInRuns(13);
killedInApprovals(13);
killedInSshLives(7);
killedInContainments(25);
