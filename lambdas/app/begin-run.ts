import type { Approval } from '../core/approval/approval.ts';
import { askedOfRun, askedStatement, excludedFrom } from '../core/approval/asked.ts';
import { NOBODY } from '../core/approval/consent.ts';
import { statementText } from '../core/approval/digest.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { Grant } from '../core/grant/grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { APPROVAL_WAIT_SECONDS, SECOND_MS } from '../core/limits.ts';
import { type ColumnPlan, planMasks } from '../core/masking/plan-masks.ts';
import { answerWith, lacksOwner, unmaskedCategories, verdictOnRun } from '../core/policy/decide-access.ts';
import type { Verdict } from '../core/policy/question.ts';
import type { Budgets } from '../core/run/budget.ts';
import { mayExecute, whyOver } from '../core/run/check-run.ts';
import type { QueuedRun, Run, RunningRun } from '../core/run/run.ts';
import { runFacts } from '../core/run/run-facts.ts';
import { failedOutcome, holdRun, startRun } from '../core/run/run-life.ts';
import { ALLOWED_FUNCTIONS } from '../core/sql/function-allow-list.ts';
import type { EpochMs } from '../core/time.ts';
import { askPeople, newApprovalId } from './ask-people.ts';
import { decideUntilCommitted } from './attempts.ts';
import { consentFailure } from './check-consent.ts';
import type { Executable, ExecuteRunDeps } from './execute-run.ts';
import { saidOf } from './inspect-run.ts';
import type { Inspection } from './ports.ts';
import { recordRun } from './record-run.ts';
import type { Answered } from './run-answer.ts';

/** `over`: it is no longer ours to execute, or waits for people now. `refused`: nothing was executed, and why. */
export type Begun =
  | {
      readonly kind: 'started';
      readonly run: RunningRun;
      readonly plans: readonly ColumnPlan[];
      /** Nothing that must be masked could stand in a sentence of the target about this statement. */
      readonly wordsAreSafe: boolean;
    }
  | { readonly kind: 'refused'; readonly answered: Answered }
  | { readonly kind: 'over'; readonly run: Run | undefined };

type Inspected = Executable & { readonly inspection: Inspection };

/**
 * The last decision before execution, made while the target holds its locks: how the answer will be masked, whether
 * policy still says yes now that the target's estimate is known, and whether grant, task and clock still do. The intent
 * is committed under *still active, in a task that stands*.
 */
export const beginRun = async (
  deps: ExecuteRunDeps,
  about: Inspected,
  context: EventContext,
): Promise<Begun> => {
  const { resource, statement, inspection, run, policy } = about;
  const stranger = inspection.viewFunctions.find((name) => !ALLOWED_FUNCTIONS.has(name));
  if (stranger !== undefined)
    return refused('statement_refused', {
      column: `function ${stranger}`,
      reason:
        'A view that it reads calls a function that statements may not call: select from its tables instead.',
    });
  const allowed = unmaskedCategories(policy, { ...run, resource });
  const unmasked = run.unmasked.filter((category) => allowed.includes(category));
  const planned = planMasks({
    statement,
    catalogue: inspection.catalogue,
    fields: inspection.fields,
    sensitive: resource.sensitive,
    unmasked: new Set(unmasked),
  });
  if (!planned.ok) return refused('statement_refused', planned.failure);
  const plans = planned.value;
  return decideUntilCommitted(() => attempt(deps, { ...about, plans, unmasked }, context), deps.backoff);
};

const refused = (
  code: 'statement_refused' | 'policy_denied' | 'approval_over' | 'approval_mismatch',
  why?: { readonly column: string; readonly reason: string },
): Begun => ({
  kind: 'refused',
  answered: {
    outcome: failedOutcome(code, why?.column ?? null),
    ...(why ? { result: { columns: [], rows: [], notices: [], words: why.reason } } : {}),
  },
});

interface Planned extends Inspected {
  readonly plans: readonly ColumnPlan[];
  readonly unmasked: readonly string[];
}

const attempt = async (
  deps: ExecuteRunDeps,
  about: Planned,
  context: EventContext,
): Promise<Begun | 'lost'> => {
  const budgetOf = { principalKey: principalKey(about.run.principal), at: deps.clock() };
  const read = await deps.store.readRunForUse(about.run.id, budgetOf);
  const now = deps.clock();
  const { run, grant } = read;
  if (run?.state !== 'queued' || !grant) return { kind: 'over', run };
  if (!mayExecute(read, now))
    return { kind: 'refused', answered: { outcome: failedOutcome(whyOver(read, now) ?? 'grant_over') } };
  // Looked at before the target was, and once more now: waiting for locks takes time, in which a plan can be withdrawn.
  const failure = await consentFailure(deps, { ...about, run, grant }, now);
  if (failure) return refused(failure);
  const verdict = verdictOf(about, { ...read, grant });
  if (verdict.effect === 'deny' || lacksOwner(grant, verdict.quorum)) return refused('policy_denied');
  const held = isConsented(about, { ...read, grant })
    ? undefined
    : hold(deps, about, { run, grant, verdict, context, now, earlier: await earlierApproval(deps, run) });
  const change = held?.change ?? startRun({ ...run, unmasked: about.unmasked }, foundBy(deps, about), now);
  const recorded = recordRun<Run>(change, { grant, context, at: now });
  const outcome = await deps.store.commit({
    grants: [recorded.grant],
    runs: [recorded.run],
    approvals: held ? [held.approval.state] : [],
    entries: [recorded.entry, ...(held ? [held.approval.entry] : [])],
    activeGrant: { at: now },
    standingTask: { id: grant.task, at: now },
  });
  if (outcome === 'lost') return 'lost';
  return recorded.run.state === 'running'
    ? { kind: 'started', run: recorded.run, plans: about.plans, wordsAreSafe: areWordsSafe(about) }
    : { kind: 'over', run: recorded.run };
};

interface Counted {
  readonly budgets: Budgets;
  readonly grant: Grant;
}

/** The question of the request again, with the estimate, and with the counters that others have moved since. */
const questionOf = ({ run, resource, statement, inspection }: Planned, { budgets, grant }: Counted) => ({
  ...run,
  resource,
  durationSeconds: grant.requestedSeconds,
  run: runFacts(statement, budgets, inspection.estimatedRows),
});

const verdictOf = (about: Planned, counted: Counted): Verdict =>
  verdictOnRun(about.policy, questionOf(about, counted));

/** Whether the people who are behind it are enough, now that more is known of it; without any, whether none are needed. */
const isConsented = (about: Planned, counted: Counted): boolean =>
  answerWith(about.policy, questionOf(about, counted), about.run.consent ?? NOBODY).allowed;

/** The approval that the run itself waited for; that of a plan stays what it is, and is another matter. */
const earlierApproval = async ({ store }: ExecuteRunDeps, run: QueuedRun): Promise<Approval | undefined> => {
  const earlier = run.approval === undefined ? undefined : await store.readApproval(run.approval);
  return earlier?.asked.subject.kind === 'run' ? earlier : undefined;
};

/** Milliseconds, as long as at first where they were asked before: the workflow waits no longer than that. */
const timeOfPeople = (earlier: Approval | undefined): number =>
  earlier ? earlier.asked.approveBy - earlier.createdAt : APPROVAL_WAIT_SECONDS * SECOND_MS;

/** People are asked, or asked once more: the same statement waits for another approval. */
const hold = (
  deps: ExecuteRunDeps,
  { resource, statement, asked, vault, inspection, plans }: Planned,
  about: {
    readonly run: QueuedRun;
    readonly grant: Grant;
    readonly verdict: Extract<Verdict, { effect: 'allow' }>;
    readonly context: EventContext;
    readonly now: EpochMs;
    readonly earlier: Approval | undefined;
  },
) => {
  const { run, grant, verdict, context, now, earlier } = about;
  const quorum = Math.max(1, verdict.quorum);
  const approveBy = now + timeOfPeople(earlier);
  const change = holdRun(run, { approval: newApprovalId(deps.random, run.task), quorum, approveBy });
  const mac = vault.mac('approval', statementText({ ...asked, maxRows: run.maxRows }));
  const question = askedOfRun(change.next, grant, { resource, statement: askedStatement(statement, mac) });
  const excluded = excludedFrom(grant, { ...grant, delegation: run.delegation });
  const found = { at: now, ...saidOf(inspection.estimatedRows, plans) };
  const { askedBy } = verdict;
  const asking = { asked: question, excluded, quorum, askedBy, resource, found, supersedes: earlier?.id };
  return { change, approval: askPeople(asking, context, now) };
};

const foundBy = ({ random }: ExecuteRunDeps, { inspection, plans }: Planned) => ({
  attempt: Buffer.from(random(ATTEMPT_BYTES)).toString('hex'),
  catalogueDigest: inspection.catalogue.digest,
  estimatedRows: inspection.estimatedRows,
  maskedColumns: plans.flatMap((plan) => {
    if (plan.kind === 'pass') return [];
    return [plan.kind === 'sensitive' ? plan.category : plan.kind];
  }),
});

const ATTEMPT_BYTES = 8;

/** An error of a write can show the whole row, and that of a trigger any row; an error of a read, values of what it reads. */
const areWordsSafe = ({ statement, inspection, resource, unmasked }: Planned): boolean => {
  const hidden = resource.sensitive.filter(({ category }) => !unmasked.includes(category));
  if (statement.class !== 'read') return hidden.length === 0;
  const reached = [...inspection.catalogue.relations.values()];
  return !hidden.some(({ schema, table, column }) =>
    reached.some(
      (relation) =>
        (relation.schema === schema && relation.name === table) ||
        relation.madeOf.includes(`${schema}.${table}.${column}`),
    ),
  );
};
