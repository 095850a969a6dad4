import assert from 'node:assert/strict';
import type { ContainmentScope } from '../../lambdas/core/containment/containment.ts';
import type { Grant } from '../../lambdas/core/grant/grant.ts';
import { isOver } from '../../lambdas/core/grant/grant.ts';
import {
  CREDENTIALS_PER_GRANT_MAX,
  ENDING_BACKOFF_MIN_MS,
  SWEEP_GRACE_MS,
} from '../../lambdas/core/limits.ts';
import { assertHolds, assertRecorded, isSettled, known } from './holds.ts';
import { isTaskOver, type KnownGrant, type Model, mayLive } from './model.ts';
import { isStopped, isWithin, type Reached } from './stops.ts';
import type { Came, Deed, Look, Swept, World } from './world.ts';

/** A deed and what came of it, and whether it was done in one go: what was stopped on its way may have done anything of it. */
export interface Done {
  readonly deed: Deed;
  readonly came: Came;
  readonly isWhole: boolean;
  /** What was there before. */
  readonly before: Look;
}

/** Takes note of what somebody was told, and checks that what they were told may be so. Then everything else that must hold. */
export const learn = async (model: Model, world: World, done: Done): Promise<void> => {
  const { deed, came, isWhole } = done;
  model.tell(`${deed.what}: ${came.came}${isWhole ? '' : ', interrupted'}`);
  switch (deed.what) {
    case 'heartbeat':
      learnHeartbeat(model, world.now(), { ...done, task: deed.task });
      break;
    case 'end task':
      learnTaskEnd(model, world.now(), { ...done, task: deed.task });
      break;
    case 'vend':
      await learnVend(model, world, { ...done, grant: deed.grant, publicKey: deed.publicKey });
      break;
    case 'revoke':
      if (done.came.came !== 'refused') known(model, deed.grant).isRevoked = true;
      if (done.came.came === 'done') known(model, deed.grant).overSince ??= world.now();
      break;
    case 'lift':
      if (done.came.came !== 'refused') model.lifting.add(deed.containment);
      break;
    case 'release':
    case 'end access':
      if (done.came.came === 'done') known(model, deed.grant).overSince ??= world.now();
      break;
    default:
  }
  if (came.came === 'stopped') noteStopped(model, deed);
  const wasOver = deed.what === 'activate' && known(model, deed.grant).overSince !== undefined;
  await assertHolds(model, world);
  if (deed.what === 'activate') assertActivated(model, world, { ...done, grant: deed.grant, wasOver });
  if (done.isWhole) assertProgress(model, world, done);
};

/** Whoever ends something signals last, so one that was stopped may have ended it and signalled nobody. */
const noteStopped = (model: Model, deed: Deed): void => {
  if (deed.what === 'activate' || deed.what === 'vend') return;
  for (const { id, task } of model.grants.values())
    if (
      deed.what === 'sweep' ||
      ('grant' in deed && deed.grant === id) ||
      ('task' in deed && deed.task === task)
    )
      model.unsure.add(id);
};

/** The machine goes on until the grant waits for its end, or has had it. */
const assertActivated = (
  model: Model,
  world: World,
  { came, isWhole, before, grant: id, wasOver }: Done & { grant: string; wasOver: boolean },
): void => {
  const [was, grant] = [before.grants.get(id), model.seen.grants.get(id)];
  if (!grant || came.came !== 'done') return;
  if (isWhole && (wasOver || isStopped(before, grant)))
    assert.ok(grant.state !== 'active' || was?.state === 'active', `${id} was over and became active`);
  if (!model.workflowsWork || model.away.has(grant.kind) || isHeld(world, id)) return;
  // Whoever should have signalled it may be dead. The sweeper comes then.
  if (!isWhole && model.unsure.has(id)) return;
  // What was found away before it stood still may have come back since.
  const isTried = 'ending' in grant && 'attempts' in grant.ending && grant.ending.attempts > 0;
  if (!isWhole && isTried) return;
  assert.ok(grant.state === 'active' || isSettled(grant), `the workflow of ${id} has left it ${grant.state}`);
};

const learnHeartbeat = (
  model: Model,
  now: number,
  { came, isWhole, task: id }: Done & { task: string },
): void => {
  const task = model.tasks.get(id);
  assert.ok(task);
  const isLate = isTaskOver(task, now);
  if (isWhole && isLate) assert.equal(came.came, 'refused', `${id} is over and was revived`);
  if (isWhole && !isLate && task.isExact) assert.equal(came.came, 'done', `${id} lives and was not heard`);
  if (came.came === 'refused' || isLate) return;
  // Of one that was stopped nobody knows whether it was heard.
  task.isExact &&= came.came === 'done' && isWhole;
  task.openUntil = Math.max(task.openUntil, Math.min(now + task.lease, task.lastEnd));
};

const learnTaskEnd = (
  model: Model,
  now: number,
  { came, before, task: id }: Done & { task: string },
): void => {
  if (came.came !== 'done') return;
  const task = model.tasks.get(id);
  if (task) task.isEnded = true;
  for (const grant of before.grants.values()) if (grant.task === id) known(model, grant.id).overSince ??= now;
};

/** Nothing is handed out without an entry, nor when it is over, nor twice. */
const learnVend = async (
  model: Model,
  world: World,
  { came, isWhole, before, grant: id, publicKey }: Done & { grant: string; publicKey: string | undefined },
): Promise<void> => {
  const now = world.now();
  const grant = known(model, id);
  const isShared = publicKey !== undefined && isBroughtByOthers(model, publicKey, id);
  if (came.came === 'refused' && isWhole && !isShared)
    assertRefusable(model, { grant: before.grants.get(id), now });
  if (came.came !== 'done' || came.made === undefined) return;
  if (isWhole) assert.ok(mayLive(model, grant, now), `a credential of ${id}, which is over`);
  if (isWhole) assert.ok(!isStopped(before, grant), `a credential of ${id}, which is stopped`);
  if (!mayLive(model, grant, now)) await assertIssuedBefore(model, world, { grant, before });
  const secret = world.secretOf(came.made);
  const holder = model.secrets.get(secret);
  assert.ok(holder === undefined || holder === id, `a secret of ${holder} as well`);
  model.secrets.set(secret, id);
  await assertRecorded(world.trail, { grantId: id, secret });
  model.given.push({ credential: came.made, grantId: id, at: now, skewMs: model.skews.get(grant.kind) ?? 0 });
};

/** The first to have a key let in keeps it; of a vend that was stopped nobody knows whether it was. */
const isBroughtByOthers = ({ brought }: Model, publicKey: string, id: string): boolean => {
  const grants = brought.get(publicKey) ?? new Set();
  brought.set(publicKey, grants.add(id));
  return grants.size > 1;
};

/** It may be handed out late by whoever stood still with it in hand; but nothing is issued when its end, or its task's, is written. */
const assertIssuedBefore = async (
  model: Model,
  world: World,
  { grant: { id, task }, before }: { readonly grant: KnownGrant; readonly before: Look },
): Promise<void> => {
  model.tell('a credential is handed out late');
  const was = before.grants.get(id);
  const isWritten = before.tasks.get(task)?.state === 'ended' || (was !== undefined && isOver(was));
  const now = (await world.look()).grants.get(id);
  if (isWritten) assert.equal(issuedOf(now), issuedOf(was), `a credential of ${id} was issued after its end`);
};

const issuedOf = (grant: Grant | undefined): number =>
  grant && 'credentialsIssued' in grant ? grant.credentialsIssued : 0;

/** Whoever may have one gets one, or everything else that is said here would be easy to keep. */
const assertRefusable = (
  model: Model,
  { grant, now }: { readonly grant: Grant | undefined; readonly now: number },
): void => {
  if (grant?.state !== 'active' || grant.credentialsIssued >= CREDENTIALS_PER_GRANT_MAX) return;
  const about = known(model, grant.id);
  const isSure = model.tasks.get(about.task)?.isExact && !about.isRevoked && !model.away.has(grant.kind);
  const isLive = isSure && mayLive(model, about, now) && !isStopped(model.seen, about);
  assert.ok(!isLive, `${grant.id} lives and gives nothing`);
};

/** What must have come of it when nothing was in its way. */
const assertProgress = (model: Model, world: World, { deed, came, before }: Done): void => {
  if (came.came !== 'done') return;
  if (deed.what === 'contain' && model.workflowsWork) assertEndedWithin(model, deed.scope);
  if (came.swept) assertSwept(model, world, { swept: came.swept, before });
  for (const grant of concerned(model, deed, came)) {
    if (model.away.has(grant.kind) || isHeld(world, grant.id)) continue;
    const about = known(model, grant.id);
    if (deed.what === 'end access') assert.ok(isSettled(grant), `${grant.id} was ended and is not dead`);
    if (!model.workflowsWork) continue;
    if (deed.what === 'ask' && model.gives)
      assert.equal(grant.state, isStopped(before, grant) ? 'denied' : 'active', `${grant.id} was given`);
    const isEnd = deed.what === 'release' || deed.what === 'revoke' || deed.what === 'end task';
    // What is over already is only looked at when its task is ended once more.
    const was = before.grants.get(grant.id);
    const isNew = was !== undefined && !isOver(was);
    if (isEnd && isNew && about.isWaitedFor)
      assert.ok(isSettled(grant), `${grant.id} was to end and is not dead`);
    const isBegin = deed.what === 'ask' || deed.what === 'activate';
    if (isBegin && grant.state === 'active') about.isWaitedFor = true;
  }
};

const concerned = ({ seen }: Model, deed: Deed, came: Came): readonly Grant[] => {
  if (deed.what === 'end task') return [...seen.grants.values()].filter(({ task }) => task === deed.task);
  const id = 'grant' in deed ? deed.grant : came.came === 'done' ? came.made : undefined;
  const grant = seen.grants.get(id ?? '');
  return grant ? [grant] : [];
};

/** Whatever was due and could be reached is dead after one sweep; what is in quarantine is under an alarm. */
const assertSwept = (
  model: Model,
  world: World,
  { swept, before }: { readonly swept: Swept; readonly before: Look },
): void => {
  const now = world.now();
  let quarantined = 0;
  for (const grant of model.seen.grants.values()) {
    const was = before.grants.get(grant.id);
    if (isQuarantined(grant) && isQuarantined(was)) quarantined += 1;
    if (isHeldBack(before, grant)) assert.ok(isOver(grant), `${grant.id} is stopped, and lives`);
    if (model.notGiven.has(grant.id))
      assert.ok(isOver(grant), `${grant.id} is not given any more, and lives`);
    const about = known(model, grant.id);
    if (about.isRevoked && (about.overSince ?? now) + SWEEP_GRACE_MS <= now)
      assert.ok(isOver(grant), `${grant.id} was revoked and lives`);
    const dueAt = before.dueAt.get(grant.id);
    if (dueAt === undefined || dueAt > now) continue;
    if (was?.state === 'preparing' && !isOver(grant)) continue;
    assert.ok(isOver(grant), `${grant.id} was due and lives`);
    if (model.away.has(grant.kind) || isHeld(world, grant.id)) continue;
    // What another of the due things has ended in this very sweep is left to its workflow, or to the next sweep.
    const isNext =
      was !== undefined &&
      !isOver(was) &&
      (model.seen.dueAt.get(grant.id) ?? 0) <= now + ENDING_BACKOFF_MIN_MS;
    assert.ok(isSettled(grant) || isNext, `${grant.id} was due and is not dead`);
  }
  assert.ok(swept.quarantined >= quarantined, 'what is in quarantine is not counted');
  if (model.away.size === 0) assert.equal(swept.failures, 0, 'a sweep failed');
};

/** Whether a stop that held before is in its way: what lives there is ended by each pass. */
const isHeldBack = ({ containments }: Look, reached: Reached): boolean =>
  [...containments.values()].some((one) => one.state === 'holding' && isWithin(one.scope, reached));

const assertEndedWithin = (model: Model, scope: ContainmentScope): void => {
  for (const grant of model.seen.grants.values())
    if (isWithin(scope, grant)) assert.ok(isOver(grant), `${grant.id} is stopped, and lives`);
};

const isQuarantined = (grant: Grant | undefined): boolean =>
  grant !== undefined && 'ending' in grant && grant.ending.status === 'quarantined';

/** Somebody stands still who is making something for it, and may hold it at its target. */
const isHeld = ({ paused }: World, id: string): boolean =>
  paused.some(({ deed }) => deed.what === 'activate' && deed.grant === id);
