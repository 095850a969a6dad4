import { test } from 'node:test';
import { appWorld, storedWorld } from '../model/app-world.ts';
import { coreWorld } from '../model/core-world.ts';
import { playEvents } from '../model/play.ts';

/** The same each time, so that a change alone can make it fail; another seed looks elsewhere. */
const seed = Number(process.env.LATCHKEY_MODEL_SEED ?? 7);

test('no sequence of events lets a credential outlive its grant: on the pure core, at length', async () => {
  await playEvents({ newWorld: coreWorld, runs: 2_000, seed, longest: 40 });
});

test('no sequence of events lets a credential outlive its grant: on the use cases, at length', async () => {
  await playEvents({ newWorld: appWorld, runs: 500, seed, longest: 40 });
});

test('no sequence of events lets a credential outlive its grant: on the real store, at length', async () => {
  await playEvents({ newWorld: storedWorld, runs: 40, seed });
});
