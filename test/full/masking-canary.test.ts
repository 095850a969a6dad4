import assert from 'node:assert/strict';
import { test } from 'node:test';
import { bendAtRandom, openMaskingScene } from '../support/masking-scene.ts';

const RUNS = 20_000;

test('twenty thousand queries by chance bend no masked column out', async (t) => {
  const scene = await openMaskingScene();
  t.after(() => scene.stop());
  const outcomes = await bendAtRandom(scene, RUNS);
  assert.ok(outcomes.answer > RUNS / 10 && outcomes.refused > RUNS / 10, JSON.stringify(outcomes));
});
