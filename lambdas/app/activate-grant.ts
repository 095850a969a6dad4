import type { EventContext } from '../core/audit/event.ts';
import type { Resource } from '../core/config/resource.ts';
import { beginActivation, completeActivation } from '../core/grant/activate-grant.ts';
import type { ActivatingGrant, ActiveGrant, Grant } from '../core/grant/grant.ts';
import { isContained, isTaskOpen } from '../core/grant/use-grant.ts';
import { SECOND_MS } from '../core/limits.ts';
import { decideUntilCommitted } from './attempts.ts';
import { findTarget } from './find-target.ts';
import type { Backoff, Clock, Store } from './ports.ts';
import { type Targets, targetOf } from './ports-of-targets.ts';
import { record } from './record.ts';

export interface ActivateDeps {
  readonly store: Pick<Store, 'readForUse' | 'readGrant' | 'commit'>;
  readonly targets: Targets;
  readonly resources: readonly Resource[];
  readonly clock: Clock;
  readonly backoff: Backoff;
}

/** Undefined: this grant does not become active, and whatever was made is for *end access* to undo. */
export interface Activated {
  readonly waitSeconds: number;
  readonly leaseSeconds: number;
}

/**
 * In this order: the conditional `activating` write, the target's one change, the conditional `active`
 * write. Safe to repeat from any point: an earlier attempt's writes are recognised, never doubled.
 */
export const activateGrant = async (
  deps: ActivateDeps,
  grantId: string,
  context: EventContext,
): Promise<Activated | undefined> => {
  const begun = await decideUntilCommitted(() => begin(deps, grantId, context), deps.backoff);
  if (!begun) return undefined;
  const leaseSeconds = begun.leaseSeconds;
  const { grant, resource } = begun;
  if (grant.state === 'active') return { leaseSeconds, waitSeconds: secondsLeft(deps, grant) };
  const isStillWanted = async () => (await deps.store.readGrant(grantId))?.state === 'activating';
  const target = targetOf(deps.targets, resource);
  if ((await target.open({ resource, grant, isStillWanted })) === 'unwanted') return undefined;
  const active = await decideUntilCommitted(() => complete(deps, grantId, context), deps.backoff);
  return active && { leaseSeconds, waitSeconds: secondsLeft(deps, active) };
};

interface Begun {
  readonly grant: ActivatingGrant | ActiveGrant;
  readonly leaseSeconds: number;
  readonly resource: Resource;
}

const begin = async (
  deps: ActivateDeps,
  grantId: string,
  context: EventContext,
): Promise<Begun | undefined | 'lost'> => {
  const { grant, task, containment, isRevoked } = await deps.store.readForUse(grantId);
  const now = deps.clock();
  if (!grant || isRevoked || !isTaskOpen(task, now) || isContained(containment, grant)) return undefined;
  const resource = findTarget(deps.resources, grant);
  if (typeof resource === 'string') return undefined;
  const leaseSeconds = task?.leaseSeconds ?? 0;
  if (grant.state === 'active') return { grant, leaseSeconds, resource };
  const begun = beginActivation(grant, now);
  if (!begun.ok) return undefined;
  if ('again' in begun.value) return { grant: begun.value.again, leaseSeconds, resource };
  const { state, entry } = record(begun.value, context, now);
  const outcome = await deps.store.commit({ grants: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : { grant: state, leaseSeconds, resource };
};

const complete = async (
  deps: ActivateDeps,
  grantId: string,
  context: EventContext,
): Promise<ActiveGrant | undefined | 'lost'> => {
  const grant: Grant | undefined = await deps.store.readGrant(grantId);
  if (!grant || grant.state === 'active') return grant;
  const now = deps.clock();
  const completed = completeActivation(grant, now);
  if (!completed.ok) return undefined;
  const { state, entry } = record(completed.value, context, now);
  const outcome = await deps.store.commit({ grants: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : state;
};

/** From now to the absolute end, rounded up, so that whoever wakes finds the window over. */
const secondsLeft = (deps: ActivateDeps, grant: ActiveGrant): number =>
  Math.max(1, Math.ceil((grant.expiresAt - deps.clock()) / SECOND_MS));
