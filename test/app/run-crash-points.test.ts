import { killedInRuns } from './run-crash-points.ts';

// All of them are in `test/full/crash-points.test.ts`.
killedInRuns(3);
