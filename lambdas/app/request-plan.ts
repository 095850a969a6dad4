import type { Approval, AskedStatement } from '../core/approval/approval.ts';
import { askedOfPlan, askedStatement, excludedFrom } from '../core/approval/asked.ts';
import { statementText } from '../core/approval/digest.ts';
import { appendEntry, headOf, receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import { isRunAction, type Resource } from '../core/config/resource.ts';
import type { ActiveGrant } from '../core/grant/grant.ts';
import { planOfApproval } from '../core/grant/ids.ts';
import { checkUse } from '../core/grant/use-grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { APPROVAL_WAIT_SECONDS, SECOND_MS } from '../core/limits.ts';
import { lacksOwner, verdictOnRun } from '../core/policy/decide-access.ts';
import type { Verdict } from '../core/policy/question.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { type Budgets, checkBudgets } from '../core/run/budget.ts';
import { runFacts } from '../core/run/run-facts.ts';
import type { Statement } from '../core/sql/statement.ts';
import type { EpochMs } from '../core/time.ts';
import { askPeople, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import { type Caller, callerContext } from './caller.ts';
import { findTarget } from './find-target.ts';
import { earlierRequest, hashOfRequest } from './idempotency.ts';
import type { Notifier, Store, TaskVault } from './ports.ts';
import { type RequestRunDeps, usageOf } from './request-run.ts';
import { type PlanAsked, planName } from './run-payload.ts';
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
    await deps.notifier.notify(id).catch(() => deps.log('warn', 'nobody was told', { grantId: asked.grant }));
  }
  return answer;
};

const attempt = async (
  deps: RequestPlanDeps,
  caller: Caller,
  { request, idempotencyKey }: Ask,
): Promise<Result<PlanAnswer> | 'lost'> => {
  const { principal } = caller;
  const now = deps.clock();
  const read = await deps.store.readForRun({
    grantId: request.grantId,
    principalKey: principalKey(principal),
    idempotencyKey,
    at: now,
  });
  const use = checkUse({ ...read, principal }, now);
  if (!use.ok) return use;
  const grant = use.value;
  if (!isRunAction(grant.action)) return fail({ code: 'not_a_run' });
  const resource = findTarget(deps.resources, grant);
  if (typeof resource === 'string') return fail({ code: 'grant_over', state: `resource_${resource}` });
  const vault = await deps.vaults.open(grant.task);
  const identity = { plan: vault.mac('literal', hashOfRequest(request)) };
  const earlier = earlierRequest(read.earlier, identity, now);
  if (!earlier.ok) return earlier;
  if (earlier.value) return answerAgain(deps, earlier.value);
  const within = checkBudgets(read.budgets, now);
  if (!within.ok) return within;
  const decided = decide(deps, { grant, resource, budgets: read.budgets, vault }, request);
  if (!decided.ok) return decided;
  const key =
    idempotencyKey === undefined
      ? {}
      : {
          idempotency: {
            principalKey: principalKey(principal),
            key: idempotencyKey,
            bodyHash: hashOfRequest(identity),
            made: decided.value.id,
            createdAt: now,
          },
        };
  return commitPlan(deps, { caller, grant, resource, vault, now }, { request, ...decided.value, key });
};

const answerAgain = async (deps: RequestPlanDeps, id: string): Promise<Result<PlanAnswer>> => {
  const approval = await deps.store.readApproval(id);
  return approval
    ? ok({ approval, receipt: { chain: approval.id, ...approval.head } })
    : fail({ code: 'not_found' });
};

interface Decided {
  readonly id: string;
  readonly statements: readonly AskedStatement[];
  readonly quorum: number;
  readonly verdicts: readonly Extract<Verdict, { effect: 'allow' }>[];
}

/** All of them, or none: what policy forbids is not shown to people, and one that needs nobody does not need less beside others. */
const decide = (
  deps: RequestPlanDeps,
  about: {
    readonly grant: ActiveGrant;
    readonly resource: Resource;
    readonly budgets: Budgets;
    readonly vault: Pick<TaskVault, 'mac'>;
  },
  { statements }: PlanAsk,
): Result<Decided> => {
  const { grant, resource, budgets, vault } = about;
  const asked: AskedStatement[] = [];
  const verdicts: Extract<Verdict, { effect: 'allow' }>[] = [];
  for (const [index, one] of statements.entries()) {
    const statement = understand(one, grant.action);
    if (!statement.ok)
      return fail({
        code: 'statement_refused',
        ...statement.failure,
        part: `statement ${index + 1}, ${statement.failure.part}`,
      });
    const verdict = askPolicy(deps, { grant, resource, budgets }, statement.value);
    if (verdict.effect === 'deny') return fail({ code: 'policy_denied', determinedBy: verdict.determinedBy });
    verdicts.push(verdict);
    asked.push(askedStatement(statement.value, vault.mac('approval', statementText(one)), one.times));
  }
  const quorum = Math.max(1, ...verdicts.map((verdict) => verdict.quorum));
  if (lacksOwner(grant, quorum)) return fail({ code: 'owner_unknown' });
  return ok({ id: newApprovalId(deps.random, grant.task), statements: asked, quorum, verdicts });
};

const askPolicy = (
  deps: RequestPlanDeps,
  {
    grant,
    resource,
    budgets,
  }: { readonly grant: ActiveGrant; readonly resource: Resource; readonly budgets: Budgets },
  statement: Statement,
): Verdict =>
  verdictOnRun(deps.policy, {
    ...grant,
    resource,
    durationSeconds: grant.requestedSeconds,
    run: runFacts(statement, budgets),
  });

interface Committing {
  readonly caller: Caller;
  readonly grant: ActiveGrant;
  readonly resource: Resource;
  readonly vault: TaskVault;
  readonly now: EpochMs;
}

const commitPlan = async (
  deps: RequestPlanDeps,
  { caller, grant, resource, vault, now }: Committing,
  plan: Decided & { readonly request: PlanAsk; readonly key: object },
): Promise<Result<PlanAnswer> | 'lost'> => {
  const { id, request, statements, quorum, verdicts, key } = plan;
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
    usage: { ...usageOf(grant, caller, now), runs: 1, begins: true },
    ...key,
  });
  return outcome === 'lost' ? 'lost' : ok({ approval: made.state, receipt: receiptOf(made.entry) });
};
