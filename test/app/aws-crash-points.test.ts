import { killedOnAws } from './aws-crash-points.ts';

// All of them are in `test/full/crash-points.test.ts`.
killedOnAws(5);
