import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { OpenTask } from '../../../lambdas/core/grant/task.ts';
import { endTask, openTask, renewTask } from '../../../lambdas/core/grant/task-life.ts';
import {
  LEASE_MAX_SECONDS,
  LEASE_MIN_SECONDS,
  SECOND_MS,
  TASK_MAX_SECONDS,
} from '../../../lambdas/core/limits.ts';
import { NOW, PRINCIPAL } from '../../support/facts.ts';

const LAST = NOW + TASK_MAX_SECONDS * SECOND_MS;

const opened = (leaseSeconds: number | undefined): OpenTask =>
  openTask({ id: 't_00000000000000000000', name: 'a task', leaseSeconds, principal: PRINCIPAL }, NOW).next;

const LEASE = fc.integer({ min: LEASE_MIN_SECONDS, max: LEASE_MAX_SECONDS });

test('a task without a lease is open for the longest life of a task', () => {
  assert.equal(opened(undefined).openUntil, LAST);
});

test('however often a lease is renewed, it ends with the longest life of its task', () => {
  fc.assert(
    fc.property(
      LEASE,
      fc.array(fc.integer({ min: 0, max: LEASE_MAX_SECONDS }), { maxLength: 60 }),
      (lease, pauses) => {
        let task = opened(lease);
        let now = NOW;
        for (const pause of pauses) {
          now += pause * SECOND_MS;
          const renewed = renewTask(task, now);
          assert.equal(renewed.ok, now < task.openUntil);
          if (!renewed.ok) return;
          task = renewed.value.next;
          assert.equal(task.openUntil, Math.min(now + lease * SECOND_MS, LAST));
        }
      },
    ),
  );
});

test('a lease that is renewed in time, again and again, reaches the longest life of its task and no further', () => {
  let task = opened(LEASE_MAX_SECONDS);
  let now = NOW;
  for (; now < LAST; now += (LEASE_MAX_SECONDS - 1) * SECOND_MS) {
    const renewed = renewTask(task, now);
    assert.ok(renewed.ok);
    task = renewed.value.next;
  }
  assert.equal(task.openUntil, LAST);
  assert.deepEqual(renewTask(task, LAST), { ok: false, failure: { code: 'task_over' } });
});

test('a task that has ended is not renewed', () => {
  const ended = endTask(opened(600), 'ended_by_principal', NOW + 1).next;
  assert.deepEqual(renewTask(ended, NOW + 2), { ok: false, failure: { code: 'task_over' } });
});
