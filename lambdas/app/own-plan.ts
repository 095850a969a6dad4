import type { Approval } from '../core/approval/approval.ts';
import { closeApproval, isOpen } from '../core/approval/approval-life.ts';
import { approvalOfPlan } from '../core/grant/ids.ts';
import { isSameHolder } from '../core/identity/principal.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { decideUntilCommitted } from './attempts.ts';
import { type Caller, callerContext, type Software } from './caller.ts';
import type { Backoff, Clock, Log, Notifier, Sleep, Store } from './ports.ts';
import { record } from './record.ts';
import { type PlanAnswer, planAnswer } from './request-plan.ts';
import { tellPeople } from './tell-people.ts';
import { waitUntil } from './wait-until.ts';

export interface ReadPlanDeps {
  readonly store: Pick<Store, 'readApproval'>;
  readonly clock: Clock;
  readonly sleep: Sleep;
}

/** The caller's own plan, after at most `waitSeconds` of waiting for people. */
export const readOwnPlan = async (
  deps: ReadPlanDeps,
  caller: Caller,
  ask: { readonly planId: string; readonly waitSeconds: number },
): Promise<Result<PlanAnswer>> => {
  const first = await ownPlan(deps, caller, ask.planId);
  if (!first) return fail({ code: 'not_found' });
  const seen = await waitUntil<Approval>(
    {
      first,
      again: async () => (await deps.store.readApproval(first.id)) ?? first,
      isDone: ({ state }) => state !== 'pending',
    },
    ask.waitSeconds,
    deps,
  );
  return ok(planAnswer(seen));
};

export interface EndPlanDeps {
  readonly store: Pick<Store, 'readApproval' | 'commit'>;
  readonly notifier: Notifier;
  readonly software: Software;
  readonly clock: Clock;
  readonly backoff: Backoff;
  readonly log: Log;
}

/** Withdraws a plan as a whole: nothing of it runs any more, whatever people have said. Asked again, the same answer. */
export const endOwnPlan = async (
  deps: EndPlanDeps,
  caller: Caller,
  planId: string,
): Promise<Result<PlanAnswer>> => {
  const ended = await decideUntilCommitted(() => attempt(deps, caller, planId), deps.backoff);
  if (ended.ok) {
    const { id, asked } = ended.value.approval;
    await tellPeople(deps, { approval: id, grantId: asked.grant });
  }
  return ended;
};

const attempt = async (
  deps: EndPlanDeps,
  caller: Caller,
  planId: string,
): Promise<Result<PlanAnswer> | 'lost'> => {
  const approval = await ownPlan(deps, caller, planId);
  if (!approval) return fail({ code: 'not_found' });
  if (!isOpen(approval)) return ok(planAnswer(approval));
  const end = { state: 'cancelled', cause: 'cancelled_by_principal' } as const;
  const now = deps.clock();
  const closed = record<Approval>(
    closeApproval(approval, end, now),
    callerContext(caller, deps.software),
    now,
  );
  const outcome = await deps.store.commit({ approvals: [closed.state], entries: [closed.entry] });
  return outcome === 'lost' ? 'lost' : ok(planAnswer(closed.state));
};

/** Somebody else's plan looks like one that does not exist, and so does an approval that is of no plan. */
const ownPlan = async (
  { store }: { readonly store: Pick<Store, 'readApproval'> },
  caller: Caller,
  planId: string,
): Promise<Approval | undefined> => {
  const approval = await store.readApproval(approvalOfPlan(planId));
  const isTheirs = approval && isSameHolder(approval.asked.requester, caller.principal);
  return isTheirs && approval.asked.subject.kind === 'plan' ? approval : undefined;
};
