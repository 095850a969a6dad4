import type { Approval } from '../core/approval/approval.ts';
import { closeApproval, isOpen } from '../core/approval/approval-life.ts';
import type { AuditEntry } from '../core/audit/entry.ts';
import type { EventContext } from '../core/audit/event.ts';
import { endGrant as endGrantState, isDying } from '../core/grant/end-grant.ts';
import type { EndCause, Grant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import type { EpochMs } from '../core/time.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Backoff, Clock, Log, Store, Workflow } from './ports.ts';
import { type Recorded, record } from './record.ts';
import { signalEnd } from './start-workflow.ts';

export interface EndDeps {
  readonly store: Pick<Store, 'readGrant' | 'readApproval' | 'commit' | 'readWaitToken'>;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly workflow: Pick<Workflow, 'endWait'>;
  readonly log: Log;
}

export interface Ended {
  /** As it is now: ended by this call or before it. Undefined when there is no such grant. */
  readonly grant: Grant | undefined;
  /** The entry of the end, when it was this call that ended it. */
  readonly entry: AuditEntry | undefined;
}

/**
 * Writes the end first, so that every use is refused from here on; then reads the waiting workflow's token and
 * signals it. Repeating it changes nothing. `isMine` guards what the caller may end.
 */
export const endGrant = async (
  deps: EndDeps,
  ask: { readonly grantId: string; readonly cause: EndCause; readonly isMine: (grant: Grant) => boolean },
  context: EventContext,
): Promise<Ended> => {
  const ended = await decideUntilCommitted(() => attempt(deps, ask, context), deps.backoff);
  // Also when it was already over: the first signal may have been lost together with whoever sent it.
  if (ended.grant && isDying(ended.grant))
    await signalEnd(deps, { waitsFor: ask.grantId, grantId: ask.grantId });
  // Whoever waits for people may stop waiting.
  if (ended.entry && ended.grant?.approval !== undefined && !isDying(ended.grant))
    await signalEnd(deps, { waitsFor: ended.grant.approval, grantId: ask.grantId });
  return ended;
};

const attempt = async (
  deps: EndDeps,
  { grantId, cause, isMine }: Parameters<typeof endGrant>[1],
  context: EventContext,
): Promise<Ended | 'lost'> => {
  const grant = await deps.store.readGrant(grantId);
  if (!grant || !isMine(grant)) return { grant: undefined, entry: undefined };
  if (isOver(grant)) return { grant, entry: undefined };
  const now = deps.clock();
  const { state, entry } = record<Grant>(endGrantState(grant, cause, now), context, now);
  const approvals = await closedApproval(deps, grant, { context, now, cause });
  const outcome = await deps.store.commit({
    grants: [state],
    approvals: approvals.map((one) => one.state),
    entries: [entry, ...approvals.map((one) => one.entry)],
  });
  return outcome === 'lost' ? 'lost' : { grant: state, entry };
};

/** What people are asked about ends with what they are asked for, in one write: a decision comes before it or not at all. */
export const closedApproval = async (
  deps: { readonly store: Pick<Store, 'readApproval'> },
  grant: Grant,
  {
    context,
    now,
    cause,
  }: { readonly context: EventContext; readonly now: EpochMs; readonly cause: EndCause },
): Promise<readonly Recorded<Approval>[]> => {
  if (grant.state !== 'pending_approval') return [];
  const approval = await deps.store.readApproval(grant.approval);
  if (!approval || !isOpen(approval)) return [];
  const state = cause === 'nobody_approved' ? 'lapsed' : 'cancelled';
  return [record<Approval>(closeApproval(approval, { state, cause }, now), context, now)];
};
