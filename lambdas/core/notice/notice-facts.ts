import { type Approval, isGranted } from '../approval/approval.ts';
import type { Resource } from '../config/resource.ts';

/** All that people are told of one approval, wherever they are told it. */
export interface NoticeFacts {
  readonly approval: Approval;
  /** As the agent called it. */
  readonly taskName: string;
  readonly resource: Pick<Resource, 'id' | 'description' | 'env'> & {
    readonly account: string;
    readonly region: string;
    /** What is reached there. */
    readonly reach: string;
  };
  /** The address of the page. It authorises nothing. */
  readonly link: string;
  /** Whether policy lets a button approve this; a button that denies is always there. */
  readonly buttons: { readonly approve: boolean };
}

/** What a notice is about. Whoever went ahead alone is told apart from what people approved. */
export type NoticeStage =
  | 'pending'
  | 'reminder'
  | 'approved'
  | 'broken_glass'
  | 'denied'
  | 'lapsed'
  | 'cancelled'
  | 'superseded';

export const noticeStage = (approval: Approval): NoticeStage => {
  if (approval.state === 'pending') return approval.reminders > 0 ? 'reminder' : 'pending';
  if (!isGranted(approval)) return approval.state;
  return approval.votes.some(({ way }) => way === 'break_glass') ? 'broken_glass' : 'approved';
};

/** `link` of an approval under the console's public address, which has no slash at its end. */
export const approvalLink = (consoleUrl: string, approvalId: string): string =>
  `${consoleUrl}/console/approvals/${approvalId}`;
