import type { Grant } from '../grant/grant.ts';
import { isSameHolder } from '../identity/principal.ts';
import type { EpochMs } from '../time.ts';
import type {
  Approval,
  Asked,
  ClosedApproval,
  GrantedApproval,
  PendingApproval,
  Subject,
} from './approval.ts';
import { digestOf, grantedHashOf } from './digest.ts';

/** What has become of asking people, for whoever waits for it. */
export type Outcome =
  | { readonly kind: 'waiting'; readonly approval: PendingApproval }
  | { readonly kind: 'granted'; readonly approval: GrantedApproval }
  | { readonly kind: 'denied'; readonly approval: ClosedApproval }
  /** Nobody decided in time, or what was decided was not used in time. */
  | { readonly kind: 'late'; readonly approval: PendingApproval | GrantedApproval }
  | { readonly kind: 'closed'; readonly approval: Approval }
  /** What is stored is not what people saw, or is not there: nothing comes of it, and somebody must hear of it. */
  | { readonly kind: 'mismatch' };

export const outcomeOf = (approval: Approval | undefined, now: EpochMs): Outcome => {
  if (!approval || !isWhole(approval)) return { kind: 'mismatch' };
  switch (approval.state) {
    case 'pending':
      return { kind: now >= approval.asked.approveBy ? 'late' : 'waiting', approval };
    case 'approved':
      return { kind: now >= approval.useBy ? 'late' : 'granted', approval };
    case 'denied':
      return { kind: 'denied', approval };
    default:
      return { kind: 'closed', approval };
  }
};

/** Both hashes are made again from what is stored. */
export const isWhole = (approval: Approval): boolean =>
  approval.asked.approval === approval.id &&
  digestOf(approval.asked) === approval.digest &&
  (!('granted' in approval) || grantedHashOf(approval.digest, approval.granted) === approval.grantedHash);

/** Whether consent was to this request of this caller, and no other. */
export const isBoundTo = (
  asked: Asked,
  grant: Pick<Grant, 'id' | 'task' | 'principal' | 'resource'>,
  subject: Subject,
): boolean =>
  asked.subject.kind === subject.kind &&
  asked.subject.id === subject.id &&
  asked.grant === grant.id &&
  asked.task === grant.task &&
  asked.resource === grant.resource &&
  isSameHolder(asked.requester, grant.principal);
