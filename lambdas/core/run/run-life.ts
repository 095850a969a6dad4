import { GENESIS } from '../audit/chain.ts';
import type { AuditFact } from '../audit/event.ts';
import type { Change } from '../grant/change.ts';
import type { Consent } from '../grant/grant.ts';
import {
  RUN_MAX_SECONDS,
  RUN_SETTLE_MARGIN_SECONDS,
  RUN_START_MAX_SECONDS,
  SECOND_MS,
  SWEEP_GRACE_MS,
} from '../limits.ts';
import type { Verdict } from '../policy/question.ts';
import type { Statement } from '../sql/statement.ts';
import type { EpochMs } from '../time.ts';
import type {
  OpenRun,
  PendingApprovalRun,
  QueuedRun,
  Run,
  RunFailureCode,
  RunningRun,
  RunOutcome,
  SettledRun,
} from './run.ts';

type RunFact = Extract<AuditFact, { readonly run: string }>;
export type RunChange<R extends Run = Run> = Change<R, RunFact>;

/** What is asked for, complete; what the statement itself says is in `statement`. */
export interface RunRequest
  extends Omit<QueuedRun, 'version' | 'head' | 'state' | 'startBy' | 'createdAt' | 'determinedBy' | 'class'> {
  readonly statement: Statement;
  /** The id that an approval will have, should people have to be asked, and how long they have. */
  readonly asking: { readonly approval: string; readonly seconds: number };
  /** HMAC (hex) of each constant and parameter under the task's own key, in order: equal ones can be found, none can be read. */
  readonly literalMacs: readonly string[];
}

/** Every statement that was understood becomes a run, also a denied one: what was asked is what an auditor looks for. */
export const openRun = (request: RunRequest, verdict: Verdict, now: EpochMs): RunChange => {
  const { statement, literalMacs, asking, ...asked } = request;
  const core = {
    ...asked,
    version: 0,
    head: GENESIS,
    class: statement.class,
    createdAt: now,
    determinedBy: verdict.determinedBy,
  };
  return {
    next: openedRun(core, { verdict, asking }, now),
    fact: {
      type: 'run.requested',
      grant: request.grant,
      run: request.id,
      resource: request.resource,
      action: request.action,
      class: statement.class,
      verb: statement.verb,
      bounded: statement.bounded,
      statement: statement.normalised,
      literalMacs,
      requestHash: request.requestHash,
      tables: tablesOf(statement),
      functions: statement.functions,
      maxRows: request.maxRows,
      decision: decisionWord(verdict),
      quorum: verdict.effect === 'allow' ? verdict.quorum : 0,
      determinedBy: verdict.determinedBy,
      unmasked: request.unmasked,
      reason: request.reason ?? null,
      approval: isAsked(verdict) ? asking.approval : (request.approval ?? null),
    },
  };
};

const isAsked = (verdict: Verdict): boolean => verdict.effect === 'allow' && verdict.quorum > 0;

/** Where an unqualified name leads: the sessions of runs look into PostgreSQL's own schema and this one. */
const DEFAULT_SCHEMA = 'public';

/** `schema.name` of each relation that a statement names. */
export const tablesOf = ({ relations }: Pick<Statement, 'relations'>): readonly string[] =>
  relations.map(({ schema, name }) => `${schema ?? DEFAULT_SCHEMA}.${name}`);

const decisionWord = (verdict: Verdict): 'allowed' | 'needs_approval' | 'denied' => {
  if (verdict.effect === 'deny') return 'denied';
  return verdict.quorum === 0 ? 'allowed' : 'needs_approval';
};

const openedRun = (
  core: Omit<QueuedRun, 'state' | 'startBy'>,
  { verdict, asking }: { readonly verdict: Verdict; readonly asking: RunRequest['asking'] },
  now: EpochMs,
): Run => {
  if (verdict.effect === 'deny') return { ...core, state: 'denied' };
  if (verdict.quorum === 0)
    return { ...core, state: 'queued', startBy: now + RUN_START_MAX_SECONDS * SECOND_MS };
  return {
    ...core,
    state: 'pending_approval',
    quorum: verdict.quorum,
    approveBy: now + asking.seconds * SECOND_MS,
    approval: asking.approval,
    statementIndex: 0,
  };
};

/** What was found out about a statement at its target, before it was executed. */
export interface RunInspection {
  /** Random: two attempts in the same instant must not look like one that is repeated, which the table would let pass. */
  readonly attempt: string;
  readonly catalogueDigest: string;
  readonly estimatedRows: number | undefined;
  /** Columns of the answer that will be masked whole, by category. */
  readonly maskedColumns: readonly string[];
}

/** The intent: from this write on the target may have executed it. */
export const startRun = (run: QueuedRun, found: RunInspection, now: EpochMs): RunChange<RunningRun> => {
  const { startBy: _, ...core } = run;
  const settleBy = now + (RUN_MAX_SECONDS + RUN_SETTLE_MARGIN_SECONDS) * SECOND_MS;
  return {
    next: { ...core, state: 'running', startedAt: now, settleBy },
    fact: {
      type: 'run.started',
      grant: run.grant,
      run: run.id,
      attempt: found.attempt,
      catalogueDigest: found.catalogueDigest,
      estimatedRows: found.estimatedRows ?? null,
      maskedColumns: found.maskedColumns,
      approval: run.approval ?? null,
    },
  };
};

/** Policy asks for people, or for more of them than it did: nothing has been executed, and the run waits for them. */
export const holdRun = (
  run: QueuedRun | PendingApprovalRun,
  asking: { readonly approval: string; readonly quorum: number; readonly approveBy: EpochMs },
): RunChange<PendingApprovalRun> => ({
  next: { ...withoutConsent(run), ...asking, statementIndex: 0, state: 'pending_approval' },
  fact: {
    type: 'run.held',
    grant: run.grant,
    run: run.id,
    quorum: asking.quorum,
    approval: asking.approval,
  },
});

const withoutConsent = (run: QueuedRun | PendingApprovalRun) => {
  const { consent: _, ...core } = coreOf(run);
  return core;
};

/** People approved: from here on it is like a run for which nobody had to be asked. */
export const admitRun = (run: PendingApprovalRun, consent: Consent, now: EpochMs): RunChange<QueuedRun> => ({
  next: { ...coreOf(run), consent, state: 'queued', startBy: now + RUN_START_MAX_SECONDS * SECOND_MS },
  fact: { type: 'run.approved', grant: run.grant, run: run.id, approval: run.approval, consent },
});

/** People said no. */
export const denyRun = (run: PendingApprovalRun): RunChange => ({
  next: { ...coreOf(run), state: 'denied', denial: 'denied_by_person' },
  fact: {
    type: 'run.denied',
    grant: run.grant,
    run: run.id,
    denial: 'denied_by_person',
    approval: run.approval,
  },
});

/** The outcome, whatever it is. */
export const settleRun = (run: OpenRun, outcome: RunOutcome, now: EpochMs): RunChange<SettledRun> => {
  const startedAt = run.state === 'running' ? run.startedAt : undefined;
  return {
    next: { ...coreOf(run), state: stateFor(outcome), startedAt, endedAt: now, outcome },
    fact: {
      type: 'run.ended',
      grant: run.grant,
      run: run.id,
      state: stateFor(outcome),
      ...outcome,
      durationMs: startedAt === undefined ? null : now - startedAt,
    },
  };
};

const stateFor = ({ code }: RunOutcome): SettledRun['state'] => {
  if (code === 'done') return 'succeeded';
  if (code === 'cancelled_by_principal') return 'cancelled';
  return code === 'nobody_approved' ? 'lapsed' : 'failed';
};

const coreOf = (run: OpenRun) => ({
  id: run.id,
  version: run.version,
  head: run.head,
  grant: run.grant,
  task: run.task,
  principal: run.principal,
  groups: run.groups,
  resource: run.resource,
  action: run.action,
  class: run.class,
  verb: run.verb,
  bounded: run.bounded,
  maxRows: run.maxRows,
  requestHash: run.requestHash,
  unmasked: run.unmasked,
  createdAt: run.createdAt,
  policyDigest: run.policyDigest,
  determinedBy: run.determinedBy,
  ...(run.delegation ? { delegation: run.delegation } : {}),
  ...(run.reason === undefined ? {} : { reason: run.reason }),
  ...(run.approval === undefined ? {} : { approval: run.approval, statementIndex: run.statementIndex }),
  ...(run.consent ? { consent: run.consent } : {}),
});

/** An outcome without rows. */
export const failedOutcome = (code: RunFailureCode, detail: string | null = null): RunOutcome => ({
  code,
  detail,
  rowCount: 0,
  bytes: 0,
  truncated: false,
  masked: {},
  resultHash: null,
});

/** What time alone makes of a run that nobody settled; undefined while there is still time, and where people are asked. */
export const overdueOutcome = (run: Run, now: EpochMs): RunOutcome | undefined => {
  if (run.state === 'queued' && now >= run.startBy) return failedOutcome('not_started');
  if (run.state === 'running' && now >= run.settleBy) return failedOutcome('outcome_unknown');
  return undefined;
};

/** When the sweeper must look at a run, or undefined when nothing is owed. */
export const runDueAt = (run: Run): EpochMs | undefined => {
  switch (run.state) {
    case 'pending_approval':
    case 'queued':
      return run.createdAt + SWEEP_GRACE_MS;
    case 'running':
      return run.settleBy;
    default:
      return undefined;
  }
};
