import type { Receipt } from '../core/audit/entry.ts';
import type { AccessDecision } from '../core/grant/open-grant.ts';
import { isContained, isTaskOpen } from '../core/grant/use-grant.ts';
import { isSameHolder, principalKey } from '../core/identity/principal.ts';
import { decideAccess } from '../core/policy/decide-access.ts';
import type { Result } from '../core/result.ts';
import { fail, ok } from '../core/result.ts';
import type { Caller } from './caller.ts';
import { findOffered } from './list-resources.ts';
import { recordAside } from './record-refusal.ts';
import type { AccessAsk, RequestDeps } from './request-access.ts';

/** What a request would be answered, without making anything but its line in the trail. */
export const previewAccess = async (
  deps: RequestDeps,
  caller: Caller,
  request: AccessAsk,
): Promise<Result<{ readonly decision: AccessDecision; readonly receipt: Receipt }>> => {
  const { principal } = caller;
  const read = await deps.store.readForRequest({
    taskId: request.task,
    principalKey: principalKey(principal),
    idempotencyKey: undefined,
  });
  if (!read.task || !isSameHolder(read.task.principal, principal)) return fail({ code: 'not_found' });
  if (!isTaskOpen(read.task, deps.clock())) return fail({ code: 'task_over' });
  const found = findOffered(deps, principal, request);
  if (!found.ok) return found;
  const { resource, action, profile } = found.value;
  const decision = decideAccess(deps.policy, {
    principal,
    resource,
    action,
    profile,
    durationSeconds: request.durationSeconds,
    isContained: isContained(read.containment, {
      principal,
      delegation: principal.delegation,
      task: request.task,
      resource: resource.id,
    }),
  });
  const receipt = await recordAside(deps, caller, {
    type: 'access.previewed',
    resource: resource.id,
    action,
    profile: profile ?? null,
    requestedSeconds: request.durationSeconds,
    effect: decision.effect === 'refuse' ? 'deny' : 'allow',
    quorum: decision.effect === 'allow' ? decision.quorum : 0,
    determinedBy: decision.determinedBy,
  });
  return ok({ decision, receipt });
};
