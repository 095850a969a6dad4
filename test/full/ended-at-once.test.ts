import { test } from 'node:test';
import { endedBySweep, endedWithTasks } from '../app/ended-at-once.ts';
import { KIND_NAMES } from '../support/kinds.ts';

for (const kind of KIND_NAMES) {
  test(`a hundred grants of kind ${kind} whose windows are over at once are dead after one sweep`, () =>
    endedBySweep([kind]));

  test(`a hundred grants of kind ${kind} that end with their tasks are dead when that is answered`, () =>
    endedWithTasks([kind]));
}
