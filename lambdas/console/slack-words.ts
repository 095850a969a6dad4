import { type Approval, isPending } from '../core/approval/approval.ts';
import { approvalsMissing } from '../core/approval/consent.ts';
import type { DecisionRefusal } from '../core/approval/decision-refusal.ts';

/** What a person is told after a press. Our own words and numbers only: Slack reads markup in them. */
export const NOT_KNOWN =
  'Nothing was decided: no person here is known by your Slack account. Ask whoever keeps `principals.yaml` to add it.';
export const OUTSIDER = 'Nothing was decided: only members of this workspace decide.';
export const REPEATED = 'That press was heard before; nothing was done a second time.';

export const afterDecision = (approval: Approval, decision: 'approve' | 'deny'): string => {
  if (decision === 'deny') return 'You denied it.';
  if (!isPending(approval)) return 'You approved it.';
  const missing = approvalsMissing(approval);
  return `You approved it. ${missing} more ${missing === 1 ? 'person has' : 'people have'} to approve it.`;
};

export const afterRefusal = (code: DecisionRefusal['code']): string =>
  `Nothing was decided: ${REASONS[code]}`;

const REASONS: Readonly<Record<DecisionRefusal['code'], string>> = {
  not_found: 'there is no such request any more.',
  over: 'somebody has decided already, or it was withdrawn.',
  late: 'the time to decide is over.',
  changed: 'what is asked is no longer what you saw. Look at the page.',
  own_request: 'it was asked by you or on your behalf, so others have to decide.',
  not_allowed: 'policy does not let you decide this.',
  sign_in_again: 'sign in on the page to decide this.',
  not_a_person: 'only people decide.',
  reason_missing: 'this needs a reason. Give it on the page.',
  too_long: 'that is longer than it may be. Look at the page.',
  not_offered: 'this cannot be approved with a button. Decide on the page.',
};
