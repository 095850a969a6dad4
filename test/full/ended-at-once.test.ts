import { test } from 'node:test';
import { endedBySweep, endedWithTasks } from '../app/ended-at-once.ts';
import { KIND_NAMES } from '../support/kinds.ts';

test('a hundred grants of all kinds whose windows are over at once are dead after one sweep, each ended once', () =>
  endedBySweep(KIND_NAMES));

for (const kind of KIND_NAMES) {
  test(`a hundred grants of kind ${kind} whose windows are over at once are dead after one sweep`, () =>
    endedBySweep([kind]));

  test(`a hundred grants of kind ${kind} that end with their tasks are dead when that is answered`, () =>
    endedWithTasks([kind]));
}
