import type { Approval } from '../core/approval/approval.ts';
import { hasVoted } from '../core/approval/consent.ts';
import { isExcluded, mayPerson } from '../core/approval/standing-consent.ts';
import type { DecideDeps } from './decide-approval.ts';
import type { Store } from './ports.ts';
import { personOf, type Visitor } from './visitor.ts';

export interface InboxDeps extends Pick<DecideDeps, 'policy' | 'principals' | 'clock'> {
  readonly store: Pick<Store, 'listApprovals'>;
}

export interface Inbox {
  readonly waiting: readonly Approval[];
  readonly reviews: readonly Approval[];
}

/** What waits for this person: requests that they may decide on and have not, and emergencies that they may review. */
export const listInbox = async (deps: InboxDeps, visitor: Visitor): Promise<Inbox> => {
  const person = personOf(visitor, deps.principals);
  if (!person) return { waiting: [], reviews: [] };
  const at = deps.clock();
  const [waiting, reviews] = await Promise.all([
    deps.store.listApprovals('waiting'),
    deps.store.listApprovals('review'),
  ]);
  const hasPart = (approval: Approval) =>
    isExcluded(approval, person, deps.principals) || hasVoted(approval, person);
  const may = (approval: Approval, ...actions: ('approve' | 'break_glass' | 'review')[]) =>
    actions.some((action) => mayPerson(deps.policy, approval, { person, action, at }));
  return {
    waiting: waiting.filter(
      (one) =>
        one.state === 'pending' &&
        at < one.asked.approveBy &&
        !hasPart(one) &&
        may(one, 'approve', 'break_glass'),
    ),
    reviews: reviews.filter((one) => !hasPart(one) && may(one, 'review')),
  };
};
