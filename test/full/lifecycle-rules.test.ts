import { test } from 'node:test';
import { appWorld } from '../model/app-world.ts';
import { coreWorld } from '../model/core-world.ts';
import { playEvents } from '../model/play.ts';

/**
 * As many sequences as it takes to come upon each rule that `test/mutants/lifecycle.ts` breaks, with room to spare, and
 * few enough to be played for every one of them.
 */
const SEED = 5;

test('no sequence of events lets a credential outlive its grant: every rule, on the pure core', async () => {
  await playEvents({ newWorld: coreWorld, runs: 2_500, seed: SEED });
});

test('no sequence of events lets a credential outlive its grant: every rule, on the use cases', async () => {
  await playEvents({ newWorld: appWorld, runs: 1_200, seed: SEED });
});
