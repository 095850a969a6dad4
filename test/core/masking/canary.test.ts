import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { BENDS } from '../../support/bent-query.ts';
import { BESIDE, ELSEWHERE } from '../../support/everyday-queries.ts';
import { bendAtRandom, leaks, openMaskingScene, show } from '../../support/masking-scene.ts';

/** `test/full` makes up many more. */
const RUNS = 400;

let scene: Awaited<ReturnType<typeof openMaskingScene>>;

before(async () => {
  scene = await openMaskingScene();
});

after(() => scene.stop());

test('a canary is seen where nothing is masked, so that not seeing it means something', async () => {
  const { rows } = await scene.client.query('SELECT name FROM people WHERE id = 1');
  assert.notDeepEqual(leaks(String(rows[0].name)), []);
});

test('no way that somebody wrote down bends a masked column out', async () => {
  for (const sql of BENDS) {
    const shown = await show(scene, sql);
    assert.deepEqual(
      shown.kind === 'refused' ? [] : leaks(shown.text),
      [],
      `${sql}\n${JSON.stringify(shown)}`,
    );
  }
});

test('no way that chance makes up bends a masked column out', async () => {
  const outcomes = await bendAtRandom(scene, RUNS);
  assert.ok(outcomes.answer > RUNS / 10 && outcomes.refused > RUNS / 10, JSON.stringify(outcomes));
});

test('what touches nothing sensitive is shown as it is', async () => {
  for (const sql of [...ELSEWHERE, ...BESIDE]) {
    const shown = await show({ ...scene, isAllInReach: true }, sql);
    assert.equal(shown.kind, 'answer', `${sql}\n${JSON.stringify(shown)}`);
    const plans = shown.kind === 'answer' ? shown.plans : [];
    assert.ok(
      plans.every(({ kind }) => kind === 'pass'),
      `${sql}\n${JSON.stringify(plans)}`,
    );
  }
  assert.ok(ELSEWHERE.length >= 100 && BESIDE.length >= 25);
});
