import type { Approval } from '../approval/approval.ts';
import { isOneOf } from '../approval/consent.ts';
import { mayPerson } from '../approval/standing-consent.ts';
import type { PrincipalEntry } from '../config/issuer.ts';
import type { Policy } from '../policy/decide-access.ts';
import type { EpochMs } from '../time.ts';
import { findSlackPerson } from './find-slack-person.ts';

/**
 * Whether a message shows a button that approves: if policy lets at least one person use it who is known by an account in
 * Slack and is not left out of this decision. Whoever presses is asked about again; this only keeps a button from being
 * where it could do nothing.
 */
export const offersButton = (
  policy: Pick<Policy, 'askPerson'>,
  approval: Approval,
  { principals, at }: { readonly principals: readonly PrincipalEntry[]; readonly at: EpochMs },
): boolean =>
  principals.some(({ slack }) => {
    const entry = slack && findSlackPerson(slack, principals);
    if (!entry || isOneOf(approval.excluded, entry)) return false;
    const { issuer, subject, name, type, groups } = entry;
    const person = { issuer, subject, name, type, groups, entryGroups: groups };
    return mayPerson(policy, approval, { person, action: 'approve_by_button', at });
  });
