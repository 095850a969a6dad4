import type { EventContext } from '../core/audit/event.ts';
import type { Resource } from '../core/config/resource.ts';
import {
  accessEndedAt,
  endGrant,
  owesEnding,
  recordDeath,
  recordFailedEnding,
} from '../core/grant/end-grant.ts';
import type { EndCause, EndedGrant, Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import type { Task } from '../core/grant/task.ts';
import type { ContainmentRegister } from '../core/grant/use-grant.ts';
import { isContained, isTaskOpen } from '../core/grant/use-grant.ts';
import { EXPIRY_TOLERANCE_MS } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import { decideUntilCommitted } from './attempts.ts';
import { closedApproval } from './end-grant.ts';
import { type Astray, findTarget } from './find-target.ts';
import type { Backoff, Clock, Store } from './ports.ts';
import { type CloseReport, type Targets, targetOf } from './ports-of-targets.ts';
import { record } from './record.ts';

export interface EndAccessDeps {
  readonly store: Pick<Store, 'readForUse' | 'readGrant' | 'readApproval' | 'commit'>;
  readonly targets: Targets;
  readonly resources: readonly Resource[];
  readonly clock: Clock;
  readonly backoff: Backoff;
}

/**
 * Whatever led here, afterwards the grant is over and its ending is tried once: proved dead, or recorded as not
 * yet dead. Why the grant ends is read from the state, unless something at the target is the reason.
 */
export const endAccess = async (
  deps: EndAccessDeps,
  grantId: string,
  context: EventContext,
  atTarget?: Extract<EndCause, 'rights_outgrown'>,
): Promise<Grant | undefined> => {
  const grant = await decideUntilCommitted(() => close(deps, { grantId, atTarget }, context), deps.backoff);
  if (!grant || !owesEnding(grant)) return grant;
  const report = await endAtTarget(deps, grant);
  return decideUntilCommitted(() => keepReport(deps, { grantId, report }, context), deps.backoff);
};

const close = async (
  deps: EndAccessDeps,
  { grantId, atTarget }: { readonly grantId: string; readonly atTarget: EndCause | undefined },
  context: EventContext,
): Promise<Grant | undefined | 'lost'> => {
  const read = await deps.store.readForUse(grantId);
  const { grant } = read;
  if (!grant || isOver(grant)) return grant;
  const now = deps.clock();
  const cause = atTarget ?? causeOf({ ...read, grant }, now);
  const { state, entry } = record<Grant>(endGrant(grant, cause, now), context, now);
  const approvals = await closedApproval(deps, grant, { context, now, cause });
  const outcome = await deps.store.commit({
    grants: [state],
    approvals: approvals.map((one) => one.state),
    entries: [entry, ...approvals.map((one) => one.entry)],
  });
  return outcome === 'lost' ? 'lost' : state;
};

interface Read {
  readonly grant: Grant;
  readonly task: Task | undefined;
  readonly containment: ContainmentRegister;
  readonly isRevoked: boolean;
}

/** A workflow that ends a grant which nothing else has ended was woken by hand: that ends access, never lengthens it. */
const causeOf = ({ grant, task, containment, isRevoked }: Read, now: EpochMs): EndCause => {
  if (isRevoked) return 'revoked_by_person';
  if (grant.state === 'active' && now >= grant.expiresAt - EXPIRY_TOLERANCE_MS) return 'window_over';
  if (isContained(containment, grant)) return 'contained';
  if (grant.state !== 'active') return 'activation_failed';
  if (task?.state === 'ended') return 'task_ended';
  return isTaskOpen(task, now) ? 'workflow_ended_early' : 'lease_lost';
};

const ASTRAY: Readonly<Record<Astray, string>> = {
  removed: 'resource:removed_from_configuration',
  moved: 'resource:moved_in_configuration',
};

const endAtTarget = async (deps: EndAccessDeps, grant: EndedGrant): Promise<CloseReport> => {
  const resource = findTarget(deps.resources, grant);
  if (typeof resource === 'string') return { dead: false, steps: [], error: ASTRAY[resource] };
  const target = targetOf(deps.targets, resource);
  return target.close({ resource, grantId: grant.id, grant, since: accessEndedAt(grant) });
};

const keepReport = async (
  deps: EndAccessDeps,
  { grantId, report }: { grantId: string; report: CloseReport },
  context: EventContext,
): Promise<Grant | undefined | 'lost'> => {
  const grant = await deps.store.readGrant(grantId);
  if (!grant || !owesEnding(grant)) return grant;
  const now = deps.clock();
  const change = report.dead
    ? recordDeath(grant, report.steps, now)
    : recordFailedEnding(grant, { error: report.error ?? 'unknown', steps: report.steps }, now);
  const { state, entry } = record<EndedGrant>(change, context, now);
  const outcome = await deps.store.commit({ grants: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : state;
};
