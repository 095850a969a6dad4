import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { HoldingContainment, PassFound } from '../../../lambdas/core/containment/containment.ts';
import { EVERYTHING } from '../../../lambdas/core/containment/containment.ts';
import {
  liftContainment,
  placeContainment,
  quietAt,
  recordPass,
} from '../../../lambdas/core/containment/containment-life.ts';
import { CONTAINMENT_PASS_GAP_MS } from '../../../lambdas/core/containment/limits.ts';
import { NOW } from '../../support/facts.ts';

const BY = { issuer: 'https://id.example.com', subject: 'dora', name: 'dora' };
const PLACED: HoldingContainment = placeContainment(
  { id: 's_00000000000000000000', scope: EVERYTHING, holders: [] },
  { by: BY, why: 'it misbehaves', at: NOW },
).next;

const NOTHING = { grants: 0, runs: 0, approvals: 0, tasks: 0, owed: 0 };
const EMPTY: PassFound = { at: quietAt(PLACED), ...NOTHING };

const found = fc.record({
  grants: fc.nat(2),
  runs: fc.nat(1),
  approvals: fc.nat(1),
  tasks: fc.nat(1),
  owed: fc.nat(2),
});
/** Passes of any kind, often empty ones, each some time after the one before. */
const passes = fc.array(
  fc.tuple(fc.integer({ min: 0, max: 30_000 }), fc.oneof(fc.constant(NOTHING), found)),
  { maxLength: 40 },
);

test('whatever passes find and whenever they come, it settles by two that count and lie apart, and by nothing else', () => {
  fc.assert(
    fc.property(passes, (all) => {
      let containment: HoldingContainment = PLACED;
      let at = NOW;
      /** Those in a row that found nothing, from the first that could count. */
      let firstEmpty: number | undefined;
      for (const [pause, seen] of all) {
        at += pause;
        const isEmpty = Object.values(seen).every((count) => count === 0);
        const counts = isEmpty && at >= quietAt(PLACED);
        const change = recordPass(containment, { at, ...seen });
        const isSecond = counts && firstEmpty !== undefined && at >= firstEmpty + CONTAINMENT_PASS_GAP_MS;
        assert.equal(change?.next.state === 'settled', isSecond);
        if (isSecond) return;
        if (!counts) firstEmpty = undefined;
        else firstEmpty ??= at;
        if (change?.next.state === 'holding') containment = change.next;
      }
    }),
  );
});

test('one more thing of any kind keeps a pass from counting', () => {
  for (const kind of ['grants', 'runs', 'approvals', 'tasks', 'owed'] as const) {
    const once = recordPass(PLACED, EMPTY)?.next;
    assert.ok(once?.state === 'holding' && once.emptySince === EMPTY.at);
    const later = { ...EMPTY, at: EMPTY.at + CONTAINMENT_PASS_GAP_MS };
    assert.equal(recordPass(once, later)?.next.state, 'settled');
    const next = recordPass(once, { ...later, [kind]: 1 })?.next;
    assert.ok(next?.state === 'holding' && next.emptySince === undefined, kind);
  }
});

test('what is still owed as before is not told again; more, less, or something ended is', () => {
  const owing = recordPass(PLACED, { ...EMPTY, at: NOW + 1, grants: 3, owed: 3 })?.next;
  assert.ok(owing?.state === 'holding' && owing.passes === 1);
  const again = (change: Partial<PassFound>) => recordPass(owing, { ...EMPTY, at: NOW + 2, ...change });
  assert.equal(again({ owed: 3 }), undefined);
  for (const change of [{ owed: 2 }, { owed: 4 }, { owed: 3, grants: 1 }, { owed: 3, tasks: 1 }, {}])
    assert.equal(again(change)?.next.passes, 2, JSON.stringify(change));
});

test('the entry of a pass says what it found and whether that counts', () => {
  const fact = recordPass(PLACED, { ...EMPTY, at: NOW, grants: 2, owed: 1 })?.fact;
  assert.deepEqual(fact, {
    type: 'containment.pass',
    containment: PLACED.id,
    pass: 1,
    ...NOTHING,
    grants: 2,
    owed: 1,
    counts: false,
  });
});

test('a lifted one keeps who placed it, why, and what was ended under it', () => {
  const passed = recordPass(PLACED, { ...EMPTY, grants: 2 })?.next;
  assert.ok(passed);
  const word = { by: { ...BY, subject: 'eve', name: 'eve' }, why: 'it is mended', at: NOW + 1 };
  const { next, fact } = liftContainment(passed, word);
  assert.deepEqual(
    [next.placed, next.lastPass, next.passes, next.lifted, next.settledAt],
    [PLACED.placed, passed.lastPass, 1, word, undefined],
  );
  assert.ok(fact.type === 'containment.lifted' && fact.from === 'holding');
});
