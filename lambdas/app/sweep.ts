import type { EventContext } from '../core/audit/event.ts';
import type { Resource } from '../core/config/resource.ts';
import { taskMaxEnd } from '../core/grant/due-at.ts';
import { owesEnding } from '../core/grant/end-grant.ts';
import type { EndCause, Grant, PendingApprovalGrant } from '../core/grant/grant.ts';
import { isOver } from '../core/grant/grant.ts';
import type { Task } from '../core/grant/task.ts';
import { APPROVAL_USE_SECONDS, SECOND_MS, SWEEP_CONCURRENCY } from '../core/limits.ts';
import type { EpochMs } from '../core/time.ts';
import type { ActivateConfigDeps } from './activate-config.ts';
import { activateConfig } from './activate-config.ts';
import { decideUntilCommitted } from './attempts.ts';
import { endGrant } from './end-grant.ts';
import { endGrantsOf, writeTombstone } from './end-task.ts';
import { inTurns } from './in-turns.ts';
import { nudge } from './nudge.ts';
import type { DueItem, Endings, Store, Workflow } from './ports.ts';
import { PROBE_GOT_IN } from './ports-of-targets.ts';
import { type RefusedTokensDeps, recordRefusedTokens } from './record-refused-tokens.ts';
import { startWorkflow } from './start-workflow.ts';
import { type SweepApprovalDeps, sweepApproval } from './sweep-approval.ts';
import { type SweepContainmentsDeps, sweepContainments } from './sweep-containment.ts';
import { type SweepRunDeps, sweepRun } from './sweep-run.ts';

export interface SweepDeps extends SweepContainmentsDeps, ActivateConfigDeps, RefusedTokensDeps {
  readonly store: SweepContainmentsDeps['store'] &
    ActivateConfigDeps['store'] &
    RefusedTokensDeps['store'] &
    SweepRunDeps['store'] &
    SweepApprovalDeps['store'] &
    Pick<Store, 'due' | 'owed'>;
  readonly workflow: Pick<Workflow, 'start' | 'startRun' | 'endWait'>;
  readonly endings: Endings;
  readonly resources: readonly Resource[];
}

/** What one sweep found. `failures` counts what could not be looked at or acted on; it will be due again. */
export interface SweepReport {
  readonly due: number;
  readonly orphans: number;
  readonly quarantined: number;
  readonly probeGotIn: number;
  /** Stops in which something does not end. */
  readonly unsettled: number;
  readonly failures: number;
}

/**
 * The guarantee behind the workflows: whatever is due is looked at again until nothing is owed. One thing that
 * fails never keeps the others from their end.
 */
export const sweep = async (deps: SweepDeps, context: EventContext): Promise<SweepReport> => {
  const tally = { due: 0, orphans: 0, quarantined: 0, probeGotIn: 0, unsettled: 0, failures: 0 };
  const tolerate = tolerant(deps, tally);
  // First, because somebody is waiting for it. What it ends is due at a target only a moment later.
  await tolerate('containments', async () => {
    tally.unsettled = await sweepContainments(deps, tolerate, context);
  });
  const due = await deps.store.due(deps.clock());
  tally.due = due.length;
  await inTurns(due, SWEEP_CONCURRENCY, (item) =>
    tolerate(item.id, () => SWEEPS[item.kind](deps, item, context)),
  );
  await inTurns(deps.resources, SWEEP_CONCURRENCY, (resource) =>
    tolerate(resource.id, async () => {
      const found = await deps.endings.reconcile(resource);
      // Added afterwards: with the question inside the sum, targets that are looked at together forget each other's.
      tally.orphans += found;
    }),
  );
  await tolerate('quarantine', () => countQuarantine(deps, tally));
  // Last, because it looks at everything that lives: however much that is, what is owed comes first.
  await tolerate('tokens', () => recordRefusedTokens(deps, context));
  await tolerate('config', () => activateConfig(deps, context));
  return tally;
};

const tolerant =
  (deps: SweepDeps, tally: { failures: number }) =>
  async (about: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      tally.failures += 1;
      deps.log('error', 'sweep failed for one item', {
        about,
        error: error instanceof Error ? error.name : 'unknown',
      });
    }
  };

type SweepOne = (deps: SweepDeps, item: DueItem, context: EventContext) => Promise<void>;

/** The index lags and the queue is long, so what a grant needs is decided on a fresh read. */
const sweepGrant = async (deps: SweepDeps, { id }: DueItem, context: EventContext): Promise<void> => {
  const grant = await deps.store.readGrant(id);
  if (!grant) return;
  const now = deps.clock();
  if (grant.state === 'preparing' && now < grant.activateBy) return startWorkflow(deps, grant);
  const cause = overdueCause(grant, now);
  if (grant.state === 'pending_approval' && !cause) return awaitPeople(deps, grant);
  if (cause) {
    await endGrant(
      deps,
      { grantId: id, cause, isMine: (current) => overdueCause(current, now) !== undefined },
      context,
    );
  }
  if (needsTarget(grant, now)) await deps.endings.end(grant);
};

/** Also when their time is over: what they decided in the last moment may still be taken. */
const awaitPeople = async (deps: SweepDeps, grant: PendingApprovalGrant): Promise<void> => {
  await startWorkflow(deps, grant);
  await nudge(deps, { about: { grantId: grant.id }, approval: grant.approval });
};

/** What ends without anything at a target. */
const overdueCause = (grant: Grant, now: EpochMs): EndCause | undefined => {
  // The workflow takes a decision of the last moment; after this there is none to wait for.
  if (grant.state === 'pending_approval' && now >= grant.approveBy + APPROVAL_USE_SECONDS * SECOND_MS)
    return 'nobody_approved';
  if (grant.state === 'preparing' && now >= grant.activateBy) return 'activation_failed';
  return undefined;
};

const needsTarget = (grant: Grant, now: EpochMs): boolean =>
  (grant.state === 'activating' && now >= grant.activateBy) ||
  (grant.state === 'active' && now >= grant.expiresAt) ||
  (owesEnding(grant) && 'nextAttemptAt' in grant.ending && now >= grant.ending.nextAttemptAt);

const sweepTask = async (deps: SweepDeps, { id }: DueItem, context: EventContext): Promise<void> => {
  const now = deps.clock();
  const isOverdue = (task: Task) => task.state === 'ended' || now >= task.openUntil;
  const task = await deps.store.readTask(id);
  if (!task || !isOverdue(task)) return;
  const cause = now >= taskMaxEnd(task.createdAt) ? 'too_old' : 'lease_lost';
  const ended = await decideUntilCommitted(
    () => writeTombstone(deps, { taskId: id, cause, isMine: isOverdue }, context),
    deps.backoff,
  );
  if (ended) await endGrantsOf(deps, ended.task, context);
};

/** Whoever said that it ends can not write the end, and whoever should have heard of it did not. */
const sweepRevocation = async (deps: SweepDeps, { id }: DueItem, context: EventContext): Promise<void> => {
  const end = { grantId: id, cause: 'revoked_by_person', isMine: (grant: Grant) => !isOver(grant) } as const;
  await endGrant(deps, end, context);
};

const SWEEPS: Readonly<Record<DueItem['kind'], SweepOne>> = {
  grant: sweepGrant,
  task: sweepTask,
  run: (deps, { id }, context) => sweepRun(deps, id, context),
  approval: (deps, { id }, context) => sweepApproval(deps, id, context),
  revocation: sweepRevocation,
};

/** Counted over everything that is owed, because an alarm must stay while anything stays. */
const countQuarantine = async (
  deps: SweepDeps,
  tally: { quarantined: number; probeGotIn: number },
): Promise<void> => {
  await inTurns(await deps.store.owed(), SWEEP_CONCURRENCY, async ({ id }) => {
    const grant = await deps.store.readGrant(id);
    if (!grant || !owesEnding(grant)) return;
    if (grant.ending.status === 'quarantined') tally.quarantined += 1;
    if ('lastError' in grant.ending && grant.ending.lastError === PROBE_GOT_IN) tally.probeGotIn += 1;
  });
};
