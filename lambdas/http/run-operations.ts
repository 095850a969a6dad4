import { type CancelRunDeps, cancelRun } from '../app/cancel-run.ts';
import { awaitRun, type ReadRunDeps, type RunAnswer, runAsItIs } from '../app/read-run.ts';
import { type RequestRunDeps, requestRun } from '../app/request-run.ts';
import { POLL_RETRY_AFTER_SECONDS } from '../core/limits.ts';
import { ok } from '../core/result.ts';
import { isSettled } from '../core/run/run.ts';
import { noteOf } from './approval-view.ts';
import type { Handlers, Reply } from './operations.ts';
import { problemOf, problemOfRun, type RunProblem } from './problem.ts';
import { runView } from './run-view.ts';

export type RunDeps = RequestRunDeps & ReadRunDeps & CancelRunDeps & { readonly consoleUrl: string };

/** Statements that Latchkey executes itself: asked for here, executed by the workflow, answered when it is done. */
export const runHandlers = (deps: RunDeps): Handlers<'requestRun' | 'cancelRun'> => ({
  async cancelRun({ caller, path }) {
    const cancelled = await cancelRun(deps, caller, path.id);
    if (!cancelled.ok) return cancelled;
    const read = await runAsItIs(deps, cancelled.value.run);
    if (!read.ok) return read;
    return ok({ status: 200, body: runView(read.value, deps.consoleUrl), receipt: cancelled.value.receipt });
  },
  async requestRun(call) {
    const { caller, path, body, idempotencyKey, waitSeconds } = call;
    const { sql, maxRows, approvalSeconds, plan, reason } = body;
    const request = { sql, params: body.params.map(asText), maxRows, approvalSeconds, plan, reason };
    const asked = await requestRun(deps, caller, { grantId: path.id, request, idempotencyKey });
    if (!asked.ok) return asked;
    if (asked.value.kind === 'refused') {
      const { receipt } = asked.value;
      // By name: what the classifier says has a code of its own, which no problem is called by.
      const { part, reason } = asked.value.refusal;
      const problem = problemOf({ code: 'statement_refused', part, reason }, caller.requestId);
      return ok(problemReply(problem, receipt));
    }
    const read = await awaitRun(deps, caller, { run: asked.value.run, waitSeconds });
    return read.ok ? ok(runReply(read.value, caller.requestId, deps.consoleUrl)) : read;
  },
});

export const asText = (param: string | number | boolean | null): string | null =>
  param === null ? null : String(param);

/** `200` with the answer, `202` while it is on its way, `403` and `422` with the run in the problem. */
const runReply = (answer: RunAnswer, requestId: string, consoleUrl: string): Reply => {
  const { run, receipt } = answer;
  const body = runView(answer, consoleUrl);
  const Location = `/v1/runs/${run.id}`;
  const failure = failureOf(answer);
  if (failure)
    return { ...problemReply(problemOfRun(failure, body, requestId), receipt), headers: { Location } };
  if (run.state === 'succeeded') return { status: 200, body, headers: { Location }, receipt };
  return {
    status: 202,
    body,
    headers: { Location, 'Retry-After': String(POLL_RETRY_AFTER_SECONDS) },
    receipt,
  };
};

const failureOf = ({ run, result, approval }: RunAnswer): RunProblem | undefined => {
  if (run.state === 'denied')
    return run.denial === undefined
      ? { code: 'policy_denied', determinedBy: run.determinedBy }
      : { code: run.denial, note: approval && noteOf(approval) };
  if (!isSettled(run) || run.outcome.code === 'done') return undefined;
  return run.outcome.code === 'policy_denied'
    ? { code: 'policy_denied', determinedBy: run.determinedBy }
    : { code: 'run_failed', outcome: run.outcome.code, words: result?.words ?? undefined };
};

const problemReply = (problem: ReturnType<typeof problemOf>, receipt: RunAnswer['receipt']): Reply => ({
  status: problem.status,
  body: problem,
  contentType: 'application/problem+json',
  receipt,
});
