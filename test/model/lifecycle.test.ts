import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appWorld, storedWorld } from './app-world.ts';
import { coreWorld } from './core-world.ts';
import { playEvents } from './play.ts';

/** The same events each time; `test/full/lifecycle-model.test.ts` plays others, and more of them. */
const SEED = 5;

/** Where nothing of this has come about, nothing was tried. */
const LIVELY = [
  'a credential opens something',
  'a credential is refused',
  'a credential is handed out late',
  'a credential is there while its end is owed',
  'a session is there while its end is owed',
  'a grant is released_by_principal: dead',
  'a grant is revoked_by_person: dead',
  'a grant is task_ended: dead',
  'a grant is lease_lost: dead',
  'a grant is policy_changed: dead',
  'a grant is window_over: dead',
  'a grant is activation_failed: dead',
  'a grant is activation_failed: none',
  'a grant is denied',
  'vend: stopped, interrupted',
  'activate: stopped, interrupted',
  'end access: stopped, interrupted',
  'sweep: stopped, interrupted',
];

const assertLively = (told: ReadonlyMap<string, number>): void => {
  for (const what of LIVELY) assert.ok((told.get(what) ?? 0) > 0, `it never came about that ${what}`);
};

test('no sequence of events lets a credential outlive its grant: on the pure core', async () => {
  assertLively(await playEvents({ newWorld: coreWorld, runs: 250, seed: SEED }));
});

test('no sequence of events lets a credential outlive its grant: on the use cases', async () => {
  assertLively(await playEvents({ newWorld: appWorld, runs: 220, seed: SEED }));
});

test('no sequence of events lets a credential outlive its grant: on the use cases and the real store', async () => {
  await playEvents({ newWorld: storedWorld, runs: 15, seed: SEED, longest: 15 });
});
