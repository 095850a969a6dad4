import type { Approval, AskedStatement } from '../core/approval/approval.ts';
import { askedOfRun, askedStatement, excludedFrom } from '../core/approval/asked.ts';
import { statementText } from '../core/approval/digest.ts';
import { appendEntry, receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import { isRunAction, type Resource } from '../core/config/resource.ts';
import type { ActiveGrant } from '../core/grant/grant.ts';
import { ID_RANDOM_BYTES, runId } from '../core/grant/ids.ts';
import { checkUse } from '../core/grant/use-grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { APPROVAL_WAIT_SECONDS } from '../core/limits.ts';
import { lacksOwner, type Policy, unmaskedCategories, verdictOnRun } from '../core/policy/decide-access.ts';
import type { Verdict } from '../core/policy/question.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import { type Budgets, checkBudgets } from '../core/run/budget.ts';
import type { Run } from '../core/run/run.ts';
import { runFacts } from '../core/run/run-facts.ts';
import { openRun } from '../core/run/run-life.ts';
import type { Statement } from '../core/sql/statement.ts';
import type { EpochMs } from '../core/time.ts';
import { askPeople, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import { findTarget } from './find-target.ts';
import { earlierRequest, hashOfRequest } from './idempotency.ts';
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

interface Attempt {
  readonly caller: Caller;
  readonly ask: RunAsk;
  readonly grant: ActiveGrant;
  readonly budgets: Budgets;
  readonly vault: TaskVault;
  readonly now: EpochMs;
}

const attempt = async (
  deps: RequestRunDeps,
  caller: Caller,
  ask: RunAsk,
): Promise<Result<RequestedRun> | 'lost'> => {
  const { principal } = caller;
  const now = deps.clock();
  const read = await deps.store.readForRun({
    grantId: ask.grantId,
    principalKey: principalKey(principal),
    idempotencyKey: ask.idempotencyKey,
    at: now,
  });
  const use = checkUse({ ...read, principal }, now);
  if (!use.ok) return use;
  const grant = use.value;
  if (!isRunAction(grant.action)) return fail({ code: 'not_a_run' });
  const resource = findTarget(deps.resources, grant);
  if (typeof resource === 'string') return fail({ code: 'grant_over', state: `resource_${resource}` });
  const vault = await deps.vaults.open(grant.task);
  const earlier = earlierRequest(read.earlier, identityOf(vault, ask), now);
  if (!earlier.ok) return earlier;
  if (earlier.value) return answerAgain(deps, earlier.value);
  const within = checkBudgets(read.budgets, now);
  if (!within.ok) return within;
  const about = { caller, ask, grant, budgets: read.budgets, vault, now };
  const statement = understand(ask.request, grant.action);
  return statement.ok
    ? commitRun(deps, about, { statement: statement.value, resource })
    : commitRefusal(deps, about, statement.failure);
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
    usage: { ...usageOf(grant, caller, now), failures: 1, outcome: 'failure' },
  });
  return outcome === 'lost' ? 'lost' : ok({ kind: 'refused', refusal, receipt: receiptOf(entry) });
};

export const usageOf = (grant: ActiveGrant, caller: Caller, at: EpochMs) => ({
  task: grant.task,
  principalKey: principalKey(caller.principal),
  at,
  runs: 0,
  rows: 0,
  bytes: 0,
  failures: 0,
});

interface Understood {
  readonly statement: Statement;
  readonly resource: Resource;
}

const commitRun = async (
  deps: RequestRunDeps,
  about: Attempt,
  { statement, resource }: Understood,
): Promise<Result<RequestedRun> | 'lost'> => {
  const { caller, ask, grant, budgets, vault, now } = about;
  const { sql, params, maxRows, approvalSeconds: seconds = APPROVAL_WAIT_SECONDS } = ask.request;
  const mac = vault.mac('approval', statementText({ sql, params, maxRows }));
  const question = questionOf({ grant, statement, budgets, resource });
  const planned = await planFor(deps, about, { mac, question });
  if (!planned.ok) return planned;
  const plan = planned.value;
  const asked = verdictOnRun(deps.policy, question);
  if (asked.effect === 'allow' && lacksOwner(grant, asked.quorum)) return fail({ code: 'owner_unknown' });
  // People have said yes to these bytes already.
  const verdict = plan && asked.effect === 'allow' ? { ...asked, quorum: 0 } : asked;
  const id = runId(grant.id, deps.random(ID_RANDOM_BYTES));
  const { sealedHash } = await vault.put(requestName(id), JSON.stringify({ sql, params } satisfies RunAsked));
  const change = openRun(
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
      ...(ask.request.reason === undefined ? {} : { reason: ask.request.reason }),
      ...(plan
        ? {
            approval: plan.approval.id,
            statementIndex: plan.statementIndex,
            consent: plan.consent,
          }
        : {}),
      statement,
      asking: { approval: newApprovalId(deps.random, grant.task), seconds },
      literalMacs: [...statement.literals, ...params.filter((param) => param !== null)].map((text) =>
        vault.mac('literal', text),
      ),
    },
    verdict,
    now,
  );
  const context = callerContext(caller, deps.software);
  const made = recordRun(change, { grant, context, at: now });
  const approvals = plan
    ? [recordPlanUse(plan, id, { context, now })]
    : approvalsFor(made, { verdict, resource, statement: askedStatement(statement, mac) }, context);
  const isDenied = verdict.effect === 'deny';
  const outcome = await deps.store.commit({
    grants: [made.grant],
    runs: [made.run],
    approvals: approvals.map(({ state }) => state),
    entries: [made.entry, ...approvals.map(({ entry }) => entry)],
    activeGrant: { at: now },
    usage: {
      ...usageOf(grant, caller, now),
      runs: 1,
      begins: true,
      ...(isDenied ? { failures: 1, outcome: 'failure' as const } : {}),
    },
    ...idempotencyOf(about, made.run.id),
  });
  return outcome === 'lost' ? 'lost' : ok({ kind: 'run', run: made.run });
};

const approvalsFor = (
  { run, grant, entry }: RecordedRun,
  about: { readonly verdict: Verdict; readonly resource: Resource; readonly statement: AskedStatement },
  context: EventContext,
): readonly Recorded<Approval>[] => {
  const { verdict, resource, statement } = about;
  if (run.state !== 'pending_approval' || verdict.effect !== 'allow') return [];
  const { quorum, askedBy } = verdict;
  const asked = askedOfRun(run, grant, { resource, statement });
  const excluded = excludedFrom(grant, { ...grant, delegation: run.delegation });
  return [askPeople({ asked, excluded, quorum, askedBy, resource }, context, entry.at)];
};

const questionOf = (about: {
  readonly grant: ActiveGrant;
  readonly statement: Statement;
  readonly budgets: Budgets;
  readonly resource: Resource;
}) => ({
  ...about.grant,
  resource: about.resource,
  durationSeconds: about.grant.requestedSeconds,
  run: runFacts(about.statement, about.budgets),
});

/** The use of the plan that the caller names; undefined where none is named. */
const planFor = async (
  deps: RequestRunDeps,
  { ask, grant, caller, now }: Attempt,
  about: { readonly mac: string; readonly question: ReturnType<typeof questionOf> },
): Promise<Result<PlanUse | undefined>> => {
  const { plan } = ask.request;
  const { delegation } = caller.principal;
  return plan === undefined ? ok(undefined) : findPlanUse(deps, { ...about, plan, grant, delegation }, now);
};

const idempotencyOf = ({ caller, ask, vault, now }: Attempt, made: string) =>
  ask.idempotencyKey === undefined
    ? {}
    : {
        idempotency: {
          principalKey: principalKey(caller.principal),
          key: ask.idempotencyKey,
          bodyHash: hashOfRequest(identityOf(vault, ask)),
          made,
          createdAt: now,
        },
      };
