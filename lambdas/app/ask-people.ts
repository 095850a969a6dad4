import type { Approval, Asked, GrantedApproval } from '../core/approval/approval.ts';
import { closeApproval, isOpen } from '../core/approval/approval-life.ts';
import { askedAgain } from '../core/approval/asked.ts';
import { resourceDigestOf } from '../core/approval/digest.ts';
import { type ApprovalRequest, openApproval } from '../core/approval/open-approval.ts';
import type { EventContext } from '../core/audit/event.ts';
import type { Resource } from '../core/config/resource.ts';
import type { DeterminingPolicy } from '../core/failure.ts';
import { APPROVAL_RANDOM_BYTES, approvalId } from '../core/grant/ids.ts';
import type { EpochMs } from '../core/time.ts';
import type { RandomBytes } from './ports.ts';
import { type Recorded, record } from './record.ts';

export const newApprovalId = (random: RandomBytes, task: string): string =>
  approvalId(task, random(APPROVAL_RANDOM_BYTES));

/** A new approval with its books kept, to be committed together with what waits for it. */
export const askPeople = (
  about: Omit<ApprovalRequest, 'policyDigest' | 'remindAfterSeconds'> & { readonly resource: Resource },
  context: EventContext,
  now: EpochMs,
): Recorded<Approval> => {
  const { resource, ...asking } = about;
  const { policyDigest } = context;
  const remindAfterSeconds = resource.approvals?.remindAfterSeconds;
  return record<Approval>(openApproval({ ...asking, policyDigest, remindAfterSeconds }, now), context, now);
};

/** The old approval, closed, and one that asks the same again under the policy and resource of now. */
export const askAgain = (
  approval: GrantedApproval,
  about: {
    readonly id: string;
    readonly resource: Resource;
    readonly quorum: number;
    readonly askedBy: readonly DeterminingPolicy[];
    readonly determinedBy: readonly DeterminingPolicy[];
  },
  { context, now }: { readonly context: EventContext; readonly now: EpochMs },
): { readonly recorded: readonly Recorded<Approval>[]; readonly asked: Asked } => {
  const asked = askedAgain(approval.asked, {
    approval: about.id,
    approveBy: now + (approval.asked.approveBy - approval.createdAt),
    resourceDigest: resourceDigestOf(about.resource),
    determinedBy: about.determinedBy.map(({ id }) => id),
  });
  const { quorum, askedBy, resource } = about;
  const { excluded, found, id: supersedes } = approval;
  const again = askPeople({ asked, excluded, quorum, askedBy, resource, supersedes, found }, context, now);
  const closed = isOpen(approval)
    ? [record<Approval>(closeApproval(approval, { state: 'superseded', cause: about.id }, now), context, now)]
    : [];
  return { recorded: [again, ...closed], asked };
};
