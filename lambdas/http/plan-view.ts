import type * as z from 'zod';
import type { Approval } from '../core/approval/approval.ts';
import { isGranted, isPending } from '../core/approval/approval.ts';
import { planOfApproval } from '../core/grant/ids.ts';
import { toIso } from '../core/time.ts';
import { wholeApprovalView } from './approval-view.ts';
import type { PlanView } from './run-schemas.ts';

/** A plan is its approval, seen from the side of whoever runs it. The statements are not repeated. */
export const planView = (approval: Approval, consoleUrl: string): z.input<typeof PlanView> => {
  const { asked, state } = approval;
  return {
    id: planOfApproval(approval.id),
    state: state === 'consumed' || state === 'superseded' ? 'cancelled' : state,
    grant: asked.grant,
    task: asked.task,
    resource: asked.resource,
    action: asked.action,
    reason: asked.reason,
    until: toIso(asked.planUntil ?? asked.approveBy),
    statements: asked.statements.map(({ mac: _, tables, ...statement }, index) => ({
      ...statement,
      tables: [...tables],
      ...(isGranted(approval) ? { used: approval.uses[index] ?? 0 } : isPending(approval) ? { used: 0 } : {}),
    })),
    approval: wholeApprovalView(consoleUrl, approval),
  };
};
