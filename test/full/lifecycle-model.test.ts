import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kindsOn } from '../../bin/kind-access.ts';
import { findMariadb, MARIADB_MISSING } from '../../examples/targets/mysql/find-mariadb.ts';
import { runStack } from '../e2e/running-stack.ts';
import { appWorld, storedWorld } from '../model/app-world.ts';
import { coreWorld } from '../model/core-world.ts';
import { playEvents, playInRealTime } from '../model/play.ts';
import { KIND_NAMES } from '../support/kinds.ts';

/** The same each time, so that a change alone can make it fail; another seed looks elsewhere. */
const seed = Number(process.env.LATCHKEY_MODEL_SEED ?? 7);

test('no sequence of events lets a credential outlive its grant: on the pure core, at length', async () => {
  await playEvents({ newWorld: coreWorld, runs: 6_000, seed, longest: 40 });
});

test('no sequence of events lets a credential outlive its grant: on the use cases, at length', async () => {
  await playEvents({ newWorld: appWorld, runs: 3_000, seed, longest: 40 });
});

test('no sequence of events lets a credential outlive its grant: on the real store, at length', async () => {
  await playEvents({ newWorld: storedWorld, runs: 100, seed });
});

test('no sequence of events lets a credential outlive its grant: on the running stack, over HTTP', async () => {
  const mariadb = findMariadb();
  assert.ok(mariadb, MARIADB_MISSING);
  const running = await runStack({ mariadb });
  try {
    assert.deepEqual(new Set(kindsOn(running.stack())), new Set(KIND_NAMES));
    const told = await playInRealTime(running, seed);
    assert.ok((told.get('a credential opens something') ?? 0) > 0, 'nothing was opened');
    assert.deepEqual((await running.verifyTrail()).flaws, []);
  } finally {
    await running.remove();
  }
});
