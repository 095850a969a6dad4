import type { PrincipalId } from '../identity/principal.ts';
import { REMINDERS_MAX_COUNT, SWEEP_GRACE_MS } from '../limits.ts';
import type { EpochMs } from '../time.ts';
import type { Approval, ClosedApproval, Found, GrantedApproval, PendingApproval } from './approval.ts';
import { isGranted } from './approval.ts';
import type { ApprovalChange } from './open-approval.ts';

/** One use of what was approved. A grant or a run uses it up; a plan counts the statement that ran. */
export const useApproval = (
  approval: GrantedApproval,
  use: { readonly by: string; readonly statement: number },
): ApprovalChange<GrantedApproval> => {
  const isPlan = approval.asked.subject.kind === 'plan';
  const uses = approval.uses.map((count, index) => (index === use.statement ? count + 1 : count));
  return {
    next: { ...approval, uses, state: isPlan ? 'approved' : 'consumed' },
    fact: {
      type: 'approval.used',
      approval: approval.id,
      digest: approval.digest,
      grantedHash: approval.grantedHash,
      by: use.by,
      statement: isPlan ? use.statement : null,
    },
  };
};

/** Ends what was neither used nor denied. A review that is open stays open. */
export const closeApproval = (
  approval: PendingApproval | GrantedApproval,
  end: { readonly state: 'lapsed' | 'cancelled' | 'superseded'; readonly cause: string },
  now: EpochMs,
): ApprovalChange<ClosedApproval> => ({
  next: {
    ...coreOf(approval),
    remindAt: undefined,
    state: end.state,
    closedAt: now,
    review: reviewOf(approval),
  },
  fact: { type: 'approval.closed', approval: approval.id, ...end },
});

/** Whether something can still come of it. */
export const isOpen = (approval: Approval): approval is PendingApproval | GrantedApproval =>
  approval.state === 'pending' || approval.state === 'approved';

export const reviewOf = (approval: Approval): GrantedApproval['review'] =>
  'review' in approval ? approval.review : undefined;

export const closeReview = <A extends GrantedApproval | ClosedApproval>(
  approval: A,
  by: PrincipalId,
  about: { readonly note: string; readonly at: EpochMs },
): ApprovalChange<A> => ({
  next: { ...approval, review: { state: 'closed', by, ...about } },
  fact: { type: 'approval.review_closed', approval: approval.id, note: about.note },
});

export const recordFound = (approval: PendingApproval, found: Found): ApprovalChange<PendingApproval> => ({
  next: { ...approval, found },
  fact: {
    type: 'approval.inspected',
    approval: approval.id,
    estimatedRows: found.estimatedRows,
    maskedColumns: found.maskedColumns,
  },
});

/** The next reminder comes after twice the time, and the last one is the last. */
export const remind = (approval: PendingApproval, now: EpochMs): ApprovalChange<PendingApproval> => {
  const reminders = approval.reminders + 1;
  const next = now + (now - approval.createdAt);
  const isLast = reminders >= REMINDERS_MAX_COUNT || next >= approval.asked.approveBy;
  return {
    next: { ...approval, reminders, remindAt: isLast ? undefined : next },
    fact: { type: 'approval.reminded', approval: approval.id, reminders },
  };
};

/**
 * When the sweeper must look at it, or undefined when nothing is owed. A grant or a run that waits is looked at itself; a
 * plan has nobody else, so it is looked at each time while it is open: nobody is asked under a grant that is over.
 */
export const approvalDueAt = (approval: Approval): EpochMs | undefined => {
  if (!isOpen(approval)) return undefined;
  if (approval.asked.subject.kind === 'plan') return approval.createdAt + SWEEP_GRACE_MS;
  return approval.state === 'pending' ? approval.remindAt : undefined;
};

const coreOf = (approval: PendingApproval | GrantedApproval) => {
  if (!isGranted(approval)) return approval;
  const { decidedAt, useBy, granted, grantedHash, uses, review, ...core } = approval;
  return core;
};
