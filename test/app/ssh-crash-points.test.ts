import { killedInSshLives } from './ssh-crash-points.ts';

// All of them are in `test/full/crash-points.test.ts`.
killedInSshLives(3);
