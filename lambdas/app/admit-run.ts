import type { Approval, GrantedApproval } from '../core/approval/approval.ts';
import { useApproval } from '../core/approval/approval-life.ts';
import { decideAgain } from '../core/approval/decide-again.ts';
import { isBoundTo, outcomeOf } from '../core/approval/outcome.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { ContainmentRegister } from '../core/grant/use-grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { whyOver } from '../core/run/check-run.ts';
import { isSettled, type RunFailureCode } from '../core/run/run.ts';
import { runFacts } from '../core/run/run-facts.ts';
import { admitRun as admitted, denyRun, failedOutcome, holdRun, settleRun } from '../core/run/run-life.ts';
import { classify } from '../core/sql/classify.ts';
import type { Admission, AdmitDeps } from './admit-grant.ts';
import { askAgain, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import { findTarget } from './find-target.ts';
import type { Vaults } from './ports.ts';
import { record } from './record.ts';
import { readAsked } from './run-payload.ts';
import { commitRun, type PendingRun, settlePendingRun } from './settle-pending-run.ts';

export interface AdmitRunDeps extends AdmitDeps {
  readonly vaults: Pick<Vaults, 'find'>;
  readonly loadParser: () => Promise<void>;
}

/**
 * Takes what people have decided about a run for a reason to go on, and nothing else. The bytes are compared where they
 * are executed; here policy is asked again with everything but the target's estimate.
 */
export const admitRun = async (
  deps: AdmitRunDeps,
  runId: string,
  context: EventContext,
): Promise<Admission> => {
  await deps.loadParser();
  return decideUntilCommitted(() => attempt(deps, runId, context), deps.backoff);
};

const attempt = async (
  deps: AdmitRunDeps,
  runId: string,
  context: EventContext,
): Promise<Admission | 'lost'> => {
  const read = await deps.store.readRunForUse(runId);
  const now = deps.clock();
  const { run, grant } = read;
  if (!run || !grant || run.state === 'denied' || isSettled(run)) return 'over';
  if (run.state !== 'pending_approval') return 'go';
  const about = { run, grant, context, now };
  const approval = await deps.store.readApproval(run.approval);
  const outcome = outcomeOf(approval, now);
  if (outcome.kind === 'mismatch' || !isAbout(outcome.approval, about)) return refuse(deps, about);
  const code = whyOver(read, now);
  if (code) return settle(deps, about, { code, approval });
  switch (outcome.kind) {
    case 'waiting':
      return 'wait';
    case 'denied':
      return over(commitRun(deps.store, about, { change: denyRun(run) }));
    case 'granted':
      return take(deps, { ...about, containment: read.containment }, outcome.approval);
    default:
      return settle(deps, about, { code: 'nobody_approved', approval });
  }
};

/** Whatever has become of it: what is not about this run is not touched, and nothing is taken from it. */
const isAbout = ({ asked }: Approval, { run, grant }: PendingRun): boolean =>
  isBoundTo(asked, grant, { kind: 'run', id: run.id }) &&
  asked.action === run.action &&
  asked.approveBy === run.approveBy;

const take = async (
  deps: AdmitRunDeps,
  about: PendingRun & { readonly containment: ContainmentRegister },
  approval: GrantedApproval,
): Promise<Admission | 'lost'> => {
  const { run, containment, context, now } = about;
  const question = await questionOf(deps, about);
  if (question === 'exchanged') return refuse(deps, about);
  if (!question) return settle(deps, about, { code: 'payload_gone', approval });
  const again = decideAgain(await deps.loadPolicy(), approval, {
    question,
    people: { principals: deps.principals, containment },
  });
  if (again.kind === 'no') return settle(deps, about, { code: 'policy_denied', approval });
  if (again.kind === 'ask') return hold(deps, about, { ...again, approval, resource: question.resource });
  const used = record<Approval>(useApproval(approval, { by: run.id, statement: 0 }), context, now);
  const change = admitted(run, again.consent, now);
  const { outcome } = await commitRun(deps.store, about, { change, approvals: [used] });
  return outcome === 'lost' ? 'lost' : 'go';
};

/** What policy is asked with; undefined when the resource or the statement is not there any more. */
const questionOf = async (deps: AdmitRunDeps, { run, grant, now }: PendingRun) => {
  const resource = findTarget(deps.resources, grant);
  const asked = await readAsked(await deps.vaults.find(run.task), run);
  if (asked === 'exchanged') return asked;
  const statement = asked && classify(asked.sql);
  if (typeof resource === 'string' || !statement?.ok) return undefined;
  const budgetOf = { principalKey: principalKey(run.principal), at: now };
  const { budgets } = await deps.store.readRunForUse(run.id, budgetOf);
  const facts = runFacts(statement.value, budgets);
  return { ...run, resource, durationSeconds: grant.requestedSeconds, run: facts };
};

const hold = async (
  deps: AdmitRunDeps,
  about: PendingRun,
  asking: { readonly approval: GrantedApproval } & Omit<Parameters<typeof askAgain>[1], 'id'>,
): Promise<Admission | 'lost'> => {
  const { run, context, now } = about;
  const id = newApprovalId(deps.random, run.task);
  const { recorded, asked } = askAgain(asking.approval, { ...asking, id }, { context, now });
  const change = holdRun(run, { approval: id, quorum: asking.quorum, approveBy: asked.approveBy });
  const { outcome } = await commitRun(deps.store, about, { change, approvals: recorded });
  return outcome === 'lost' ? 'lost' : 'wait';
};

const settle = (
  deps: AdmitRunDeps,
  about: PendingRun,
  end: { readonly code: RunFailureCode; readonly approval: Approval | undefined },
): Promise<'over' | 'lost'> => over(settlePendingRun(deps.store, about, end));

/** What waits is not what people saw. The approval is left as it is, for whoever looks into it. */
const refuse = (deps: AdmitRunDeps, about: PendingRun): Promise<'over' | 'lost'> => {
  deps.alarm('ApprovalMismatch');
  const change = settleRun(about.run, failedOutcome('approval_mismatch'), about.now);
  return over(commitRun(deps.store, about, { change }));
};

const over = async (committing: ReturnType<typeof commitRun>): Promise<'over' | 'lost'> =>
  (await committing).outcome === 'lost' ? 'lost' : 'over';
