import { killedInLives } from './crash-points.ts';

// All of them are in `test/full/crash-points.test.ts`.
killedInLives(3);
