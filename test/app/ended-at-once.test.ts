import { test } from 'node:test';
import { KIND_NAMES } from '../support/kinds.ts';
import { endedBySweep } from './ended-at-once.ts';

// A hundred of each kind, also ended with their tasks, are in `test/full/ended-at-once.test.ts`.
test('a hundred grants of all kinds whose windows are over at once are dead after one sweep, each ended once', () =>
  endedBySweep(KIND_NAMES));
