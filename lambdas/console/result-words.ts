import { type Approval, isPending } from '../core/approval/approval.ts';
import { approvalsMissing } from '../core/approval/consent.ts';
import { counted } from './amounts.ts';
import type { Message } from './refusal-words.ts';

/** What a decision came to. The state is the stored one, so a form that was sent twice is answered twice alike. */
export const resultWords = (
  form: 'approve' | 'deny' | 'break_glass' | 'close_review',
  approval: Approval,
): Message => {
  if (form === 'deny') return DENIED;
  if (form === 'close_review') return REVIEWED;
  if (form === 'break_glass') return BROKEN_GLASS;
  return isPending(approval) ? waitingFor(approval) : APPROVED;
};

const DENIED: Message = {
  status: 200,
  title: 'Denied',
  what: 'Your denial is recorded. The request is over, and its agent is told.',
  next: 'There is nothing more to do.',
};

const REVIEWED: Message = {
  status: 200,
  title: 'Review closed',
  what: 'What you found is recorded.',
  next: 'There is nothing more to do.',
};

const BROKEN_GLASS: Message = {
  status: 200,
  title: 'Approved as an emergency',
  what: 'Your approval is recorded, it begins at once, and everybody concerned is told.',
  next: 'Somebody else has to review it. Tell them what happened.',
};

const APPROVED: Message = {
  status: 200,
  title: 'Approved',
  what: 'Your approval is recorded. It has all the approvals it needs, and begins.',
  next: 'There is nothing more to do. What was given can be revoked on the page of live grants.',
};

const waitingFor = (approval: Approval): Message => ({
  status: 200,
  title: 'Your approval is recorded',
  what: `It still needs ${counted(approvalsMissing(approval), 'more person', 'more people')}. Nothing has begun.`,
  next: 'There is nothing more for you to do.',
});
