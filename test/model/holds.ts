import assert from 'node:assert/strict';
import { fingerprintOf } from '../../lambdas/app/vend-credential.ts';
import { isStanding } from '../../lambdas/core/containment/containment.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import {
  ACTIVATION_MAX_SECONDS,
  AWS_CLOCK_SKEW_MS,
  ENDING_BACKOFF_MAX_MS,
  SECOND_MS,
  SWEEP_GRACE_MS,
} from '../../lambdas/core/limits.ts';
import { KINDS } from '../support/kinds.ts';
import type { Usable } from '../support/remembered-place.ts';
import { endOf, type KnownGrant, type Model, observe } from './model.ts';
import { FUNCTION_MAX_MS } from './processes.ts';
import { isWithin } from './stops.ts';
import type { Look, World } from './world.ts';

/** Nothing is owed for it: nothing was ever made, or it was proved dead. */
export const isSettled = (grant: Grant): boolean =>
  grant.state === 'denied' ||
  ('ending' in grant && (grant.ending.status === 'none' || grant.ending.status === 'dead'));

/** What must be so after each event, whatever it was. Throws what is not. */
export const assertHolds = async (model: Model, world: World): Promise<void> => {
  const before = model.seen;
  const look = await world.look();
  observe(model, look, world.now());
  for (const grant of look.grants.values()) {
    tellOf(model, before.grants.get(grant.id), grant);
    assertOnlyForward(before.grants.get(grant.id), grant);
    assertWindow(model, grant);
    assertDue(model, { grant, dueAt: look.dueAt.get(grant.id), now: world.now() });
  }
  assertTasksDue(model, look);
  assertStops(model, before, look);
  for (const id of await world.left()) {
    const grant = look.grants.get(id);
    assert.ok(grant && !isSettled(grant), `something of ${id} is at its target, and its end was proved`);
  }
  for (const usable of await world.usable(model.given.map(({ credential }) => credential)))
    assertMayBeUsable(model, { usable, now: world.now() });
};

const tellOf = (model: Model, before: Grant | undefined, grant: Grant): void => {
  const word = (one: Grant | undefined) =>
    one && ('ending' in one ? `${one.cause}: ${one.ending.status}` : one.state);
  if (word(before) !== word(grant)) model.tell(`a grant is ${word(grant)}`);
};

/** What is over never lives again, and nothing makes a window longer. */
const assertOnlyForward = (before: Grant | undefined, grant: Grant): void => {
  if (!before) return;
  assert.ok(grant.version >= before.version, `${grant.id} went back`);
  if (isOver(before)) assert.equal(grant.state, before.state, `${grant.id} was over`);
  // That something was not delivered may still be told of it.
  if (isSettled(before))
    assert.deepEqual(withoutTrail(grant), withoutTrail(before), `${grant.id} was settled`);
  const end = 'expiresAt' in before ? before.expiresAt : undefined;
  if (end !== undefined) assert.equal('expiresAt' in grant && grant.expiresAt, end, `${grant.id} was moved`);
};

/** A stop stands until somebody has lifted it; when it has settled, nothing within lives, and nothing is owed. */
const assertStops = (model: Model, before: Look, look: Look): void => {
  for (const [id, was] of before.containments) {
    const stop = look.containments.get(id);
    assert.ok(stop, `${id} was forgotten`);
    if (isStanding(was) && !isStanding(stop)) assert.ok(model.lifting.has(id), `nobody has lifted ${id}`);
  }
  for (const stop of look.containments.values()) {
    if (stop.state !== 'settled') continue;
    for (const grant of look.grants.values())
      if (isWithin(stop.scope, grant))
        assert.ok(isSettled(grant), `${stop.id} has settled over ${grant.id}, which is ${grant.state}`);
  }
};

const withoutTrail = ({ version: _version, head: _head, ...state }: Grant) => state;

const assertWindow = (model: Model, grant: Grant): void => {
  if (!('expiresAt' in grant) || grant.expiresAt === undefined) return;
  const { windowEnd = Number.NaN } = known(model, grant.id);
  assert.equal(grant.expiresAt, windowEnd, `${grant.id} is longer than it was asked for`);
  // Said by whoever was asked to end it, who was told that it has.
  const isSaidOver = known(model, grant.id).overSince !== undefined && !known(model, grant.id).isRevoked;
  if (isSaidOver) assert.ok(isOver(grant), `${grant.id} is said to be over, and is not`);
};

/** Open and forgotten is what nobody looks at any more although something is owed. */
const assertDue = (
  model: Model,
  { grant, dueAt, now }: { readonly grant: Grant; readonly dueAt: number | undefined; readonly now: number },
): void => {
  const isOwed = !isSettled(grant);
  assert.equal(
    dueAt !== undefined,
    isOwed,
    `${grant.id} is ${grant.state} and ${isOwed ? 'forgotten' : 'due'}`,
  );
  if (dueAt === undefined) return;
  assert.ok(dueAt <= lastLook(known(model, grant.id), grant, now), `${grant.id} is looked at too late`);
};

/** When somebody looks at it at the latest, whatever is lost meanwhile. */
const lastLook = ({ windowEnd = 0, seenAt }: KnownGrant, grant: Grant, now: number): number => {
  if (isOver(grant)) return now + ENDING_BACKOFF_MAX_MS;
  if (grant.state === 'active') return windowEnd + SWEEP_GRACE_MS;
  return seenAt + (grant.state === 'activating' ? ACTIVATION_MAX_SECONDS * SECOND_MS : 0) + SWEEP_GRACE_MS;
};

const assertTasksDue = (model: Model, look: Look): void => {
  for (const task of look.tasks.values()) {
    const dueAt = look.dueAt.get(task.id);
    if (task.state === 'ended' && task.ending === 'done') assert.equal(dueAt, undefined, task.id);
    else assert.ok(dueAt !== undefined, `${task.id} is forgotten`);
    if (task.state === 'open')
      assert.ok((dueAt ?? 0) <= (model.tasks.get(task.id)?.openUntil ?? 0), `${task.id} outlives its lease`);
  }
};

/**
 * A credential or a session may be there for as long as no end of its grant was proved. And nobody gets in anew later than the
 * end plus what the kind says, although nobody could be reached and nothing of ours has worked.
 */
const assertMayBeUsable = (
  model: Model,
  { usable, now }: { readonly usable: Usable; readonly now: number },
): void => {
  const grant = model.seen.grants.get(usable.grantId);
  assert.ok(grant, `a ${usable.as} of no grant`);
  assert.ok(!isSettled(grant), `a ${usable.as} of ${grant.id} outlives its end, which was proved`);
  if (isOver(grant)) model.tell(`a ${usable.as} is there while its end is owed`);
  if (usable.as === 'session') return;
  const { nature } = KINDS[grant.kind];
  const end = endOf(model, known(model, grant.id));
  // A function that was frozen hands out at the latest what it was still allowed to when it began.
  const limit = FUNCTION_MAX_MS + nature.opensForMs + AWS_CLOCK_SKEW_MS;
  assert.ok(now <= end + limit, `a credential of ${grant.id} opens something too long after its end`);
  const { windowEnd = 0 } = known(model, grant.id);
  if (nature.knowsEnd)
    assert.ok(now < windowEnd + AWS_CLOCK_SKEW_MS, `a credential of ${grant.id} outlives its window`);
};

export const known = (model: Model, id: string): KnownGrant => {
  const found = model.grants.get(id);
  assert.ok(found, `no grant ${id}`);
  return found;
};

/** Nothing is usable before the trail has it. */
export const assertRecorded = async (
  trail: World['trail'],
  { grantId, secret }: { readonly grantId: string; readonly secret: string },
): Promise<void> => {
  const entries = await trail(grantId);
  const isRecorded = entries.some(
    ({ event }) => event.type === 'credential.issued' && event.fingerprint === fingerprintOf(secret),
  );
  assert.ok(isRecorded, `a credential of ${grantId} was released unaudited`);
};
