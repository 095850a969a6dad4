import type { Approval, AskedStatement } from '../core/approval/approval.ts';
import { askedOfRun, askedStatement, excludedFrom } from '../core/approval/asked.ts';
import { statementText } from '../core/approval/digest.ts';
import { appendEntry, receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import type { Resource } from '../core/config/resource.ts';
import { ID_RANDOM_BYTES, runId } from '../core/grant/ids.ts';
import { principalKey } from '../core/identity/principal.ts';
import { APPROVAL_WAIT_SECONDS } from '../core/limits.ts';
import { lacksOwner, type Policy, unmaskedCategories, verdictOnRun } from '../core/policy/decide-access.ts';
import type { Verdict } from '../core/policy/question.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { checkBudgets } from '../core/run/budget.ts';
import type { Run } from '../core/run/run.ts';
import { openRun, type RunChange } from '../core/run/run-life.ts';
import type { Statement } from '../core/sql/statement.ts';
import { askPeople, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import { findRunGrant, questionOf, type RunGrant, usageOf } from './find-run-grant.ts';
import { earlierRequest, hashOfRequest, rememberRequest } from './idempotency.ts';
import type { Backoff, Log, RandomBytes, Store, TaskVault, Vaults, Workflow } from './ports.ts';
import type { Recorded } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';
import { type RecordedRun, recordRun } from './record-run.ts';
import { type RunAsked, requestName } from './run-payload.ts';
import { startRunWorkflow } from './start-workflow.ts';
import { type StatementRefusal, understand } from './understand-statement.ts';
import { findPlanUse, type PlanUse, recordPlanUse } from './use-plan.ts';

export interface RunAsk {
  readonly grantId: string;
  readonly request: RunAsked & {
    readonly maxRows: number;
    readonly approvalSeconds?: number | undefined;
    /** The plan that it is part of. */
    readonly plan?: string | undefined;
    /** Why this statement; undefined: what was said of the grant. */
    readonly reason?: string | undefined;
  };
  readonly idempotencyKey: string | undefined;
}

export interface RequestRunDeps extends TrailDeps {
  readonly store: Pick<Store, 'readForRun' | 'readRun' | 'readApproval' | 'commit' | 'appendSystem'>;
  readonly vaults: Pick<Vaults, 'open'>;
  readonly workflow: Pick<Workflow, 'startRun'>;
  readonly policy: Policy;
  readonly resources: readonly Resource[];
  readonly principals: readonly PrincipalEntry[];
  readonly loadParser: () => Promise<void>;
  readonly random: RandomBytes;
  readonly backoff: Backoff;
  readonly log: Log;
}

/** A run, or a statement that was refused by its form and is none; either way recorded before it is answered. */
export type RequestedRun =
  | { readonly kind: 'run'; readonly run: Run }
  | {
      readonly kind: 'refused';
      readonly refusal: { readonly part: string; readonly reason: string };
      readonly receipt: Receipt;
    };

/**
 * Checks the use of the grant, understands the statement, asks policy with everything that is known of it, seals the
 * statement into the task's vault, and commits run, counters and entry in one transaction. Only then the workflow is
 * started, which executes it whether or not the caller waits.
 */
export const requestRun = async (
  deps: RequestRunDeps,
  caller: Caller,
  ask: RunAsk,
): Promise<Result<RequestedRun>> => {
  await deps.loadParser();
  const answer = await decideUntilCommitted(() => attempt(deps, caller, ask), deps.backoff);
  if (answer.ok && answer.value.kind === 'run' && mustStart(answer.value.run))
    await startRunWorkflow(deps, answer.value.run);
  return answer;
};

const mustStart = ({ state }: Run): boolean => state === 'queued' || state === 'pending_approval';

interface Attempt extends RunGrant {
  readonly ask: RunAsk;
}

const attempt = async (
  deps: RequestRunDeps,
  caller: Caller,
  ask: RunAsk,
): Promise<Result<RequestedRun> | 'lost'> => {
  const found = await findRunGrant(deps, caller, ask);
  if (!found.ok) return found;
  const { grant, budgets, vault, now } = found.value;
  const earlier = earlierRequest(found.value.earlier, identityOf(vault, ask), now);
  if (!earlier.ok) return earlier;
  if (earlier.value) return answerAgain(deps, earlier.value);
  const within = checkBudgets(budgets, now);
  if (!within.ok) return within;
  const about = { ...found.value, ask };
  const statement = understand(ask.request, grant.action);
  if (!statement.ok) return commitRefusal(deps, about, statement.failure);
  const decided = await decide(deps, about, statement.value);
  return decided.ok ? commitRun(deps, about, decided.value) : decided;
};

/** The same key and statement: today's state of the same run, whatever has become of it. It is never executed again. */
const answerAgain = async (deps: RequestRunDeps, id: string): Promise<Result<RequestedRun>> => {
  const run = await deps.store.readRun(id);
  return run ? ok({ kind: 'run', run }) : fail({ code: 'not_found' });
};

/** A keyed hash, because a plain one of a statement lets whoever reads the table try constants against it. */
const identityOf = (vault: TaskVault, { grantId, request }: RunAsk): object => ({
  grantId,
  mac: vault.mac('literal', hashOfRequest(request)),
});

const commitRefusal = async (
  deps: RequestRunDeps,
  { caller, ask, grant, now }: Attempt,
  refusal: StatementRefusal,
): Promise<Result<RequestedRun> | 'lost'> => {
  const fact = {
    type: 'run.refused' as const,
    grant: grant.id,
    code: 'statement_refused',
    part: refusal.part,
    bytes: Buffer.byteLength(ask.request.sql),
  };
  const context = callerContext(caller, deps.software);
  const entry = appendEntry({ chain: grant.id, head: grant.head }, { ...fact, ...context }, now);
  const { seq, hash } = entry;
  const outcome = await deps.store.commit({
    grants: [{ ...grant, version: grant.version + 1, head: { seq, hash } }],
    entries: [entry],
    activeGrant: { at: now },
    usage: { ...usageOf({ grant, caller, now }), failures: 1, outcome: 'failure' },
  });
  return outcome === 'lost' ? 'lost' : ok({ kind: 'refused', refusal, receipt: receiptOf(entry) });
};

/** What policy says of a statement, and the plan that it is part of, where the caller names one. */
interface Decided {
  readonly statement: Statement;
  readonly asked: AskedStatement;
  readonly verdict: Verdict;
  readonly plan: PlanUse | undefined;
}

const decide = async (
  deps: RequestRunDeps,
  about: Attempt,
  statement: Statement,
): Promise<Result<Decided>> => {
  const { caller, ask, grant, containment, vault, now } = about;
  const { plan: planId } = ask.request;
  const { delegation } = caller.principal;
  const mac = vault.mac('approval', statementText(ask.request));
  const question = questionOf(about, statement);
  const named =
    planId === undefined ? undefined : { plan: planId, grant, mac, delegation, question, containment };
  const found = named ? await findPlanUse(deps, named, now) : ok(undefined);
  if (!found.ok) return found;
  const plan = found.value;
  const verdict = verdictOnRun(deps.policy, question);
  const asked = askedStatement(statement, mac);
  if (verdict.effect === 'deny') return ok({ statement, asked, verdict, plan });
  if (lacksOwner(grant, verdict.quorum)) return fail({ code: 'owner_unknown' });
  // People have said yes to these bytes already.
  return ok({ statement, asked, verdict: plan ? { ...verdict, quorum: 0 } : verdict, plan });
};

const commitRun = async (
  deps: RequestRunDeps,
  about: Attempt,
  decided: Decided,
): Promise<Result<RequestedRun> | 'lost'> => {
  const { caller, ask, grant, vault, now } = about;
  const { verdict, plan } = decided;
  const context = callerContext(caller, deps.software);
  const made = recordRun(await openedRun(deps, about, decided), { grant, context, at: now });
  const approvals = plan
    ? [recordPlanUse(plan, made.run.id, { context, now })]
    : approvalsFor(made, { ...decided, resource: about.resource }, context);
  const remembered = { principalKey: principalKey(caller.principal), id: made.run.id, at: now };
  const outcome = await deps.store.commit({
    grants: [made.grant],
    runs: [made.run],
    approvals: approvals.map(({ state }) => state),
    entries: [made.entry, ...approvals.map(({ entry }) => entry)],
    activeGrant: { at: now },
    usage: {
      ...usageOf({ grant, caller, now }),
      runs: 1,
      begins: true,
      ...(verdict.effect === 'deny' ? { failures: 1, outcome: 'failure' as const } : {}),
    },
    ...rememberRequest(ask.idempotencyKey, identityOf(vault, ask), remembered),
  });
  return outcome === 'lost' ? 'lost' : ok({ kind: 'run', run: made.run });
};

/** The run, with its bytes sealed into the vault of its task. */
const openedRun = async (
  deps: RequestRunDeps,
  { caller, ask, grant, resource, vault, now }: Attempt,
  { statement, verdict, plan }: Decided,
): Promise<RunChange> => {
  const { sql, params, maxRows, reason, approvalSeconds: seconds = APPROVAL_WAIT_SECONDS } = ask.request;
  const id = runId(grant.id, deps.random(ID_RANDOM_BYTES));
  const { sealedHash } = await vault.put(requestName(id), JSON.stringify({ sql, params } satisfies RunAsked));
  const literals = [...statement.literals, ...params.filter((param) => param !== null)];
  return openRun(
    {
      id,
      grant: grant.id,
      task: grant.task,
      principal: grant.principal,
      delegation: caller.principal.delegation,
      groups: grant.groups,
      resource: grant.resource,
      action: `postgres:${statement.class}`,
      verb: statement.verb,
      bounded: statement.bounded,
      maxRows,
      requestHash: sealedHash,
      unmasked: unmaskedCategories(deps.policy, { ...grant, resource }),
      policyDigest: deps.software.policyDigest,
      ...(reason === undefined ? {} : { reason }),
      ...(plan && { approval: plan.approval.id, statementIndex: plan.statementIndex, consent: plan.consent }),
      statement,
      asking: { approval: newApprovalId(deps.random, grant.task), seconds },
      literalMacs: literals.map((text) => vault.mac('literal', text)),
    },
    verdict,
    now,
  );
};

const approvalsFor = (
  { run, grant, entry }: RecordedRun,
  about: Pick<Decided, 'verdict' | 'asked'> & { readonly resource: Resource },
  context: EventContext,
): readonly Recorded<Approval>[] => {
  const { verdict, resource, asked: statement } = about;
  if (run.state !== 'pending_approval' || verdict.effect !== 'allow') return [];
  const { quorum, askedBy } = verdict;
  const asked = askedOfRun(run, grant, { resource, statement });
  const excluded = excludedFrom(grant, { ...grant, delegation: run.delegation });
  return [askPeople({ asked, excluded, quorum, askedBy, resource }, context, entry.at)];
};
