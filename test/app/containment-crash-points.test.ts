import { killedInContainments } from './containment-crash-points.ts';

// All of them are in `test/full/crash-points.test.ts`.
killedInContainments(7);
