import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { GrantView } from '../../lambdas/http/schemas.ts';
import { anyInput } from '../e2e/any-input.ts';
import { idOf, newActive, newPlan, newRun, openTask, release, until, vend } from '../e2e/asks.ts';
import { atOnce } from '../e2e/at-once.ts';
import { badAddresses } from '../e2e/bad-addresses.ts';
import { badBodies } from '../e2e/bad-bodies.ts';
import { badFields } from '../e2e/bad-fields.ts';
import type { Scene } from '../e2e/bad-input-scene.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';
import { strangers } from '../e2e/strangers.ts';

let running: RunningStack;
let crew: Caller;
let other: Caller;
/** Alive from the first test to the last: nothing that is refused may touch it. */
let mine: Scene['mine'];
before(async () => {
  running = await runStack();
  [crew, other] = await Promise.all([running.caller('sales-crew'), running.caller('other-crew')]);
  const [{ run }, { plan }, active] = await Promise.all([
    newRun(running, crew),
    newPlan(running, crew),
    newActive(running, crew),
  ]);
  // People are told in their own time, and that is kept; after it nothing may move.
  await until(async () =>
    (await running.items('grants')).find(({ pk }) => pk?.S === `NOTICE#a_${plan.slice(2)}`),
  );
  // Nobody has placed it: those who ask here are no people, and are told so whether or not there is one.
  mine = { ...active, run, plan, containment: `s_${active.task.slice(2)}` };
});
after(() => running.remove());

for (const suite of [badBodies, badFields, badAddresses, anyInput, strangers, atOnce])
  suite(() => ({ running, crew, other, mine }));

test('after all of this everything still works, nothing was unexpected, and the trail is whole', async () => {
  assert.equal((await crew.ask(vend(mine.grant))).status, 201);
  const released = GrantView.parse((await crew.ask(release(mine.grant))).json);
  assert.equal(released.ending?.status, 'dead');
  const lines = running.logs.filter(({ line }) => /unexpected error|"level":"ERROR"/.test(line));
  assert.deepEqual(lines, []);
  assert.deepEqual(running.refusals(), []);
  assert.deepEqual((await running.verifyTrail()).flaws, []);
  assert.ok(idOf(await crew.ask(openTask())));
});
