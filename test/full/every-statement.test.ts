import { after, before, test } from 'node:test';
import type { Client } from 'pg';
import { PLANT } from '../e2e/bent-statements.ts';
import { type Caller, type RunningStack, runStack } from '../e2e/running-stack.ts';
import { everyWayRoundIsRefused, noBendingShowsABird } from '../e2e/statement-scene.ts';

let running: RunningStack;
let crew: Caller;
let superuser: Client;
before(async () => {
  running = await runStack();
  crew = await running.caller('sales-crew');
  superuser = await running.stack().postgres.asSuperuser('orders');
  await superuser.query(PLANT);
});
after(async () => {
  await superuser.end();
  await running.remove();
});

test('every way round that was measured or tried is refused, says its part, and leaves nothing behind', () =>
  everyWayRoundIsRefused({ running, crew, superuser, oneOf: 1 }));

test('no way of bending it brings a sensitive value into any answer', () =>
  noBendingShowsABird({ running, crew, superuser, oneOf: 1 }));
