import type { Approval } from '../core/approval/approval.ts';
import { askedOfGrant, excludedFrom } from '../core/approval/asked.ts';
import { receiptOf } from '../core/audit/chain.ts';
import type { Receipt } from '../core/audit/entry.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { PrincipalEntry } from '../core/config/issuer.ts';
import type { Resource, ResourceAction } from '../core/config/resource.ts';
import type { Grant } from '../core/grant/grant.ts';
import { grantId, ID_RANDOM_BYTES } from '../core/grant/ids.ts';
import { type AccessDecision, openGrant } from '../core/grant/open-grant.ts';
import type { ContainmentRegister } from '../core/grant/use-grant.ts';
import { isContained, isTaskOpen } from '../core/grant/use-grant.ts';
import { listedEntry } from '../core/identity/listed-entry.ts';
import { isSameHolder, principalKey } from '../core/identity/principal.ts';
import { APPROVAL_WAIT_SECONDS, GRANTS_PER_TASK_MAX } from '../core/limits.ts';
import type { Policy } from '../core/policy/decide-access.ts';
import { decideAccess, rightsFor, unmaskedCategories } from '../core/policy/decide-access.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { EpochMs } from '../core/time.ts';
import { askPeople, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import { auditTargetOf } from './audit-target.ts';
import type { Caller } from './caller.ts';
import { callerContext } from './caller.ts';
import { earlierRequest, rememberRequest } from './idempotency.ts';
import { findOffered } from './list-resources.ts';
import type { Backoff, Log, RandomBytes, Store, Workflow } from './ports.ts';
import type { Recorded } from './record.ts';
import { record } from './record.ts';
import type { TrailDeps } from './record-refusal.ts';
import { startWorkflow } from './start-workflow.ts';

/** What the caller asked for, as it came through the schema. */
export interface AccessAsk {
  readonly task: string;
  readonly resource: string;
  readonly action: string;
  /** Which of the resource's profiles; undefined: its only one, or it has none. */
  readonly profile?: string | undefined;
  readonly durationSeconds: number;
  readonly reason: string;
  /** How long people have to decide, should they have to; undefined: as long as they may. */
  readonly approvalSeconds?: number | undefined;
}

export interface RequestDeps extends TrailDeps {
  readonly store: Pick<Store, 'readForRequest' | 'readGrant' | 'commit' | 'appendSystem'>;
  readonly workflow: Pick<Workflow, 'start'>;
  readonly policy: Policy;
  readonly resources: readonly Resource[];
  readonly principals: readonly PrincipalEntry[];
  readonly random: RandomBytes;
  readonly backoff: Backoff;
  readonly log: Log;
}

export interface GrantAnswer {
  readonly grant: Grant;
  readonly receipt: Receipt;
}

interface Ask {
  readonly request: AccessAsk;
  readonly idempotencyKey: string | undefined;
}

/**
 * Asks policy, makes the grant, commits it with its idempotency and audit entry in one transaction, and only then
 * starts the workflow. A denial is a grant too: it has an id, a trail and a receipt.
 */
export const requestAccess = async (
  deps: RequestDeps,
  caller: Caller,
  ask: Ask,
): Promise<Result<GrantAnswer>> => {
  const answer = await decideUntilCommitted(() => attempt(deps, caller, ask), deps.backoff);
  if (answer.ok && mustStart(answer.value.grant)) await startWorkflow(deps, answer.value.grant);
  return answer;
};

const mustStart = ({ state }: Grant): boolean => state === 'preparing' || state === 'pending_approval';

const attempt = async (
  deps: RequestDeps,
  caller: Caller,
  ask: Ask,
): Promise<Result<GrantAnswer> | 'lost'> => {
  const { request, idempotencyKey } = ask;
  const read = await deps.store.readForRequest({
    taskId: request.task,
    principalKey: principalKey(caller.principal),
    idempotencyKey,
  });
  const now = deps.clock();
  const earlier = earlierRequest(read.earlier, request, now);
  if (!earlier.ok) return earlier;
  if (earlier.value) return answerAgain(deps, caller, earlier.value);
  if (!read.task || !isSameHolder(read.task.principal, caller.principal)) return fail({ code: 'not_found' });
  if (!isTaskOpen(read.task, now)) return fail({ code: 'task_over' });
  if (read.grantCount >= GRANTS_PER_TASK_MAX)
    return fail({ code: 'too_many_grants', max: GRANTS_PER_TASK_MAX });
  const found = findOffered(deps, caller.principal, request);
  if (!found.ok) return found;
  const made = makeGrant(deps, caller, { request, ...found.value, containment: read.containment, now });
  return commitGrant(deps, made, { caller, ask, now });
};

/** The same key and request: today's state of the same grant, whatever has become of it. */
const answerAgain = async (deps: RequestDeps, caller: Caller, id: string): Promise<Result<GrantAnswer>> => {
  const grant = await deps.store.readGrant(id);
  return grant && isSameHolder(grant.principal, caller.principal)
    ? ok({ grant, receipt: { chain: grant.id, ...grant.head } })
    : fail({ code: 'not_found' });
};

interface Decidable {
  readonly request: AccessAsk;
  readonly resource: Resource;
  readonly action: ResourceAction;
  readonly profile: string | undefined;
  readonly containment: ContainmentRegister;
  readonly now: EpochMs;
}

const makeGrant = (deps: RequestDeps, caller: Caller, about: Decidable): MadeGrant => {
  const { request, resource, action, profile, now } = about;
  const { principal } = caller;
  const decision = decideAccess(deps.policy, {
    principal,
    resource,
    action,
    profile,
    durationSeconds: request.durationSeconds,
    isContained: isContained(about.containment, {
      principal,
      delegation: principal.delegation,
      task: request.task,
      resource: resource.id,
    }),
  });
  const groups = principal.groups.known ? principal.groups.names : [];
  const unmasked = unmaskedCategories(deps.policy, { principal, groups, resource });
  const id = grantId(request.task, deps.random(ID_RANDOM_BYTES));
  const change = openGrant(
    {
      ...request,
      id,
      approval: newApprovalId(deps.random, request.task),
      approvalSeconds: request.approvalSeconds ?? APPROVAL_WAIT_SECONDS,
      kind: resource.kind,
      action,
      profile,
      principal,
      unmasked,
      rights: rightsFor(resource, action, unmasked),
      policyDigest: deps.software.policyDigest,
      target: auditTargetOf(resource, id),
      entryGroups: listedEntry(principal, deps.principals)?.groups,
    },
    decision,
    now,
  );
  const context = callerContext(caller, deps.software);
  const made = record<Grant>(change, context, now);
  return { ...made, approvals: approvalsFor({ made: made.state, decision, resource }, context, now) };
};

/** A grant, and the approval it waits for where it does. */
interface MadeGrant extends Recorded<Grant> {
  readonly approvals: readonly Recorded<Approval>[];
}

const approvalsFor = (
  about: { readonly made: Grant; readonly decision: AccessDecision; readonly resource: Resource },
  context: EventContext,
  now: EpochMs,
): readonly Recorded<Approval>[] => {
  const { made, decision, resource } = about;
  if (made.state !== 'pending_approval' || decision.effect !== 'allow') return [];
  const { quorum, askedBy } = decision;
  const asked = askedOfGrant(made, resource);
  return [askPeople({ asked, excluded: excludedFrom(made), quorum, askedBy, resource }, context, now)];
};

const commitGrant = async (
  deps: RequestDeps,
  made: MadeGrant,
  { caller, ask, now }: { caller: Caller; ask: Ask; now: EpochMs },
): Promise<Result<GrantAnswer> | 'lost'> => {
  const remembered = { principalKey: principalKey(caller.principal), id: made.state.id, at: now };
  const outcome = await deps.store.commit({
    grants: [made.state],
    approvals: made.approvals.map(({ state }) => state),
    entries: [made.entry, ...made.approvals.map(({ entry }) => entry)],
    openTask: { id: ask.request.task, at: now },
    ...rememberRequest(ask.idempotencyKey, ask.request, remembered),
  });
  return outcome === 'lost' ? 'lost' : ok({ grant: made.state, receipt: receiptOf(made.entry) });
};
