import type { EventContext } from '../core/audit/event.ts';
import type { PostgresResource, Resource } from '../core/config/resource.ts';
import type { Grant } from '../core/grant/grant.ts';
import { principalKey } from '../core/identity/principal.ts';
import { RUN_ANSWER_MAX_BYTES, RUN_MAX_SECONDS } from '../core/limits.ts';
import type { ColumnPlan } from '../core/masking/plan-masks.ts';
import type { Policy } from '../core/policy/decide-access.ts';
import { mayExecute, whyOver } from '../core/run/check-run.ts';
import type { QueuedRun, Run, RunningRun, RunOutcome } from '../core/run/run.ts';
import { failedOutcome, settleRun } from '../core/run/run-life.ts';
import { classify } from '../core/sql/classify.ts';
import type { Statement } from '../core/sql/statement.ts';
import { decideUntilCommitted } from './attempts.ts';
import { beginRun } from './begin-run.ts';
import { consentFailure } from './check-consent.ts';
import { findRunTarget } from './find-target.ts';
import type {
  Alarm,
  Backoff,
  Clock,
  RandomBytes,
  StatementTarget,
  Store,
  TaskVault,
  Vaults,
} from './ports.ts';
import { recordRun } from './record-run.ts';
import { type Answered, answerOf } from './run-answer.ts';
import { type RunAsked, readAsked, resultName } from './run-payload.ts';

export interface ExecuteRunDeps {
  readonly store: Pick<Store, 'readRunForUse' | 'readForRun' | 'readApproval' | 'commit'>;
  readonly vaults: Pick<Vaults, 'find'>;
  readonly statements: StatementTarget;
  /** Both are loaded when first needed: endings, which share the function, have no use for them. */
  readonly loadPolicy: () => Promise<Policy>;
  readonly loadParser: () => Promise<void>;
  readonly resources: readonly Resource[];
  readonly clock: Clock;
  readonly random: RandomBytes;
  readonly backoff: Backoff;
  readonly alarm: Alarm;
}

/** A run that may be executed, with everything that execution needs. */
export interface Executable {
  readonly run: QueuedRun;
  readonly resource: PostgresResource;
  readonly statement: Statement;
  readonly asked: RunAsked;
  readonly vault: TaskVault;
  readonly policy: Policy;
}

/**
 * Executes a queued run at most once and records what came of it. Everything it stands on is read and decided again
 * here; the intent is committed after the target has planned the statement and before it executes it; the outcome is
 * committed before anybody can read the answer. Undefined: there is no such run.
 */
export const executeRun = async (
  deps: ExecuteRunDeps,
  runId: string,
  context: EventContext,
): Promise<Run | undefined> => {
  const read = await deps.store.readRunForUse(runId);
  const { run } = read;
  if (run?.state !== 'queued') return run;
  const now = deps.clock();
  if (!mayExecute(read, now))
    return settle(deps, { run, answered: NOTHING(whyOver(read, now) ?? 'grant_over') }, context);
  const executable = await prepare(deps, run, read.grant);
  if ('code' in executable) return settle(deps, { run, answered: { outcome: executable } }, context);
  return execute(deps, executable, context);
};

const NOTHING = (code: Parameters<typeof failedOutcome>[0]): Answered => ({ outcome: failedOutcome(code) });

/** The bytes that were decided on, understood again: what is executed is what the entry tells of. */
const prepare = async (
  deps: ExecuteRunDeps,
  run: QueuedRun,
  grant: Grant | undefined,
): Promise<Executable | RunOutcome> => {
  const resource = grant && findRunTarget(deps.resources, grant);
  if (!grant || resource === undefined || typeof resource === 'string') return failedOutcome('grant_over');
  const vault = await deps.vaults.find(run.task);
  const asked = await readAsked(vault, run);
  if (!vault || !asked) return failedOutcome('payload_gone');
  if (asked === 'exchanged') return mismatch(deps);
  const failure = await consentFailure(deps, { run, grant, asked, vault }, deps.clock());
  if (failure) return failedOutcome(failure);
  await deps.loadParser();
  const statement = classify(asked.sql);
  if (!statement.ok) return failedOutcome('statement_refused', statement.failure.part);
  if (statement.value.class !== run.class) return failedOutcome('statement_refused', statement.value.verb);
  return { run, resource, statement: statement.value, asked, vault, policy: await deps.loadPolicy() };
};

/** What would be executed is not what was decided on: somebody must hear of it, also where nobody was asked. */
const mismatch = ({ alarm }: ExecuteRunDeps): RunOutcome => {
  alarm('ApprovalMismatch');
  return failedOutcome('approval_mismatch');
};

const execute = async (
  deps: ExecuteRunDeps,
  executable: Executable,
  context: EventContext,
): Promise<Run | undefined> => {
  const { resource, statement, asked } = executable;
  let begun: Awaited<ReturnType<typeof beginRun>> | undefined;
  const executed = await deps.statements.execute({
    resource,
    grantId: executable.run.grant,
    statement,
    ...asked,
    limits: {
      maxRows: executable.run.maxRows,
      maxBytes: RUN_ANSWER_MAX_BYTES,
      maxSeconds: RUN_MAX_SECONDS,
    },
    async proceed(inspection) {
      begun = await beginRun(deps, { ...executable, inspection }, context);
      return begun.kind === 'started';
    },
  });
  if (begun?.kind === 'over') return begun.run;
  const { vault } = executable;
  if (begun?.kind === 'refused')
    return settle(deps, { run: executable.run, answered: begun.answered, vault }, context);
  const plans: readonly ColumnPlan[] = begun?.plans ?? [];
  const run: QueuedRun | RunningRun = begun?.run ?? executable.run;
  // Before it was planned, only what the caller wrote can have gone wrong.
  const wordsAreSafe = begun?.wordsAreSafe ?? true;
  const answered = answerOf(executed, { ...executable, plans, unmasked: run.unmasked, wordsAreSafe });
  return settle(deps, { run, answered, vault }, context);
};

interface Settling {
  readonly run: QueuedRun | RunningRun;
  readonly answered: Answered;
  readonly vault?: TaskVault;
}

/** The answer is sealed first, so that the entry can hold its hash; nobody can find it before the entry stands. */
const settle = async (
  deps: ExecuteRunDeps,
  { run, answered, vault }: Settling,
  context: EventContext,
): Promise<Run | undefined> => {
  const name = resultName(run.id, run.state === 'running');
  const sealed = answered.result && vault && (await vault.put(name, JSON.stringify(answered.result)));
  const outcome = { ...answered.outcome, resultHash: sealed?.sealedHash ?? null };
  return decideUntilCommitted(() => commitOutcome(deps, { run, outcome }, context), deps.backoff);
};

const commitOutcome = async (
  deps: ExecuteRunDeps,
  { run, outcome }: { readonly run: QueuedRun | RunningRun; readonly outcome: RunOutcome },
  context: EventContext,
): Promise<Run | undefined | 'lost'> => {
  const { run: current, grant } = await deps.store.readRunForUse(run.id);
  // Somebody else has settled it meanwhile: the sweeper, when this took too long.
  if (
    !grant ||
    current?.version !== run.version ||
    (current.state !== 'queued' && current.state !== 'running')
  )
    return current;
  const at = deps.clock();
  const settled = recordRun(settleRun(current, outcome, at), { grant, context, at });
  const isSuccess = outcome.code === 'done';
  const committed = await deps.store.commit({
    grants: [settled.grant],
    runs: [settled.run],
    entries: [settled.entry],
    usage: {
      task: run.task,
      principalKey: principalKey(run.principal),
      at,
      runs: 0,
      rows: outcome.rowCount,
      bytes: outcome.bytes,
      failures: isSuccess ? 0 : 1,
      outcome: isSuccess ? 'success' : 'failure',
    },
  });
  return committed === 'lost' ? 'lost' : settled.run;
};
