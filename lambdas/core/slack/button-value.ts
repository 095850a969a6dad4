import { APPROVAL_ID_PATTERN } from '../grant/ids.ts';

/** Names of our buttons. `review` opens the page; Slack tells us of that press too, and nothing follows from it. */
export const SLACK_ACTIONS = {
  review: 'latchkey.review',
  approve: 'latchkey.approve',
  deny: 'latchkey.deny',
} as const;

/** What a person saw and pressed on: which approval, and the whole digest (64 hex digits) of what was asked then. */
export interface ButtonValue {
  readonly approvalId: string;
  readonly digest: string;
}

export const buttonValue = ({ approvalId, digest }: ButtonValue): string => `${approvalId}.${digest}`;

/** Undefined for whatever `buttonValue` cannot have made. */
export const readButtonValue = (value: string): ButtonValue | undefined => {
  const [approvalId = '', digest = '', ...more] = value.split('.');
  const isOurs = more.length === 0 && APPROVAL_ID_PATTERN.test(approvalId) && /^[0-9a-f]{64}$/.test(digest);
  return isOurs ? { approvalId, digest } : undefined;
};
