import { type EndPlanDeps, endOwnPlan } from '../app/own-plan.ts';
import { type RequestPlanDeps, requestPlan } from '../app/request-plan.ts';
import { POLL_RETRY_AFTER_SECONDS } from '../core/limits.ts';
import { ok } from '../core/result.ts';
import type { Handlers } from './operations.ts';
import { planView } from './plan-view.ts';
import { asText } from './run-operations.ts';

export type PlanDeps = RequestPlanDeps & EndPlanDeps & { readonly consoleUrl: string };

/** Several statements that people look at together. */
export const planHandlers = (deps: PlanDeps): Handlers<'requestPlan' | 'endPlan'> => ({
  async requestPlan({ caller, body, idempotencyKey }) {
    const { grant: grantId, statements, reason, durationSeconds, approvalSeconds } = body;
    const asked = statements.map(({ sql, params, maxRows, times }) => {
      return { sql, params: params.map(asText), maxRows, times };
    });
    const request = { grantId, reason, statements: asked, durationSeconds, approvalSeconds };
    const made = await requestPlan(deps, caller, { request, idempotencyKey });
    if (!made.ok) return made;
    const view = planView(made.value.approval, deps.consoleUrl);
    return ok({
      status: 202,
      body: view,
      headers: { Location: `/v1/plans/${view.id}`, 'Retry-After': String(POLL_RETRY_AFTER_SECONDS) },
      receipt: made.value.receipt,
    });
  },
  async endPlan({ caller, path }) {
    const ended = await endOwnPlan(deps, caller, path.id);
    if (!ended.ok) return ended;
    const { approval, receipt } = ended.value;
    return ok({ status: 200, body: planView(approval, deps.consoleUrl), receipt });
  },
});
