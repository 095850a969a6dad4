import type { Approval, Found } from '../core/approval/approval.ts';
import { isPending } from '../core/approval/approval.ts';
import { recordFound } from '../core/approval/approval-life.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { Grant } from '../core/grant/grant.ts';
import { isActiveNow } from '../core/grant/use-grant.ts';
import { RUN_ANSWER_MAX_BYTES, RUN_MAX_SECONDS } from '../core/limits.ts';
import { type ColumnPlan, planMasks } from '../core/masking/plan-masks.ts';
import type { PendingApprovalRun } from '../core/run/run.ts';
import { classify } from '../core/sql/classify.ts';
import { decideUntilCommitted } from './attempts.ts';
import type { ExecuteRunDeps } from './execute-run.ts';
import { findRunTarget } from './find-target.ts';
import type { Inspection } from './ports.ts';
import { record } from './record.ts';
import { readAsked } from './run-payload.ts';

/**
 * Has the target plan a run that waits for people, without executing it, and keeps what it says for them: how many rows,
 * and what will be masked. Advice only: it is asked again when the run is executed, and people can decide without it.
 */
export const inspectRun = async (
  deps: ExecuteRunDeps,
  runId: string,
  context: EventContext,
): Promise<void> => {
  const read = await deps.store.readRunForUse(runId);
  const { run, grant } = read;
  if (run?.state !== 'pending_approval' || !grant || !isActiveNow(read, deps.clock())) return;
  const said = await askTarget(deps, run, grant);
  if (!said) return;
  await decideUntilCommitted(() => keep(deps, { approvalId: run.approval, said }, context), deps.backoff);
};

/** Undefined where nobody can ask it: resource, statement or answer are not there. */
const askTarget = async (
  deps: ExecuteRunDeps,
  run: PendingApprovalRun,
  grant: Grant,
): Promise<Said | undefined> => {
  const resource = findRunTarget(deps.resources, grant);
  const asked = await readAsked(await deps.vaults.find(run.task), run);
  if (!asked || asked === 'exchanged' || typeof resource === 'string') return undefined;
  await deps.loadParser();
  const statement = classify(asked.sql);
  if (!statement.ok) return undefined;
  let found: Inspection | undefined;
  await deps.statements.execute({
    resource,
    grantId: run.grant,
    statement: statement.value,
    ...asked,
    limits: { maxRows: run.maxRows, maxBytes: RUN_ANSWER_MAX_BYTES, maxSeconds: RUN_MAX_SECONDS },
    async proceed(inspection) {
      found = inspection;
      return false;
    },
  });
  if (!found) return undefined;
  const { catalogue, fields, estimatedRows } = found;
  const { sensitive } = resource;
  const unmasked = new Set(run.unmasked);
  const plans = planMasks({ statement: statement.value, catalogue, fields, sensitive, unmasked });
  return saidOf(estimatedRows, plans.ok ? plans.value : []);
};

type Said = Omit<Found, 'at'>;

/** What the target says of one statement, in the words of an approval. */
export const saidOf = (estimatedRows: number | undefined, plans: readonly ColumnPlan[]): Said => ({
  estimatedRows: [estimatedRows === undefined ? null : Math.round(estimatedRows)],
  maskedColumns: plans.flatMap((plan) => (plan.kind === 'sensitive' ? [plan.category] : [])),
});

const keep = async (
  deps: ExecuteRunDeps,
  about: { readonly approvalId: string; readonly said: Said },
  context: EventContext,
): Promise<'kept' | 'lost'> => {
  const approval = await deps.store.readApproval(about.approvalId);
  if (!approval || !isPending(approval)) return 'kept';
  const at = deps.clock();
  const { state, entry } = record<Approval>(recordFound(approval, { at, ...about.said }), context, at);
  const outcome = await deps.store.commit({ approvals: [state], entries: [entry] });
  return outcome === 'lost' ? 'lost' : 'kept';
};
