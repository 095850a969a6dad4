import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runStack } from '../e2e/running-stack.ts';
import { appWorld, storedWorld } from '../model/app-world.ts';
import { coreWorld } from '../model/core-world.ts';
import { playEvents, playInRealTime } from '../model/play.ts';

/** Others each time; a failure prints the seed, which may be given here to play the same again. */
const SEED = process.env.LATCHKEY_MODEL_SEED;
const seed = SEED === undefined ? undefined : Number(SEED);

test('no sequence of events lets a credential outlive its grant: on the pure core, at length', async () => {
  await playEvents({ newWorld: coreWorld, runs: 12_000, seed, longest: 40 });
});

test('no sequence of events lets a credential outlive its grant: on the use cases, at length', async () => {
  await playEvents({ newWorld: appWorld, runs: 6_000, seed, longest: 40 });
});

test('no sequence of events lets a credential outlive its grant: on the real store, at length', async () => {
  await playEvents({ newWorld: storedWorld, runs: 200, seed });
});

test('no sequence of events lets a credential outlive its grant: on the running stack, over HTTP', async () => {
  const running = await runStack();
  try {
    const told = await playInRealTime(running);
    assert.ok((told.get('a credential opens something') ?? 0) > 0, 'nothing was opened');
    assert.deepEqual((await running.verifyTrail()).flaws, []);
  } finally {
    await running.remove();
  }
});
