import type { Approval, AskedStatement } from '../core/approval/approval.ts';
import { askedOfPlan, askedStatement, excludedFrom } from '../core/approval/asked.ts';
import { statementText } from '../core/approval/digest.ts';
import { appendEntry, headOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import { planOfApproval } from '../core/grant/ids.ts';
import { principalKey } from '../core/identity/principal.ts';
import { APPROVAL_WAIT_SECONDS, SECOND_MS } from '../core/limits.ts';
import { lacksOwner, verdictOnRun } from '../core/policy/decide-access.ts';
import type { Verdict } from '../core/policy/question.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { checkBudgets } from '../core/run/budget.ts';
import { askPeople, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import { type Caller, callerContext } from './caller.ts';
import { findRunGrant, questionOf, type RunGrant, usageOf } from './find-run-grant.ts';
import { earlierRequest, hashOfRequest, rememberRequest } from './idempotency.ts';
import type { Notifier, Store } from './ports.ts';
import type { RequestRunDeps } from './request-run.ts';
import { type PlanAsked, planName } from './run-payload.ts';
import { tellPeople } from './tell-people.ts';
import { understand } from './understand-statement.ts';

export interface RequestPlanDeps extends RequestRunDeps {
  readonly store: RequestRunDeps['store'] & Pick<Store, 'readApproval'>;
  readonly notifier: Notifier;
}

export interface PlanAsk {
  readonly grantId: string;
  readonly reason: string;
  readonly statements: readonly PlanAsked[];
  readonly durationSeconds: number;
  readonly approvalSeconds?: number | undefined;
}

interface Ask {
  readonly request: PlanAsk;
  readonly idempotencyKey: string | undefined;
}

export interface PlanAnswer {
  readonly approval: Approval;
  readonly receipt: Receipt;
}

/**
 * Asks people about several statements at once, each bound to its bytes and to how often it may run. Every statement is
 * understood and asked about by itself first: a plan is no way around a rule, only around being asked many times. Asking
 * is a run of the budgets, so that nobody is asked without an end, and an entry of the grant, so that whoever reads what
 * happened under it finds a plan of which nothing ran.
 */
export const requestPlan = async (
  deps: RequestPlanDeps,
  caller: Caller,
  ask: Ask,
): Promise<Result<PlanAnswer>> => {
  await deps.loadParser();
  const answer = await decideUntilCommitted(() => attempt(deps, caller, ask), deps.backoff);
  if (answer.ok && answer.value.approval.state === 'pending') {
    const { id, asked } = answer.value.approval;
    await tellPeople(deps, { approval: id, grantId: asked.grant });
  }
  return answer;
};

const attempt = async (
  deps: RequestPlanDeps,
  caller: Caller,
  { request, idempotencyKey }: Ask,
): Promise<Result<PlanAnswer> | 'lost'> => {
  const found = await findRunGrant(deps, caller, { grantId: request.grantId, idempotencyKey });
  if (!found.ok) return found;
  const { vault, now } = found.value;
  const identity = { plan: vault.mac('literal', hashOfRequest(request)) };
  const earlier = earlierRequest(found.value.earlier, identity, now);
  if (!earlier.ok) return earlier;
  if (earlier.value) return answerAgain(deps, earlier.value);
  const within = checkBudgets(found.value.budgets, now);
  if (!within.ok) return within;
  const decided = decide(deps, found.value, request);
  if (!decided.ok) return decided;
  const { id } = decided.value;
  const made = { principalKey: principalKey(caller.principal), id, at: now };
  const remembered = rememberRequest(idempotencyKey, identity, made);
  return commitPlan(deps, found.value, { request, ...decided.value, remembered });
};

export const planAnswer = (approval: Approval): PlanAnswer => ({
  approval,
  receipt: { chain: approval.id, ...approval.head },
});

const answerAgain = async (deps: RequestPlanDeps, id: string): Promise<Result<PlanAnswer>> => {
  const approval = await deps.store.readApproval(id);
  return approval ? ok(planAnswer(approval)) : fail({ code: 'not_found' });
};

type Allowed = Extract<Verdict, { effect: 'allow' }>;

interface Decided {
  /** Of the approval. */
  readonly id: string;
  readonly statements: readonly AskedStatement[];
  readonly quorum: number;
  readonly verdicts: readonly Allowed[];
}

/** All of them, or none: what policy forbids is not shown to people, and one that needs nobody does not need less beside others. */
const decide = (deps: RequestPlanDeps, about: RunGrant, { statements }: PlanAsk): Result<Decided> => {
  const { grant, vault } = about;
  const asked: AskedStatement[] = [];
  const verdicts: Allowed[] = [];
  for (const [index, one] of statements.entries()) {
    const statement = understand(one, grant.action);
    if (!statement.ok) {
      const part = `statement ${index + 1}, ${statement.failure.part}`;
      return fail({ code: 'statement_refused', ...statement.failure, part });
    }
    const verdict = verdictOnRun(deps.policy, questionOf(about, statement.value));
    if (verdict.effect === 'deny') return fail({ code: 'policy_denied', determinedBy: verdict.determinedBy });
    verdicts.push(verdict);
    asked.push(askedStatement(statement.value, vault.mac('approval', statementText(one)), one.times));
  }
  const quorum = Math.max(1, ...verdicts.map((verdict) => verdict.quorum));
  if (lacksOwner(grant, quorum)) return fail({ code: 'owner_unknown' });
  return ok({ id: newApprovalId(deps.random, grant.task), statements: asked, quorum, verdicts });
};

const commitPlan = async (
  deps: RequestPlanDeps,
  { caller, grant, resource, vault, now }: RunGrant,
  plan: Decided & { readonly request: PlanAsk; readonly remembered: ReturnType<typeof rememberRequest> },
): Promise<Result<PlanAnswer> | 'lost'> => {
  const { id, request, statements, quorum, verdicts, remembered } = plan;
  const { sealedHash } = await vault.put(planName(planOfApproval(id)), JSON.stringify(request.statements));
  const approveBy = now + (request.approvalSeconds ?? APPROVAL_WAIT_SECONDS) * SECOND_MS;
  const asked = askedOfPlan(grant, {
    approval: id,
    resource,
    statements,
    reason: request.reason,
    planHash: sealedHash,
    planUntil: Math.min(now + request.durationSeconds * SECOND_MS, grant.expiresAt),
    approveBy: Math.min(approveBy, grant.expiresAt),
    determinedBy: [...new Set(verdicts.flatMap(({ determinedBy }) => determinedBy.map((one) => one.id)))],
  });
  const excluded = excludedFrom(grant, { ...grant, delegation: caller.principal.delegation });
  const askedBy = verdicts.flatMap((verdict) => verdict.askedBy);
  const unique = askedBy.filter((one, at) => askedBy.findIndex((other) => other.id === one.id) === at);
  const context = callerContext(caller, deps.software);
  const made = askPeople({ asked, excluded, quorum, askedBy: unique, resource }, context, now);
  const fact = { type: 'plan.requested' as const, grant: grant.id, approval: id };
  const entry = appendEntry({ chain: grant.id, head: grant.head }, { ...fact, ...context }, now);
  const outcome = await deps.store.commit({
    grants: [{ ...grant, version: grant.version + 1, head: headOf(entry) }],
    approvals: [made.state],
    entries: [entry, made.entry],
    activeGrant: { at: now },
    usage: { ...usageOf({ grant, caller, now }), runs: 1, begins: true },
    ...remembered,
  });
  return outcome === 'lost' ? 'lost' : ok(planAnswer(made.state));
};
