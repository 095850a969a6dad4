import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { beginActivation, completeActivation } from '../../../lambdas/core/grant/activate-grant.ts';
import { grantDueAt } from '../../../lambdas/core/grant/due-at.ts';
import {
  accessEndedAt,
  endGrant,
  owesEnding,
  recordDeath,
  recordFailedEnding,
} from '../../../lambdas/core/grant/end-grant.ts';
import type { EndCause, Grant } from '../../../lambdas/core/grant/grant.ts';
import { isOver } from '../../../lambdas/core/grant/grant.ts';
import { grantId, taskId, taskOfGrant } from '../../../lambdas/core/grant/ids.ts';
import { openGrant } from '../../../lambdas/core/grant/open-grant.ts';
import { openTask } from '../../../lambdas/core/grant/task-life.ts';
import { checkUse } from '../../../lambdas/core/grant/use-grant.ts';
import { QUARANTINE_AFTER_ATTEMPTS, SECOND_MS } from '../../../lambdas/core/limits.ts';
import { NOW, PRINCIPAL, RESOURCE } from '../../support/facts.ts';

const TASK = taskId(new Uint8Array(20));
const ID = grantId(TASK, new Uint8Array(20));
const SECONDS = 600;

const opened = (quorum = 0): Grant =>
  openGrant(
    {
      id: ID,
      task: TASK,
      resource: RESOURCE.id,
      kind: 'postgres',
      action: 'postgres:connect',
      durationSeconds: SECONDS,
      reason: 'why',
      principal: PRINCIPAL,
      policyDigest: 'd',
      target: null,
      entryGroups: undefined,
      rights: 'connect',
      unmasked: [],
      approval: 'a_00000000000000000000_00000000000000000000000000000000',
      approvalSeconds: 3_600,
    },
    { effect: 'allow', quorum, determinedBy: [], askedBy: [] },
    NOW,
  ).next;

const task = openTask({ id: TASK, name: 'a task', leaseSeconds: undefined, principal: PRINCIPAL }, NOW).next;
const containment = { everything: false, principals: [], tasks: [], resources: [] };
const use = (grant: Grant, now: number) =>
  checkUse({ grant, task, containment, isRevoked: false, principal: PRINCIPAL }, now);

const active = (): Extract<Grant, { state: 'active' }> => {
  const begun = beginActivation(opened(), NOW);
  assert.ok(begun.ok && 'next' in begun.value);
  const completed = completeActivation(begun.value.next, NOW + 10);
  assert.ok(completed.ok);
  return completed.value.next;
};

const CAUSES: readonly EndCause[] = [
  'released_by_principal',
  'task_ended',
  'window_over',
  'lease_lost',
  'policy_changed',
  'contained',
  'workflow_ended_early',
  'activation_failed',
];

type Event = { kind: 'begin' | 'complete' | 'dead' | 'not_dead' } | { kind: 'end'; cause: EndCause };

const step = (grant: Grant, event: Event, now: number): Grant => {
  switch (event.kind) {
    case 'begin': {
      const begun = beginActivation(grant, now);
      return begun.ok && 'next' in begun.value ? begun.value.next : grant;
    }
    case 'complete': {
      const completed = completeActivation(grant, now);
      return completed.ok ? completed.value.next : grant;
    }
    case 'end':
      return isOver(grant) ? grant : endGrant(grant, event.cause, now).next;
    case 'dead':
      return owesEnding(grant) ? recordDeath(grant, [], now).next : grant;
    default:
      return owesEnding(grant) ? recordFailedEnding(grant, { error: 'x', steps: [] }, now).next : grant;
  }
};

const events: fc.Arbitrary<{ event: Event; afterMs: number }[]> = fc.array(
  fc.record({
    event: fc.oneof(
      fc.constantFrom<Event>({ kind: 'begin' }, { kind: 'complete' }, { kind: 'dead' }, { kind: 'not_dead' }),
      fc.constantFrom(...CAUSES).map((cause): Event => ({ kind: 'end', cause })),
    ),
    afterMs: fc.integer({ min: 0, max: 400_000 }),
  }),
  { maxLength: 25 },
);

test('no sequence of events lets a use pass outside the window that activation opened, or after an end', () => {
  fc.assert(
    fc.property(events, fc.boolean(), (steps, isActive) => {
      let grant = isActive ? active() : opened();
      let now = NOW + 10;
      let hasEnded = false;
      for (const { event, afterMs } of steps) {
        now += afterMs;
        grant = step(grant, event, now);
        hasEnded ||= isOver(grant);
        const passes = use(grant, now).ok;
        if (passes) assert.ok(!hasEnded && grant.state === 'active' && now < grant.expiresAt);
        if (grant.state === 'active') assert.ok(grant.expiresAt <= grant.activatedAt + SECONDS * SECOND_MS);
      }
    }),
  );
});

test('whatever may have touched the target owes an ending until death is proved, and is due until then', () => {
  fc.assert(
    fc.property(events, fc.boolean(), (steps, isActive) => {
      let grant = isActive ? active() : opened();
      let now = NOW + 10;
      let isTouched = isActive;
      let isDead = false;
      for (const { event, afterMs } of steps) {
        now += afterMs;
        isDead ||= event.kind === 'dead' && owesEnding(grant);
        grant = step(grant, event, now);
        isTouched ||= grant.state === 'activating';
        if (isOver(grant)) assert.equal(owesEnding(grant), isTouched && !isDead);
        assert.equal(grantDueAt(grant) === undefined, isOver(grant) && !owesEnding(grant));
      }
    }),
  );
});

test('a grant that ends on its way to active owes an ending, since its role may be there', () => {
  const preparing = opened();
  assert.ok(preparing.state === 'preparing');
  const begun = beginActivation(preparing, NOW);
  assert.ok(begun.ok && 'next' in begun.value);
  for (const cause of CAUSES) assert.ok(owesEnding(endGrant(begun.value.next, cause, NOW + 1).next), cause);
  assert.equal(owesEnding(endGrant(preparing, 'task_ended', NOW).next), false);
});

test('a grant that is over never changes its state again', () => {
  fc.assert(
    fc.property(events, (steps) => {
      let grant: Grant = endGrant(active(), 'released_by_principal', NOW + 20).next;
      let now = NOW + 20;
      for (const { event, afterMs } of steps) {
        now += afterMs;
        grant = step(grant, event, now);
        assert.equal(grant.state, 'released');
      }
    }),
  );
});

test('a grant that waits for people cannot be activated', () => {
  assert.equal(beginActivation(opened(1), NOW).ok, false);
});

test('activation that comes too late opens nothing', () => {
  assert.equal(beginActivation(opened(), NOW + 61 * SECOND_MS).ok, false);
});

test('the window is open until its last millisecond and not at its end', () => {
  const grant = active();
  assert.equal(use(grant, grant.expiresAt - 1).ok, true);
  assert.equal(use(grant, grant.expiresAt).ok, false);
});

test('a use by somebody else, of nothing, while contained, or after the task, is refused', () => {
  const grant = active();
  const now = NOW + 20;
  const base = { grant, task, containment, isRevoked: false, principal: PRINCIPAL };
  const codes = [
    checkUse({ ...base, principal: { ...PRINCIPAL, subject: 'other' } }, now),
    checkUse({ ...base, principal: { ...PRINCIPAL, issuer: 'https://id.example.com/' } }, now),
    checkUse({ ...base, grant: undefined }, now),
    checkUse({ ...base, containment: { ...containment, everything: true } }, now),
    checkUse({ ...base, containment: { ...containment, resources: [grant.resource] } }, now),
    checkUse({ ...base, containment: { ...containment, tasks: [grant.task] } }, now),
    checkUse({ ...base, isRevoked: true }, now),
    checkUse({ ...base, task: undefined }, now),
    checkUse({ ...base, task: { ...task, openUntil: now } }, now),
    checkUse({ ...base, principal: { ...PRINCIPAL, groups: { known: true, names: [] } } }, now),
    checkUse({ ...base, principal: { ...PRINCIPAL, groups: { known: false } } }, now),
  ].map((result) => (result.ok ? 'passed' : result.failure.code));
  assert.deepEqual(codes, [
    'not_found',
    'not_found',
    'not_found',
    'contained',
    'contained',
    'contained',
    'grant_over',
    'grant_over',
    'grant_over',
    'groups_unavailable',
    'groups_unavailable',
  ]);
});

test('quarantine comes with the third failure, and the next try comes later each time up to a limit', () => {
  const ended = endGrant(active(), 'released_by_principal', NOW + 20).next;
  let grant = ended;
  const pauses: number[] = [];
  for (let attempt = 1; attempt <= 12; attempt += 1) {
    grant = recordFailedEnding(grant, { error: 'terminate:timeout', steps: [] }, NOW + 100).next;
    assert.ok('nextAttemptAt' in grant.ending);
    assert.equal(grant.ending.status, attempt >= QUARANTINE_AFTER_ATTEMPTS ? 'quarantined' : 'pending');
    pauses.push(grant.ending.nextAttemptAt - NOW - 100);
  }
  assert.deepEqual(
    pauses,
    pauses.toSorted((a, b) => a - b),
  );
  assert.equal(pauses.at(-1), 15 * 60 * SECOND_MS);
  assert.equal(recordDeath(grant, [], NOW + 200).next.ending.status, 'dead');
});

test('the time to dead of a window that ran out unnoticed counts from its own end', () => {
  const grant = active();
  const noticed = endGrant(grant, 'window_over', grant.expiresAt + 40_000).next;
  assert.equal(accessEndedAt(noticed), grant.expiresAt);
  const { ending } = recordDeath(noticed, [], grant.expiresAt + 41_000).next;
  assert.equal(ending.status === 'dead' && ending.deadAfterMs, 41_000);
});

test('a grant names its task, whatever the random bytes', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      fc.uint8Array({ minLength: 20, maxLength: 20 }),
      (a, b) => {
        const id = taskId(a);
        assert.equal(taskOfGrant(grantId(id, b)), id);
      },
    ),
  );
});
