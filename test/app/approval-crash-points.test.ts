import { killedInApprovals } from './approval-crash-points.ts';

// All of them are in `test/full/crash-points.test.ts`.
killedInApprovals(3);
