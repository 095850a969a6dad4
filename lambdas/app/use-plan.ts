import type { Approval, GrantedApproval } from '../core/approval/approval.ts';
import { useApproval } from '../core/approval/approval-life.ts';
import { decideAgain } from '../core/approval/decide-again.ts';
import { isBoundTo, outcomeOf } from '../core/approval/outcome.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import type { Failure } from '../core/failure.ts';
import type { ActiveGrant, Consent } from '../core/grant/grant.ts';
import { approvalOfPlan } from '../core/grant/ids.ts';
import type { ContainmentRegister } from '../core/grant/use-grant.ts';
import type { PrincipalId } from '../core/identity/principal.ts';
import type { Policy, PolicyCase } from '../core/policy/decide-access.ts';
import { fail, ok, type Result } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';
import type { Store } from './ports.ts';
import { type Recorded, record } from './record.ts';

export interface UsePlanDeps {
  readonly store: Pick<Store, 'readApproval'>;
  readonly policy: Policy;
  readonly principals: readonly PrincipalEntry[];
}

/** One statement of an approved plan that may still run, and the people who stand behind it. */
export interface PlanUse {
  readonly approval: GrantedApproval;
  readonly statementIndex: number;
  readonly consent: Consent;
}

type Unusable = Extract<Failure, { code: 'plan_unusable' }>;

const unusable = (why: Unusable['why']) => fail<Unusable>({ code: 'plan_unusable', why });

/** Finds these very bytes in an approved plan of this grant, as often as it says, if policy of now agrees. */
export const findPlanUse = async (
  deps: UsePlanDeps,
  about: {
    readonly plan: string;
    readonly grant: ActiveGrant;
    readonly mac: string;
    /** Through whom this use was asked for: whoever approved the plan does not use it themselves. */
    readonly delegation: readonly PrincipalId[];
    readonly question: PolicyCase;
    readonly containment: ContainmentRegister;
  },
  now: EpochMs,
): Promise<Result<PlanUse, Unusable>> => {
  const { plan, grant, mac, delegation, question, containment } = about;
  const found = outcomeOf(await deps.store.readApproval(approvalOfPlan(plan)), now);
  if (found.kind === 'mismatch' || !isBoundTo(found.approval.asked, grant, { kind: 'plan', id: plan }))
    return unusable('unknown');
  if (found.kind === 'waiting') return unusable('pending');
  if (found.kind !== 'granted') return unusable('over');
  const { approval } = found;
  const same = [...approval.asked.statements.entries()].filter(([, statement]) => statement.mac === mac);
  if (same.length === 0) return unusable('statement');
  const left = same.find(([index, { times }]) => (approval.uses[index] ?? times) < times);
  if (!left) return unusable('spent');
  const used = { ...approval, excluded: [...approval.excluded, ...delegation] };
  const again = decideAgain(deps.policy, used, {
    question,
    people: { principals: deps.principals, containment },
  });
  if (again.kind !== 'yes') return unusable('changed');
  return ok({ approval, statementIndex: left[0], consent: again.consent });
};

/** One use of it, to be committed with the run. */
export const recordPlanUse = (
  { approval, statementIndex }: PlanUse,
  run: string,
  { context, now }: { readonly context: EventContext; readonly now: EpochMs },
): Recorded<Approval> =>
  record<Approval>(useApproval(approval, { by: run, statement: statementIndex }), context, now);
