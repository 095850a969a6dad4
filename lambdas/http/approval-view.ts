import type * as z from 'zod';
import type { Approval } from '../core/approval/approval.ts';
import { isGranted } from '../core/approval/approval.ts';
import { approvalsGiven } from '../core/approval/consent.ts';
import { approvalLink } from '../core/notice/notice-facts.ts';
import { toIso } from '../core/time.ts';
import type { ApprovalView } from './field-schemas.ts';

type Wire = z.input<typeof ApprovalView>;

/** What waits for people, as far as it says so itself. */
interface Waiting {
  readonly state: string;
  readonly approval?: string | undefined;
  readonly quorum?: number;
  readonly approveBy?: number;
}

/** An approval as whoever asked for it sees it: what is waited for, what came of it, and what people said. */
export const approvalView = (
  consoleUrl: string,
  waiting: Waiting,
  approval: Approval | undefined,
): { approval?: Wire } => {
  const { approval: id, quorum, approveBy } = waiting;
  if (approval) return { approval: wholeApprovalView(consoleUrl, approval) };
  if (id === undefined || quorum === undefined || approveBy === undefined) return {};
  const url = approvalLink(consoleUrl, id);
  return { approval: { id, state: 'pending', quorum, approveBy: toIso(approveBy), url } };
};

export const wholeApprovalView = (consoleUrl: string, approval: Approval): Wire => {
  const note = noteOf(approval);
  return {
    id: approval.id,
    state: approval.state,
    quorum: approval.quorum,
    approvals: approvalsGiven(approval),
    approveBy: toIso(approval.asked.approveBy),
    url: approvalLink(consoleUrl, approval.id),
    digest: approval.digest,
    decidedBy: approval.votes.map(({ voter }) => voter.name),
    ...(note === undefined ? {} : { note }),
    ...(isGranted(approval)
      ? {
          granted: { action: approval.granted.action, durationSeconds: approval.granted.seconds },
          useBy: toIso(approval.useBy),
        }
      : {}),
  };
};

/** What the last person said who said something; a no before a yes. */
export const noteOf = ({ votes }: Approval): string | undefined => {
  const said = votes.filter(({ note }) => note !== undefined);
  return (said.find(({ decision }) => decision === 'deny') ?? said.at(-1))?.note;
};
